// SPDX-License-Identifier: Apache-2.0

package import VaultModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// On the wire a time is RFC 3339 in UTC with milliseconds, such as `2026-01-31T09:30:00.000Z`.
extension Timestamp: Codable {
    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let time = Timestamp(rfc3339: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a time of RFC 3339")
        }
        self = time
    }

    /// Reads RFC 3339 with or without fractional seconds.
    package init?(rfc3339 text: String) {
        let styles = [Self.style, Date.ISO8601FormatStyle()]
        for style in styles {
            guard let date = try? style.parse(text) else { continue }
            let milliseconds = (date.timeIntervalSince1970 * 1000).rounded()
            // Years 0001 to 9999, what RFC 3339 can write.
            guard (-62_135_596_800_000...253_402_300_799_999).contains(milliseconds) else { return nil }
            self.init(milliseconds: Int64(milliseconds))
            return
        }
        return nil
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rfc3339)
    }

    package var rfc3339: String {
        // The style cuts off what is below a millisecond, and most milliseconds have no exact form in a `Double`: half of
        // one more never carries into the next.
        Date(timeIntervalSince1970: (Double(milliseconds) + 0.5) / 1000).formatted(Self.style)
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The inputs and expected outputs in `Tests/Vectors/seal`.
enum Vectors {
    static func load<Content: Decodable>(_ name: String, as _: Content.Type = Content.self) throws -> Content {
        let file = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Vectors/seal/\(name).json")
        return try JSONDecoder().decode(Content.self, from: Data(contentsOf: file))
    }
}

/// Bytes that stand in a vector file as hexadecimal digits.
struct HexadecimalBytes: Decodable, Sendable {
    let bytes: [UInt8]

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let bytes = [UInt8](hexadecimal: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not hexadecimal")
        }
        self.bytes = bytes
    }
}

extension [UInt8] {
    init?(hexadecimal text: String) {
        let digits = text.map(\.hexDigitValue)
        guard digits.count.isMultiple(of: 2), !digits.contains(nil) else { return nil }
        self = stride(from: 0, to: digits.count, by: 2).map { UInt8((digits[$0] ?? 0) << 4 | (digits[$0 + 1] ?? 0)) }
    }
}

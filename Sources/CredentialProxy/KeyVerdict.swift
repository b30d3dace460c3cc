// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import HTTPTypes
internal import NIOCore
internal import ProviderCatalog
internal import VaultModel

/// What an answer says of the key that it was asked with.
enum KeyVerdict: Equatable, Sendable {
    case good
    /// For as long, where the provider says so (RFC 9110 §10.2.3).
    case refused(wait: Duration?)
    /// The answer is about something else, such as a request that cannot be understood.
    case unknown

    /// `beginning` are the first bytes of the body; they are looked at where the provider says in them what others say
    /// with a status.
    init(status: Int, fields: HTTPFields, beginning: String, provider: Provider?, at now: Date = Date()) {
        let isRefused =
            switch status {
            case 401, 402, 403, 429: true
            default: provider?.refusals.contains { $0.status == status && beginning.contains($0.mark) } ?? false
            }
        if isRefused {
            self = .refused(wait: fields[.retryAfter].flatMap { Self.wait($0, at: now) })
        } else {
            self = (200..<400).contains(status) ? .good : .unknown
        }
    }

    /// Seconds, or a date.
    private static func wait(_ text: String, at now: Date) -> Duration? {
        if let seconds = Int64(text) { return seconds < 0 ? nil : .seconds(min(seconds, 1 << 32)) }
        // RFC 9110 §5.6.7; the obsolete forms are nothing that a provider sends.
        let reader = DateFormatter()
        reader.locale = Locale(identifier: "en_US_POSIX")
        reader.timeZone = TimeZone(secondsFromGMT: 0)
        reader.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        guard let date = reader.date(from: text) else { return nil }
        return .seconds(max(0, date.timeIntervalSince(now)))
    }
}

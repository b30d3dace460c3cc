// SPDX-License-Identifier: Apache-2.0

internal import VaultCore

extension VaultSettings {
    /// Reads the settings as a configuration writes them; what is nil keeps its default.
    init(auditRetention: String?, reminders: String?) throws(ServeError) {
        self.init()
        if let auditRetention, auditRetention != "off" {
            guard let time = Self.duration(auditRetention), time >= .seconds(86_400) else {
                throw .configuration(
                    "how long the audit trail is kept is not a time of at least a day",
                    hint: "write audit.retention like 365d, or off to keep it for good"
                )
            }
            self.auditRetention = time
        }
        if let reminders {
            let texts = reminders == "off" ? [] : reminders.split(separator: ",")
            let times = texts.compactMap { Self.duration($0.drop { $0 == " " }) }
            guard times.count == texts.count, times.count <= 8 else {
                throw .configuration(
                    "the times of reminders cannot be read",
                    hint: "write expiry.reminders like 7d,24h, at most eight of them, or off"
                )
            }
            self.reminders = times.sorted(by: >)
        }
    }

    /// A length of time: `90m`, `24h`, `7d` or `2w`.
    private static func duration(_ text: some StringProtocol) -> Duration? {
        let units: [Character: Int64] = ["m": 60, "h": 3_600, "d": 86_400, "w": 604_800]
        guard let last = text.last, let unit = units[last], let count = Int64(text.dropLast()),
            (1...52_560_000).contains(count)
        else { return nil }
        return .seconds(count * unit)
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import VaultModel

extension Timestamp {
    /// The time in the zone of this machine (`TZ`, tzset(3)), such as `2026-01-31 10:30:00`.
    package var local: String { formatted("%Y-%m-%d %H:%M:%S") }

    /// The same with the distance from UTC, for where a time stands alone.
    package var localWithZone: String { formatted("%Y-%m-%d %H:%M:%S %z") }

    private func formatted(_ format: String) -> String {
        var seconds = time_t((Double(milliseconds) / 1000).rounded(.down))
        var parts = tm()
        guard localtime_r(&seconds, &parts) != nil else { return "\(milliseconds) ms" }
        var buffer = [CChar](repeating: 0, count: 64)
        let count = strftime(&buffer, buffer.count, format, &parts)
        return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

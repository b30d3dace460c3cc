// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization

/// The `Date` of answers (RFC 9110 §6.6.1), written once a second.
final class DateField: Sendable {
    private let last = Mutex<(second: time_t, text: String)>((0, ""))

    var now: String {
        let second = time(nil)
        return last.withLock { last in
            if last.second != second { last = (second, Self.text(of: second)) }
            return last.text
        }
    }

    private static func text(of second: time_t) -> String {
        var second = second
        var parts = tm()
        gmtime_r(&second, &parts)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            guard let start = text.baseAddress else { return "" }
            // The names of days and months are English: the program never takes the environment's locale.
            strftime(start, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
            return String(cString: start)
        }
    }
}

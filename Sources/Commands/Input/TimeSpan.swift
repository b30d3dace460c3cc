// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import ArgumentParser
package import VaultModel

/// A length of time as it is written on a command line: `90s`, `15m`, `1h`, `30d` or `2w`.
package struct TimeSpan: ExpressibleByArgument, Equatable, Sendable {
    package let seconds: Int64

    package init?(argument text: String) {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
        guard let last = text.last, let unit = units[last], text.first?.isNumber == true,
            let count = Int64(text.dropLast())
        else { return nil }
        let (seconds, overflow) = count.multipliedReportingOverflow(by: unit)
        // A hundred years: more is a slip, and time would overflow later.
        guard !overflow, seconds <= 3_153_600_000 else { return nil }
        self.seconds = seconds
    }
}

/// A point in time as it is written on a command line: RFC 3339, or a span from now.
package enum Moment: ExpressibleByArgument, Equatable, Sendable {
    case at(Timestamp)
    case after(TimeSpan)

    package init?(argument text: String) {
        if let span = TimeSpan(argument: text) {
            self = .after(span)
        } else if let time = Timestamp(rfc3339: text) {
            self = .at(time)
        } else {
            return nil
        }
    }

    /// The time that is meant where the past is asked about: `7d` is seven days ago.
    package func time(before now: Timestamp) -> Timestamp {
        switch self {
        case .at(let time): time
        case .after(let span): now + .seconds(-span.seconds)
        }
    }

    package func time(now: Timestamp) -> Timestamp {
        switch self {
        case .at(let time): time
        case .after(let span): now + .seconds(span.seconds)
        }
    }
}

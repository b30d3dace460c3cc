// SPDX-License-Identifier: Apache-2.0

/// A month of the Gregorian calendar in UTC.
package struct CalendarMonth: Hashable, Sendable {
    /// Months since January of year 0.
    package let number: Int64

    package init(number: Int64) {
        self.number = number
    }

    package init(of time: Timestamp) {
        let days = Self.floored(time.milliseconds, by: 86_400_000)
        // Counted from the first of March of year 0 in cycles of 400 years, so that a leap day ends a year.
        let shifted = days + 719_468
        let cycle = Self.floored(shifted, by: 146_097)
        let day = shifted - cycle * 146_097
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * year + year / 4 - year / 100)
        number = (cycle * 400 + year) * 12 + (5 * dayOfYear + 2) / 153 + 2
    }

    /// When the next one begins.
    package var end: Timestamp { CalendarMonth(number: number + 1).start }

    package var start: Timestamp {
        let shifted = number - 2
        let marchYear = Self.floored(shifted, by: 12)
        let month = shifted - marchYear * 12
        let cycle = Self.floored(marchYear, by: 400)
        let year = marchYear - cycle * 400
        let days = cycle * 146_097 + year * 365 + year / 4 - year / 100 + (153 * month + 2) / 5 - 719_468
        return Timestamp(milliseconds: days * 86_400_000)
    }

    private static func floored(_ number: Int64, by divisor: Int64) -> Int64 {
        number >= 0 ? number / divisor : (number - divisor + 1) / divisor
    }
}

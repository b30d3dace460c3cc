// SPDX-License-Identifier: Apache-2.0

import APITypes
import Testing
import VaultModel

struct TimestampTests {
    @Test func everyMillisecondIsReadBackAsItWasWritten() {
        let start: Int64 = 1_767_225_600_000
        let changed = (start..<(start + 2_000)).filter { milliseconds in
            let time = Timestamp(milliseconds: milliseconds)
            return Timestamp(rfc3339: time.rfc3339) != time
        }
        #expect(changed == [])
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (1_767_225_600_001, "2026-01-01T00:00:00.001Z"),
        (-1, "1969-12-31T23:59:59.999Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ])
    func aTimeIsWrittenWithItsMilliseconds(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Tells the time of day.
///
/// Comes in through initialisers so that a test can hold or move it.
package protocol WallClock: Sendable {
    var now: Timestamp { get }
}

/// The machine's clock.
package struct SystemWallClock: WallClock {
    package init() {}

    package var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

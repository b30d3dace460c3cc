// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
package import VaultModel

/// A clock that stands still until a test moves it.
package final class ManualClock: WallClock {
    private let time: Mutex<Timestamp>

    /// Starts on 2026-01-01T00:00:00Z.
    package init(_ start: Timestamp = Timestamp(milliseconds: 1_767_225_600_000)) {
        time = Mutex(start)
    }

    package var now: Timestamp { time.withLock { $0 } }

    package func advance(by duration: Duration) {
        time.withLock { $0 = $0 + duration }
    }
}

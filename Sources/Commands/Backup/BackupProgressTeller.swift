// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Tells people how far a long act on a backup is, at most twice a second.
final class BackupProgressTeller: Sendable {
    private let isQuiet: Bool
    private let last = Mutex<ContinuousClock.Instant?>(nil)

    init(isQuiet: Bool) {
        self.isQuiet = isQuiet
    }

    func tell(_ phase: String, _ done: Int64, of total: Int64) {
        let isDue = last.withLock { last in
            guard last.map({ ContinuousClock.now - $0 >= .milliseconds(500) }) ?? true else { return false }
            last = .now
            return true
        }
        guard isDue, !isQuiet else { return }
        let part = total > 0 ? "\(100 * done / total) %" : String(done)
        StandardStream.error.tell("attache: \(phase): \(part)\n")
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A write that waits for its turn, with its caller.
struct PendingWrite: Sendable {
    /// Runs the closure and says how it went; the caller is told later, of the last time that it ran.
    let run: @Sendable (SQLiteConnection) -> Outcome
    /// Tells the caller that the write will not happen.
    let refuse: @Sendable (StorageFailure) -> Void

    /// Whether its COMMIT waits for the disk.
    let isSynchronous: Bool

    /// What a closure did inside its savepoint.
    struct Outcome: Sendable {
        /// False when the closure threw: what it did is undone.
        let isKept: Bool
        /// Tells the caller what the closure returned or threw; called after COMMIT only.
        let tell: @Sendable () -> Void
        let refuse: @Sendable (StorageFailure) -> Void
    }

    init<R: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> R,
        isSynchronous: Bool,
        for continuation: CheckedContinuation<R, any Error>
    ) {
        let refuse: @Sendable (StorageFailure) -> Void = { continuation.resume(throwing: $0) }
        self.refuse = refuse
        self.isSynchronous = isSynchronous
        run = { connection in
            let result = Result { try connection.lend(to: body) }
            let isKept =
                switch result {
                case .success: true
                case .failure: false
                }
            return Outcome(isKept: isKept, tell: { continuation.resume(with: result) }, refuse: refuse)
        }
    }
}

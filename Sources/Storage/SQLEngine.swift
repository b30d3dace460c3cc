// SPDX-License-Identifier: Apache-2.0

/// A database that runs closures in transactions.
///
/// Cancelling the task that called has no effect on what it asked for: a write is carried to its end, so that nobody
/// has to guess whether it happened.
package protocol SQLEngine: Sendable {
    /// Runs `body` in a transaction of its own and returns after COMMIT has reached the disk.
    ///
    /// An error that `body` throws undoes what `body` did and nothing else, and is thrown on unchanged; when the COMMIT
    /// itself fails, a ``StorageFailure`` is thrown and nothing that `body` did is there. `body` may be run again when
    /// its transaction was undone through no fault of its own, so it has no effect but through its connection.
    func write<R: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> R) async throws -> R

    /// Does what ``write(_:)`` does, and returns after COMMIT without waiting for the disk.
    ///
    /// What it wrote survives the end of the process. A power failure may cost it until a later ``write(_:)`` or
    /// ``synchronize()`` has returned.
    func append<R: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> R) async throws -> R

    /// Returns when what every ``append(_:)`` returned for is on the disk.
    func synchronize() async throws

    /// Grows with each ``write(_:)`` that is kept, before its caller is told, and with nothing else.
    ///
    /// Equal values mean that what was read after the first look is what there is at the second one, as far as this
    /// program goes.
    var writes: UInt64 { get }

    /// Grows with each write that is kept and changes a row of a token, before its caller is told, and with nothing else.
    ///
    /// A row that was read after the first look is unchanged as long as the value is, as far as this program goes.
    var tokenChanges: UInt64 { get }

    /// Runs `body` on a snapshot: it sees every write that had returned, and none that begins later.
    func read<R: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> R) async throws -> R

    /// Removes what was erased from wherever the engine may still keep it, such as the write-ahead log.
    ///
    /// Fails with ``StorageFailure/busy`` while a reader needs the log; the erased bytes then go with the next one.
    func checkpoint() async throws(StorageFailure)

    /// What is wrong with the database as the engine sees it, in one sentence each: its pages, indexes and references.
    ///
    /// Reads all of it. A read that fails is thrown.
    func structureProblems() async throws -> [String]

    /// Writes a copy of the database, as it is at one moment, to a new file at `path` with mode 0600; writes go on.
    ///
    /// `progress` is told the parts done and all parts now and then. What was written so far is left when it fails.
    func copy(to path: String, progress: @escaping @Sendable (Int64, Int64) -> Void) async throws(StorageFailure)

    /// Finishes what was asked before, then closes; later calls throw ``StorageFailure/unavailable``.
    func close() async throws(StorageFailure)
}

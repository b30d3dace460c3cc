// SPDX-License-Identifier: Apache-2.0

/// The statements of one transaction; used only inside the closure that lent it, on the engine's own thread.
///
/// Statements are written in the subset that SQLite and PostgreSQL share, with parameters `$1`, `$2` … that first
/// appear in that order. Once a statement has failed, so does every later one, and the transaction is not kept even if
/// its closure returns. After the closure has returned every call throws ``StorageFailure/unavailable``.
package protocol SQLConnection {
    /// The type of a column of bytes, which the two engines do not share: `BLOB` or `BYTEA`.
    var blobType: String { get }

    /// Runs a statement and returns how many rows it changed.
    @discardableResult
    func execute(_ sql: String, _ parameters: [SQLValue]) throws(StorageFailure) -> Int

    /// Runs a statement `count` times, with the parameters of each time, and returns how many rows it changed.
    @discardableResult
    func execute(_ sql: String, times count: Int, _ parameters: (Int) -> [SQLValue]) throws(StorageFailure) -> Int

    /// Runs a query and returns all of its rows; whoever writes the query bounds them.
    func query(_ sql: String, _ parameters: [SQLValue]) throws(StorageFailure) -> [SQLRow]

    /// What other programs had done to the database when this transaction began; nil when the engine cannot tell.
    ///
    /// Equal answers in two transactions that write mean that nobody but this engine wrote in between.
    func foreignChanges() throws(StorageFailure) -> ForeignChanges?

    /// What this transaction has changed so far, beside what its engine remembers.
    var changes: TransactionChanges { get }
}

/// How much other programs had changed a database, comparable only with another such count of the same engine.
package struct ForeignChanges: Equatable, Sendable {
    let count: Int64
}

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

    /// Runs a query and returns all of its rows; whoever writes the query bounds them.
    func query(_ sql: String, _ parameters: [SQLValue]) throws(StorageFailure) -> [SQLRow]
}

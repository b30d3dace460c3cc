// SPDX-License-Identifier: Apache-2.0

internal import GRDB
internal import GRDBSQLite

/// The statements of one SQLite transaction, on the thread that runs it.
///
/// Compiled statements are GRDB's, which caches them for each of its connections; they are stepped through SQLite's own
/// interface, so that a value is copied once.
final class SQLiteConnection: SQLConnection {
    let changes: TransactionChanges
    private let source: Source
    /// Why a statement failed, if one did: then every later one fails too, and the transaction is not kept.
    ///
    /// PostgreSQL behaves so. SQLite may have rolled the whole transaction back (sqlite.org/lang_transaction.html §3.1);
    /// what a closure that swallows the error does next would be a transaction of its own.
    private(set) var failure: StorageFailure?
    private var isLent = true

    private enum Source {
        case pool(Database)
        case handle(OpaquePointer)
    }

    /// The caller is inside a transaction of `database`.
    init(_ database: Database, changing changes: TransactionChanges = TransactionChanges()) {
        source = .pool(database)
        self.changes = changes
    }

    /// For a connection that only reads, and never twice the same: nothing is cached.
    init(_ handle: OpaquePointer) {
        source = .handle(handle)
        changes = TransactionChanges()
    }

    var blobType: String { "BLOB" }

    /// Runs `body`, after which the connection is of no use to it; throws when a statement failed, even if `body` did not.
    func lend<R>(to body: (any SQLConnection) throws -> R) throws -> R {
        defer { isLent = false }
        let result = try body(self)
        if let failure { throw failure }
        return result
    }

    @discardableResult
    func execute(_ sql: String, _ parameters: [SQLValue]) throws(StorageFailure) -> Int {
        try withStatement(sql, parameters) { statement throws(StorageFailure) in
            let handle = sqlite3_db_handle(statement)
            let before = sqlite3_total_changes(handle)
            while try step(statement) {}
            return Int(sqlite3_total_changes(handle) - before)
        }
    }

    @discardableResult
    func execute(_ sql: String, times count: Int, _ parameters: (Int) -> [SQLValue]) throws(StorageFailure) -> Int {
        guard count > 0 else { return 0 }
        var bound = parameters(0)
        return try withStatement(sql, bound) { statement throws(StorageFailure) in
            let handle = sqlite3_db_handle(statement)
            let before = sqlite3_total_changes(handle)
            while try step(statement) {}
            for time in 1..<count {
                // Leaves what is bound as it is (sqlite.org/c3ref/reset.html).
                sqlite3_reset(statement)
                let next = parameters(time)
                try bind(next, to: statement, over: bound)
                bound = next
                while try step(statement) {}
            }
            return Int(sqlite3_total_changes(handle) - before)
        }
    }

    func query(_ sql: String, _ parameters: [SQLValue]) throws(StorageFailure) -> [SQLRow] {
        try withStatement(sql, parameters) { statement throws(StorageFailure) in
            let columns = sqlite3_column_count(statement)
            var rows: [SQLRow] = []
            while try step(statement) {
                var values: [SQLValue] = []
                values.reserveCapacity(Int(columns))
                for column in 0..<columns { values.append(try value(of: statement, column)) }
                rows.append(SQLRow(values))
            }
            return rows
        }
    }

    /// Counts the commits of other connections (sqlite.org/pragma.html#pragma_data_version); only one of the engine's
    /// connections writes.
    func foreignChanges() throws(StorageFailure) -> ForeignChanges? {
        if let group = changes.group { return group.foreignChanges }
        guard let row = try query("PRAGMA data_version", []).first else { return nil }
        return ForeignChanges(count: try row.integer(0))
    }

    private func withStatement<R>(
        _ sql: String,
        _ parameters: [SQLValue],
        _ body: (OpaquePointer) throws(StorageFailure) -> R
    ) throws(StorageFailure) -> R {
        guard isLent else { throw .unavailable }
        if let failure { throw failure }
        changes.group?.remembered.prepare(for: sql)
        switch source {
        case .pool(let database):
            let statement: Statement
            do { statement = try database.cachedStatement(sql: sql) } catch { throw fail(StorageFailure(error)) }
            defer {
                sqlite3_reset(statement.sqliteStatement)
                sqlite3_clear_bindings(statement.sqliteStatement)
            }
            try bind(parameters, to: statement.sqliteStatement)
            return try body(statement.sqliteStatement)
        case .handle(let handle):
            var statement: OpaquePointer?
            let code = sqlite3_prepare_v2(handle, sql, -1, &statement, nil)
            guard code == SQLITE_OK, let statement else { throw StorageFailure(sqliteCode: code) }
            defer { sqlite3_finalize(statement) }
            try bind(parameters, to: statement)
            return try body(statement)
        }
    }

    /// Moves to the next row; false when there is none.
    private func step(_ statement: OpaquePointer) throws(StorageFailure) -> Bool {
        let code = sqlite3_step(statement)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw fail(StorageFailure(sqliteCode: code))
        }
    }

    private func fail(_ failure: StorageFailure) -> StorageFailure {
        self.failure = failure
        return failure
    }

    /// Binds the parameters; where `bound` are those that the statement has, only the others.
    private func bind(
        _ parameters: [SQLValue],
        to statement: OpaquePointer,
        over bound: [SQLValue]? = nil
    ) throws(StorageFailure) {
        guard parameters.count == sqlite3_bind_parameter_count(statement),
            bound?.count ?? parameters.count == parameters.count
        else { throw fail(.unavailable) }
        for (place, parameter) in parameters.enumerated() {
            if let bound, parameter.isSameScalar(as: bound[place]) { continue }
            let index = Int32(place + 1)
            let code =
                switch parameter {
                case .null: sqlite3_bind_null(statement, index)
                case .integer(let integer): sqlite3_bind_int64(statement, index, integer)
                case .text(let text):
                    sqlite3_bind_text64(
                        statement,
                        index,
                        text,
                        UInt64(text.utf8.count),
                        Self.copied,
                        UInt8(SQLITE_UTF8)
                    )
                // No bytes have no address, and SQLite takes a value without one for NULL.
                case .blob(let bytes) where bytes.isEmpty: sqlite3_bind_zeroblob(statement, index, 0)
                case .blob(let bytes):
                    sqlite3_bind_blob64(statement, index, bytes, UInt64(bytes.count), Self.copied)
                }
            guard code == SQLITE_OK else { throw fail(StorageFailure(sqliteCode: code)) }
        }
    }

    private func value(of statement: OpaquePointer, _ column: Int32) throws(StorageFailure) -> SQLValue {
        switch sqlite3_column_type(statement, column) {
        case SQLITE_NULL: return .null
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, column))
        case SQLITE_TEXT:
            let start = sqlite3_column_text(statement, column)
            let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column)))
            return .text(String(decoding: bytes, as: UTF8.self))
        case SQLITE_BLOB:
            let start = sqlite3_column_blob(statement, column)
            let bytes = UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column)))
            return .blob([UInt8](bytes))
        // No column of the schema holds a floating-point number.
        default: throw .corrupt
        }
    }

    /// `SQLITE_TRANSIENT`, a macro that Swift does not see: SQLite copies the value before the call returns.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
}

// SPDX-License-Identifier: Apache-2.0

internal import GRDBSQLite
internal import Glibc

/// A look into a database file that leaves it as it is, to the byte.
///
/// The folder is claimed by then, so nobody else changes the file. A database that was closed in order is opened as
/// immutable: no log, no index, no lock. One whose log holds transactions is opened read-only; the index that SQLite
/// then makes beside the log is removed again.
struct DatabaseGlance: ~Copyable {
    private let connection: SQLiteConnection
    private let handle: OpaquePointer
    private let indexToRemove: String?

    /// Nil when there is no database yet.
    init?(of path: String) throws(StorageFailure) {
        guard try Self.size(of: path) > 0 else { return nil }
        var query = "mode=ro&immutable=1"
        var flags = SQLITE_OPEN_READONLY
        var indexToRemove: String?
        if try Self.size(of: "\(path)-wal") > 0 {
            query = "mode=ro"
            if access("\(path)-shm", F_OK) != 0 { indexToRemove = "\(path)-shm" }
        } else if try Self.size(of: "\(path)-journal") > 0 {
            // The switch to write-ahead logging was cut short: without rolling it back nothing can be read.
            query = "mode=rw"
            flags = SQLITE_OPEN_READWRITE
        }
        var handle: OpaquePointer?
        let code = sqlite3_open_v2("file:\(Self.encoded(path))?\(query)", &handle, flags | SQLITE_OPEN_URI, nil)
        guard code == SQLITE_OK, let handle else {
            sqlite3_close(handle)
            throw StorageFailure(sqliteCode: code)
        }
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, 5_000)
        self.handle = handle
        self.indexToRemove = indexToRemove
        connection = SQLiteConnection(handle)
    }

    deinit {
        sqlite3_close(handle)
        if let indexToRemove { unlink(indexToRemove) }
    }

    borrowing func lend<R>(to body: (any SQLConnection) throws -> R) throws -> R { try connection.lend(to: body) }

    borrowing func inspect() throws(StorageFailure) -> Inspection {
        let tables = try connection.query("SELECT name FROM sqlite_master WHERE type = 'table'", [])
        guard !tables.isEmpty else { return Inspection(schemaVersion: 0, keyRings: [], isEmpty: true) }
        // A database with other tables was made by another program.
        guard tables.contains(SQLRow([.text("schema_migrations")])) else { throw .corrupt }
        let version = try Schema.version(on: connection)
        try Schema.refuseNewer(version)
        guard version > 0 else { return Inspection(schemaVersion: 0, keyRings: [], isEmpty: true) }
        let keyRings = try connection.keyRings()
        let user = try connection.firstUser()
        return Inspection(schemaVersion: version, keyRings: keyRings, isEmpty: keyRings.isEmpty && user == nil)
    }

    /// Throws ``StorageFailure/corrupt`` when a page is malformed (sqlite.org/pragma.html#pragma_quick_check).
    borrowing func checkStructure() throws(StorageFailure) {
        guard try connection.query("PRAGMA quick_check(1)", []) == [SQLRow([.text("ok")])] else { throw .corrupt }
    }

    private static func size(of path: String) throws(StorageFailure) -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else {
            guard errno == ENOENT else { throw StorageFailure(errno: errno) }
            return 0
        }
        return Int(status.st_size)
    }

    /// The path as it stands in a URI (sqlite.org/uri.html §3.1).
    private static func encoded(_ path: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "_"):
                bytes.append(byte)
            default:
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Storage
import TestSupport
import Testing

struct SettingsTests {
    @Test(
        arguments: [
            ("journal_mode", .text("wal")), ("synchronous", .integer(2)), ("foreign_keys", .integer(1)),
            ("secure_delete", .integer(1)), ("mmap_size", .integer(0)), ("trusted_schema", .integer(0)),
            ("cell_size_check", .integer(1)), ("temp_store", .integer(2)), ("wal_autocheckpoint", .integer(0)),
        ] as [(String, SQLValue)]
    )
    func theConnectionThatWritesHas(pragma: String, value: SQLValue) async throws {
        let directory = try TemporaryDirectory()
        let engine = try await SQLiteEngine.open(at: directory.path)
        let found = try await engine.write { try $0.query("PRAGMA \(pragma)", []) }
        #expect(found == [SQLRow([value])])
        try await engine.close()
    }

    @Test(
        arguments: [
            ("foreign_keys", .integer(1)), ("secure_delete", .integer(1)), ("mmap_size", .integer(0)),
            ("trusted_schema", .integer(0)), ("cell_size_check", .integer(1)), ("temp_store", .integer(2)),
        ] as [(String, SQLValue)]
    )
    func aConnectionThatReadsHas(pragma: String, value: SQLValue) async throws {
        let directory = try TemporaryDirectory()
        let engine = try await SQLiteEngine.open(at: directory.path)
        let found = try await engine.read { try $0.query("PRAGMA \(pragma)", []) }
        #expect(found == [SQLRow([value])])
        try await engine.close()
    }

    @Test func aReadCannotWrite() async throws {
        let directory = try TemporaryDirectory()
        let engine = try await SQLiteEngine.open(at: directory.path)
        await #expect(throws: StorageFailure.readOnly) {
            try await engine.read { try $0.execute("DELETE FROM users", []) }
        }
        try await engine.close()
    }
}

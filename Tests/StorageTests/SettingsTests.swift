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

    @Test func startsAreFoundByAnIndexOfTheirOwn() async throws {
        let directory = try TemporaryDirectory()
        let engine = try await SQLiteEngine.open(at: directory.path)
        let plan = try await engine.read { connection in
            try connection.query(
                "EXPLAIN QUERY PLAN SELECT entry FROM audit_entries WHERE chain = $1 AND sequence > $2 "
                    + "AND action = 'agent.start' ORDER BY sequence LIMIT $3",
                [.text("here"), .integer(0), .integer(1_000)]
            )
        }
        #expect(
            try plan.map { try $0.text(3) } == [
                "SEARCH audit_entries USING INDEX audit_starts (chain=? AND sequence>?)"
            ]
        )
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

// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import VaultModel

@testable import Storage

/// A database that an older program has left.
struct UpgradeTests {
    @Test(arguments: 1...Schema.current)
    func aSchemaOfAnyVersionBecomesTheCurrentOneAndKeepsWhatIsThere(version: Int64) async throws {
        let directory = try TemporaryDirectory()
        let older = try SQLiteEngine(opening: DataFolder(claiming: directory.path), upTo: version)
        let versions = try await older.read {
            try $0.query("SELECT version FROM schema_migrations ORDER BY version", [])
        }
        #expect(versions == (1...version).map { SQLRow([.integer($0)]) })
        try await older.write { connection in
            for statement in Self.rows { try connection.execute(statement, []) }
        }
        let before = try await older.read { try Self.contents($0) }
        try await older.close()

        let engine = try await SQLiteEngine.open(at: directory.path)
        #expect(try await engine.read { try Self.contents($0) } == before)
        #expect(try await engine.structureProblems() == [])
        let applied = try await engine.read { try $0.query("SELECT count(*) FROM schema_migrations", []) }
        #expect(applied == [SQLRow([.integer(Schema.current)])])
        try await engine.close()
    }

    @Test func theVersionsOfValuesBecomeTheirHistory() async throws {
        let directory = try TemporaryDirectory()
        let entries = try [1, 2].map { try #require(EntryID("0197a3c2-5f0e-7cc1-9a55-0b6b4c1f2d0\($0)")) }
        let older = try SQLiteEngine(opening: DataFolder(claiming: directory.path), upTo: 10)
        try await older.write { connection in
            for statement in Self.rows { try connection.execute(statement, []) }
            // The first was written again twice, the second was deleted.
            for (index, entry) in entries.enumerated() {
                try connection.execute(
                    """
                    INSERT INTO entries (id, workspace_id, owner_id, name, kind, note, version, created_at, updated_at,
                        deleted_at, row_code) VALUES ($1, 'w', '\(Self.user)', $2, 'secret', '', 3, 1, 1, $3, x'03')
                    """,
                    [.text(entry.text), .text("N\(index)"), index == 0 ? .null : .integer(99)]
                )
                for version: Int64 in 1...3 {
                    let isGone = index == 1 || version < 3
                    try connection.execute(
                        """
                        INSERT INTO entry_values (entry_id, version, workspace_id, sealed, created_at, created_by,
                            destroyed_at) VALUES ($1, $2, 'w', $3, $4, '\(Self.user)', $5)
                        """,
                        [
                            .text(entry.text), .integer(version), isGone ? .null : .blob([9]), .integer(10 * version),
                            isGone ? .integer(10 * version + 10) : .null,
                        ]
                    )
                }
            }
        }
        try await older.close()

        let engine = try await SQLiteEngine.open(at: directory.path)
        let values = try await engine.read { connection in
            for (index, entry) in entries.enumerated() {
                let rows = try connection.query(
                    """
                    WITH RECURSIVE versions (version, created_at, destroyed_at, previous) AS (
                        SELECT version, created_at, destroyed_at, history FROM entry_values WHERE entry_id = $1
                        UNION ALL SELECT h.version, h.created_at, h.destroyed_at, h.previous
                        FROM versions v JOIN entry_history h ON h.place = v.previous AND h.entry_id = $1)
                    SELECT version, created_at, destroyed_at FROM versions
                    """,
                    [.text(entry.text)]
                )
                let last: SQLValue = index == 0 ? .null : .integer(40)
                #expect(
                    rows == [
                        SQLRow([.integer(3), .integer(30), last]), SQLRow([.integer(2), .integer(20), .integer(30)]),
                        SQLRow([.integer(1), .integer(10), .integer(20)]),
                    ]
                )
            }
            return try connection.query("SELECT sealed FROM entry_values WHERE version = 3 ORDER BY entry_id", [])
        }
        #expect(values == [SQLRow([.blob([9])]), SQLRow([.null])])
        try await engine.close()
    }

    private static let user = "0197a3c2-5f0e-7cc1-9a55-0b6b4c1f2d3e"

    /// In the columns that every version has; a start looks at the first user.
    private static let rows = [
        "INSERT INTO users (id, name, created_at, row_code) VALUES ('\(user)', 'ada', 1, x'01')",
        """
        INSERT INTO workspaces (id, name, personal_user_id, revision, created_at) VALUES ('w', 'personal', '\(user)', 1, 1)
        """,
        "INSERT INTO owner_salts (workspace_id, user_id, salt) VALUES ('w', '\(user)', x'02')",
        """
        INSERT INTO entries (id, workspace_id, owner_id, name, kind, note, version, created_at, updated_at, row_code)
            VALUES ('e', 'w', '\(user)', 'TOKEN', 'secret', '', 1, 1, 1, x'03')
        """,
        """
        INSERT INTO entry_values (entry_id, version, workspace_id, sealed, created_at, created_by)
            VALUES ('e', 1, 'w', x'04', 1, '\(user)')
        """,
        """
        INSERT INTO tokens (id, workspace_id, kind, digest, hint, name, created_by, created_at, row_code)
            VALUES ('t', 'w', 'workspace_key', x'05', 'h', 'n', '\(user)', 1, x'06')
        """,
    ]

    private static func contents(_ connection: any SQLConnection) throws -> [[SQLRow]] {
        try [
            "SELECT id, name, created_at, row_code FROM users", "SELECT id, name, revision FROM workspaces",
            "SELECT workspace_id, user_id, salt FROM owner_salts", "SELECT id, name, kind, row_code FROM entries",
            "SELECT entry_id, version, sealed FROM entry_values", "SELECT id, digest, row_code FROM tokens",
        ].map { try connection.query($0, []) }
    }
}

// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

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

// SPDX-License-Identifier: Apache-2.0

import Storage
import TestSupport
import Testing

struct SealedColumnTests {
    /// Columns of bytes that no epoch key made, or that are never made anew.
    private static let others: Set<String> = [
        "key_rings.wrapped", "owner_salts.salt", "owner_salts.previous_salt", "entry_values.readable", "tokens.digest",
        "instances.receipt", "audit_entries.entry", "audit_entries.code", "audit_heads.code", "audit_heads.head_code",
        "audit_checkpoints.checkpoint", "audit_segments.checkpoint", "audit_segments.code", "idempotency.fingerprint",
        "accounts.password_hash", "sessions.digest", "invitations.digest",
    ]

    /// A column that is missing from the list would be unreadable after the next rotation of the epoch.
    @Test func everyColumnOfBytesIsEitherSealedAnewByARotationOrKnownNotToNeedIt() async throws {
        let directory = try TemporaryDirectory()
        let engine = try await SQLiteEngine.open(at: directory.path)
        let (found, listed) = try await engine.read { connection in
            let rows = try connection.query(
                """
                SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c
                WHERE m.type = 'table' AND c.type = 'BLOB'
                """,
                []
            )
            return (Set(try rows.map { try $0.text(0) }), type(of: connection).sealedColumns)
        }
        #expect(found == Self.others.union(listed.map { "\($0.table).\($0.name)" }))
    }
}

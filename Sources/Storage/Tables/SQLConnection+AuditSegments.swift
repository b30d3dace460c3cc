// SPDX-License-Identifier: Apache-2.0

package import VaultModel

// `audit_checkpoints` and `audit_segments`, and what retention removes from `audit_entries`.

extension SQLConnection {
    package func insertAuditCheckpoint(_ row: AuditCheckpointRow) throws(StorageFailure) { try insert(row) }

    package func lastAuditCheckpoint(_ chain: String) throws(StorageFailure) -> AuditCheckpointRow? {
        try selectOne("WHERE chain = $1 ORDER BY sequence DESC LIMIT 1", [.text(chain)])
    }

    /// One page of a chain's checkpoints, oldest first, from the one at `sequence` on.
    package func auditCheckpoints(
        _ chain: String,
        from sequence: Int64,
        limit: Int
    ) throws(StorageFailure) -> [AuditCheckpointRow] {
        try select(
            "WHERE chain = $1 AND sequence >= $2 ORDER BY sequence LIMIT $3",
            [.text(chain), .integer(sequence), .integer(Int64(limit))]
        )
    }

    /// One page of a chain's checkpoints, newest first.
    package func auditCheckpoints(
        _ chain: String,
        before sequence: Int64?,
        limit: Int
    ) throws(StorageFailure) -> [AuditCheckpointRow] {
        try select(
            "WHERE chain = $1 AND sequence < $2 ORDER BY sequence DESC LIMIT $3",
            [.text(chain), .integer(sequence ?? .max), .integer(Int64(limit))]
        )
    }

    /// The newest checkpoint between two places that was signed before `time`.
    package func lastAuditCheckpoint(
        _ chain: String,
        from first: Int64,
        through last: Int64,
        signedBefore time: Timestamp
    ) throws(StorageFailure) -> AuditCheckpointRow? {
        try selectOne(
            """
            WHERE chain = $1 AND sequence >= $2 AND sequence <= $3 AND at < $4 ORDER BY sequence DESC LIMIT 1
            """,
            [.text(chain), .integer(first), .integer(last), .integer(time.milliseconds)]
        )
    }

    /// The first checkpoint from a place on that was signed before `time`, however far away it is.
    package func firstAuditCheckpoint(
        _ chain: String,
        from first: Int64,
        signedBefore time: Timestamp
    ) throws(StorageFailure) -> AuditCheckpointRow? {
        try selectOne(
            "WHERE chain = $1 AND sequence >= $2 AND at < $3 ORDER BY sequence LIMIT 1",
            [.text(chain), .integer(first), .integer(time.milliseconds)]
        )
    }

    package func insertAuditSegment(_ row: AuditSegmentRow) throws(StorageFailure) { try insert(row) }

    /// The removed segments of a chain, oldest first.
    package func auditSegments(_ chain: String) throws(StorageFailure) -> [AuditSegmentRow] {
        try select("WHERE chain = $1 ORDER BY first", [.text(chain)])
    }

    /// The number of the last entry that retention removed; 0 where it removed none.
    package func lastPrunedSequence(_ chain: String) throws(StorageFailure) -> Int64 {
        let rows = try query("SELECT coalesce(max(last), 0) FROM audit_segments WHERE chain = $1", [.text(chain)])
        guard let row = rows.first else { throw .corrupt }
        return try row.integer(0)
    }

    /// Removes entries, and the checkpoints among them but the last.
    package func deleteAuditEntries(_ chain: String, through last: Int64) throws(StorageFailure) {
        try execute(
            "DELETE FROM audit_entries WHERE chain = $1 AND sequence <= $2",
            [.text(chain), .integer(last)]
        )
        try execute(
            "DELETE FROM audit_checkpoints WHERE chain = $1 AND sequence < $2",
            [.text(chain), .integer(last)]
        )
    }

    /// Entries of a part of a chain, newest first, that have the given action and time.
    package func auditEntries(
        _ chain: String,
        from first: Int64,
        before last: Int64,
        action: String?,
        since: Timestamp?,
        until: Timestamp?,
        limit: Int
    ) throws(StorageFailure) -> [AuditEntryRow] {
        var condition = Condition()
        condition.add("chain =", .text(chain))
        condition.add("sequence >=", .integer(first))
        condition.add("sequence <", .integer(last))
        if let action { condition.add("action =", .text(action)) }
        if let since { condition.add("at >=", .integer(since.milliseconds)) }
        if let until { condition.add("at <", .integer(until.milliseconds)) }
        let page = condition.page(orderedBy: "sequence DESC", limit: limit)
        return try select(page.sql, page.parameters)
    }
}

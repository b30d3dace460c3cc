// SPDX-License-Identifier: Apache-2.0

// `audit_entries` and `audit_heads`. A chain is its workspace's, or the system's; entries are never changed or deleted.

extension SQLConnection {
    /// Throws ``StorageFailure/constraint`` when the chain has that sequence number already.
    package func appendAuditEntry(_ row: AuditEntryRow) throws(StorageFailure) { try insert(row) }

    /// One page of a chain, newest first.
    package func auditEntries(
        _ chain: String,
        before: Int64?,
        limit: Int
    ) throws(StorageFailure) -> [AuditEntryRow] {
        try select(
            "WHERE chain = $1 AND sequence < $2 ORDER BY sequence DESC LIMIT $3",
            [.text(chain), .integer(before ?? .max), .integer(Int64(limit))]
        )
    }

    /// One page of a chain, oldest first.
    package func auditEntries(_ chain: String, from: Int64, limit: Int) throws(StorageFailure) -> [AuditEntryRow] {
        try select(
            "WHERE chain = $1 AND sequence >= $2 ORDER BY sequence LIMIT $3",
            [.text(chain), .integer(from), .integer(Int64(limit))]
        )
    }

    package func auditEntryCount(_ chain: String) throws(StorageFailure) -> Int {
        try count("SELECT count(*) FROM audit_entries WHERE chain = $1", [.text(chain)])
    }

    /// Every chain that has a head or an entry.
    package func auditChains() throws(StorageFailure) -> [String] {
        let rows = try query("SELECT chain FROM audit_heads UNION SELECT chain FROM audit_entries ORDER BY chain", [])
        return try rows.map { row throws(StorageFailure) in try row.text(0) }
    }

    package func auditHead(_ chain: String) throws(StorageFailure) -> AuditHeadRow? {
        try selectOne("WHERE chain = $1", [.text(chain)])
    }

    package func setAuditHead(_ row: AuditHeadRow) throws(StorageFailure) {
        try execute(
            """
            INSERT INTO audit_heads (chain, sequence, epoch, code, head_code) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (chain) DO UPDATE
            SET sequence = excluded.sequence, epoch = excluded.epoch, code = excluded.code,
                head_code = excluded.head_code
            """,
            row.values
        )
    }
}

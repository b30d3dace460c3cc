// SPDX-License-Identifier: Apache-2.0

// `audit_entries` and `audit_heads`. A chain is its workspace's, or the system's; entries are never changed, and removed by retention only.

extension SQLConnection {
    /// Throws ``StorageFailure/constraint`` when the chain has that sequence number already.
    package func appendAuditEntry(_ row: AuditEntryRow) throws(StorageFailure) { try insert(row) }

    /// Does what ``appendAuditEntry(_:)`` does for many entries of one moment.
    package func appendAuditEntries(_ rows: [AuditEntryRow]) throws(StorageFailure) {
        try insert(rows)
    }

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

    /// The starts in a chain, oldest first; looks at no other entry.
    package func auditStarts(_ chain: String, after sequence: Int64, limit: Int) throws(StorageFailure)
        -> [AuditEntryRow]
    {
        // Only an action that stands in the statement lets SQLite take the index of starts (sqlite.org/partialindex.html §3).
        try select(
            "WHERE chain = $1 AND sequence > $2 AND action = 'agent.start' ORDER BY sequence LIMIT $3",
            [.text(chain), .integer(sequence), .integer(Int64(limit))]
        )
    }

    package func auditEntryCount(_ chain: String) throws(StorageFailure) -> Int {
        try count("SELECT count(*) FROM audit_entries WHERE chain = $1", [.text(chain)])
    }

    /// The head of every chain; costs as much as there are chains.
    package func auditHeads() throws(StorageFailure) -> [AuditHeadRow] {
        try storeHeldHeads()
        return try select("ORDER BY chain", [])
    }

    /// Every chain of which anything is stored, a head or not; reads all there is.
    package func auditChains() throws(StorageFailure) -> [String] {
        try storeHeldHeads()
        let tables = ["audit_heads", "audit_entries", "audit_checkpoints", "audit_segments"]
        let sql = tables.map { "SELECT chain FROM \($0)" }.joined(separator: " UNION ") + " ORDER BY chain"
        let rows = try query(sql, [])
        return try rows.map { row throws(StorageFailure) in try row.text(0) }
    }

    package func auditHead(_ chain: String) throws(StorageFailure) -> AuditHeadRow? {
        if let moved = movedHead(of: chain) { return try moved.row() }
        return try selectOne("WHERE chain = $1", [.text(chain)])
    }

    /// The head as it was given to ``setAuditHead(_:)`` in this transaction; nil where it is in the table.
    package func movedHead(of chain: String) -> (any MovedAuditHead)? { changes.movedHead(of: chain) }

    /// What the head that this program last gave the chain, in a transaction that was committed, said of its entries.
    ///
    /// Another program may have moved the head since: whoever takes a digest from here compares the code.
    package func knownDigest(of chain: String) -> KnownDigest? { changes.knownDigest(of: chain) }

    /// Moves the head of a chain; writes that share a transaction have it stored once, before its COMMIT.
    package func setAuditHead(_ head: some MovedAuditHead) throws(StorageFailure) {
        if !changes.holds(head) { try storeAuditHead(head.row()) }
    }

    /// Stores what ``setAuditHead(_:)`` has held back.
    func storeHeldHeads() throws(StorageFailure) {
        for head in changes.heldHeads { try storeAuditHead(head.row()) }
    }

    private func storeAuditHead(_ row: AuditHeadRow) throws(StorageFailure) {
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

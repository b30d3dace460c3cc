// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// What a list shows of entries beside their own rows, read for a whole page at once.
package struct EntryPageDetails: Sendable {
    package fileprivate(set) var values: [EntryID: EntryValueRow] = [:]
    package fileprivate(set) var attachmentCounts: [EntryID: Int] = [:]
    package fileprivate(set) var lastUses: [EntryID: Timestamp] = [:]
}

/// What is known of one version of a value, which may be gone.
package struct EntryVersionRow: Equatable, Sendable {
    package let version: Int64
    package let createdAt: Timestamp
    package let createdBy: UserID
    package let destroyedAt: Timestamp?
}

extension SQLConnection {
    /// Reads the current value, the number of agents and the last use of each of `rows`; `value` is that of the only one,
    /// where it has been read.
    ///
    /// What it costs follows the page, not the workspace.
    package func details(
        of rows: some Collection<EntryRow>,
        knowing value: EntryValueRow? = nil,
        in workspace: WorkspaceID
    ) throws(StorageFailure) -> EntryPageDetails {
        var details = EntryPageDetails()
        if let value { details.values[value.entryID] = value }
        for group in IDGroup.groups(of: rows.map(\.id), after: [.text(workspace.text)]) {
            if value == nil {
                for value in try currentValues(in: group) { details.values[value.entryID] = value }
            }
            for row in try query(
                """
                SELECT e.id,
                    (SELECT count(*) FROM attachments a WHERE a.workspace_id = e.workspace_id AND a.entry_id = e.id),
                    (SELECT u.last_used_at FROM entry_uses u
                        WHERE u.workspace_id = e.workspace_id AND u.entry_id = e.id)
                FROM entries e WHERE e.workspace_id = $1 AND e.id IN \(group.list)
                """,
                group.parameters
            ) {
                details.attachmentCounts[try row.id(0)] = Int(try row.integer(1))
                details.lastUses[try row.id(0)] = try row.optionalTime(2)
            }
        }
        return details
    }

    private func currentValues(in group: IDGroup) throws(StorageFailure) -> [EntryValueRow] {
        let rows = try query(
            """
            SELECT \(EntryValueRow.columnList(of: "v")) FROM entries e
            JOIN entry_values v ON v.entry_id = e.id AND v.version = e.version AND v.workspace_id = e.workspace_id
            WHERE e.workspace_id = $1 AND e.id IN \(group.list)
            """,
            group.parameters
        )
        return try rows.map { row throws(StorageFailure) in try EntryValueRow(row) }
    }

    /// Live entries that have expired by `time`, soonest first.
    package func expiringEntries(
        in workspace: WorkspaceID,
        before time: Timestamp,
        limit: Int
    ) throws(StorageFailure) -> [EntryRow] {
        try select(
            "WHERE workspace_id = $1 AND expires_at <= $2 AND deleted_at IS NULL ORDER BY expires_at, id LIMIT $3",
            [.text(workspace.text), .integer(time.milliseconds), .integer(Int64(limit))]
        )
    }

    /// One page of an entry's versions, newest first: at most `limit` below `before`, or from the newest on.
    ///
    /// Costs as much as there are versions down to the last one of the page.
    package func entryVersions(
        of entry: EntryID,
        before version: Int64? = nil,
        limit: Int,
        in workspace: WorkspaceID
    ) throws(StorageFailure) -> [EntryVersionRow] {
        // Each is older than the one before it, whatever stands in the table: a circle would have no end.
        let rows = try query(
            """
            WITH RECURSIVE versions (version, created_at, created_by, destroyed_at, previous) AS (
                SELECT version, created_at, created_by, destroyed_at, history FROM entry_values
                WHERE entry_id = $1 AND workspace_id = $2
                UNION ALL
                SELECT h.version, h.created_at, h.created_by, h.destroyed_at, h.previous
                FROM versions v JOIN entry_history h
                    ON h.place = v.previous AND h.version < v.version AND h.entry_id = $1 AND h.workspace_id = $2)
            SELECT version, created_at, created_by, destroyed_at FROM versions WHERE version < $3 LIMIT $4
            """,
            [.text(entry.text), .text(workspace.text), .integer(version ?? .max), .integer(Int64(limit))]
        )
        return try rows.map { row throws(StorageFailure) in
            EntryVersionRow(
                version: try row.integer(0),
                createdAt: try row.time(1),
                createdBy: try row.id(2),
                destroyedAt: try row.optionalTime(3)
            )
        }
    }
}

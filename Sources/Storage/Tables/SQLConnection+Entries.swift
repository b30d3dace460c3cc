// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension SQLConnection {
    /// Throws ``StorageFailure/constraint`` when a live entry of that name exists.
    package func insertEntry(_ row: EntryRow) throws(StorageFailure) { try insert(row) }

    /// Writes every column but the id, the workspace and the time of creation.
    package func updateEntry(_ row: EntryRow) throws(StorageFailure) {
        try execute(
            """
            UPDATE entries SET owner_id = $1, name = $2, kind = $3, provider = $4, note = $5, version = $6,
                updated_at = $7, expires_at = $8, deleted_at = $9, row_code = $10
            WHERE id = $11 AND workspace_id = $12
            """,
            [
                .text(row.ownerID.text), .text(row.name.text), .text(row.kind.rawValue),
                SQLValue(text: row.provider?.text), .text(row.note), .integer(row.version),
                .integer(row.updatedAt.milliseconds), SQLValue(integer: row.expiresAt?.milliseconds),
                SQLValue(integer: row.deletedAt?.milliseconds), .blob(row.rowCode), .text(row.id.text),
                .text(row.workspaceID.text),
            ]
        )
    }

    /// Every entry that a user owns in a workspace, live or deleted.
    package func ownedEntries(of user: UserID, in workspace: WorkspaceID) throws(StorageFailure) -> [EntryRow] {
        try select("WHERE workspace_id = $1 AND owner_id = $2 ORDER BY id", [.text(workspace.text), .text(user.text)])
    }

    /// The entry of that id, live or deleted.
    package func entry(_ id: EntryID, in workspace: WorkspaceID) throws(StorageFailure) -> EntryRow? {
        try selectOne("WHERE id = $1 AND workspace_id = $2", [.text(id.text), .text(workspace.text)])
    }

    /// The secret or variable of that name; several credentials may share one.
    package func liveEntry(
        named name: EnvironmentName,
        in workspace: WorkspaceID
    ) throws(StorageFailure) -> EntryRow? {
        try selectOne(
            "WHERE workspace_id = $1 AND name = $2 AND deleted_at IS NULL AND kind <> 'credential'",
            [.text(workspace.text), .text(name.text)]
        )
    }

    /// One page of live secrets and variables in the order in which they were made.
    ///
    /// `matching` is a part of the name in any case.
    package func liveEntries(
        in workspace: WorkspaceID,
        after: EntryID? = nil,
        limit: Int,
        matching: String? = nil,
        kind: EntryKind? = nil,
        expiringBefore: Timestamp? = nil,
        unusedSince: Timestamp? = nil
    ) throws(StorageFailure) -> [EntryRow] {
        var condition = Condition()
        condition.add("workspace_id =", .text(workspace.text))
        condition.add("deleted_at IS NULL")
        condition.add("kind <> 'credential'")
        if let after { condition.add("id >", .text(after.text)) }
        // An environment name is ASCII, which both engines fold alike.
        if let matching { condition.add("lower(name)", contains: matching) }
        if let kind { condition.add("kind =", .text(kind.rawValue)) }
        if let time = expiringBefore { condition.add("expires_at <", .integer(time.milliseconds)) }
        if let time = unusedSince {
            condition.add("created_at <", .integer(time.milliseconds))
            condition.add(
                "NOT EXISTS (SELECT 1 FROM entry_uses u WHERE u.entry_id = entries.id AND u.last_used_at >=",
                .integer(time.milliseconds),
                closedBy: ")"
            )
        }
        let page = condition.page(orderedBy: "id", limit: limit)
        return try select(page.sql, page.parameters)
    }

    /// How many secrets and variables live.
    package func liveEntryCount(in workspace: WorkspaceID) throws(StorageFailure) -> Int {
        try count(
            "SELECT count(*) FROM entries WHERE workspace_id = $1 AND deleted_at IS NULL AND kind <> 'credential'",
            [.text(workspace.text)]
        )
    }
}

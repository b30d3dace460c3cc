// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension SQLConnection {
    /// Throws ``StorageFailure/constraint`` when a live credential of that name exists.
    package func insertCredential(_ row: CredentialRow) throws(StorageFailure) { try insert(row) }

    /// Writes every column but the entry and the workspace.
    package func updateCredential(_ row: CredentialRow) throws(StorageFailure) {
        try execute(
            """
            UPDATE credentials SET name = $1, folded_name = $2, scheme = $3, header = $4, prefix = $5, parameter = $6,
                hosts = $7, deleted_at = $8, row_code = $9, rotation_priority = $10, response = $11
            WHERE entry_id = $12 AND workspace_id = $13
            """,
            [
                .text(row.name), .text(row.foldedName), .text(row.scheme.rawValue), SQLValue(text: row.header),
                SQLValue(text: row.prefix), SQLValue(text: row.parameter), .text(row.hosts),
                SQLValue(integer: row.deletedAt?.milliseconds), .blob(row.rowCode),
                .integer(row.rotationPriority), SQLValue(text: row.response?.rawValue), .text(row.entryID.text),
                .text(row.workspaceID.text),
            ]
        )
    }

    /// The credential of that entry, live or deleted.
    package func credential(
        _ id: EntryID,
        in workspace: WorkspaceID
    ) throws(StorageFailure) -> CredentialEntryRow? {
        try credentials("c.entry_id = $1 AND c.workspace_id = $2", [.text(id.text), .text(workspace.text)]).first
    }

    package func liveCredential(
        foldedName name: String,
        in workspace: WorkspaceID
    ) throws(StorageFailure) -> CredentialEntryRow? {
        try credentials(
            "c.workspace_id = $1 AND c.folded_name = $2 AND c.deleted_at IS NULL",
            [.text(workspace.text), .text(name)]
        ).first
    }

    /// One page of live credentials, or of deleted ones, in the order in which they were made; `matching` is a part of the
    /// name in any case.
    package func credentials(
        in workspace: WorkspaceID,
        areDeleted: Bool = false,
        after: EntryID? = nil,
        limit: Int,
        matching: String? = nil
    ) throws(StorageFailure) -> [CredentialEntryRow] {
        var condition = Condition()
        condition.add("c.workspace_id =", .text(workspace.text))
        condition.add(areDeleted ? "c.deleted_at IS NOT NULL" : "c.deleted_at IS NULL")
        if let after { condition.add("c.entry_id >", .text(after.text)) }
        if let matching { condition.add("c.folded_name", contains: matching) }
        let page = condition.page(orderedBy: "c.entry_id", limit: limit)
        return try credentials(String(page.sql.dropFirst("WHERE ".count)), page.parameters)
    }

    /// The live credentials of a provider, the preferred one first: by priority, then by age.
    package func liveCredentials(
        of provider: ProviderID,
        in workspace: WorkspaceID
    ) throws(StorageFailure) -> [CredentialEntryRow] {
        try credentials(
            """
            e.workspace_id = $1 AND e.provider = $2 AND c.deleted_at IS NULL
            ORDER BY c.rotation_priority, c.entry_id
            """,
            [.text(workspace.text), .text(provider.text)]
        )
    }

    package func liveCredentialCount(in workspace: WorkspaceID) throws(StorageFailure) -> Int {
        try count(
            "SELECT count(*) FROM credentials WHERE workspace_id = $1 AND deleted_at IS NULL",
            [.text(workspace.text)]
        )
    }

    private func credentials(
        _ condition: String,
        _ parameters: [SQLValue]
    ) throws(StorageFailure) -> [CredentialEntryRow] {
        let first = CredentialRow.columns.count
        return try query(
            """
            SELECT \(CredentialRow.columnList(of: "c")), \(EntryRow.columnList(of: "e")) FROM credentials c
            JOIN entries e ON e.id = c.entry_id AND e.workspace_id = c.workspace_id
            WHERE \(condition)
            """,
            parameters
        ).map { row throws(StorageFailure) in
            CredentialEntryRow(
                credential: try CredentialRow(row.columns(from: 0, count: first)),
                entry: try EntryRow(row.columns(from: first, count: EntryRow.columns.count))
            )
        }
    }
}

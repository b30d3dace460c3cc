// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension SQLConnection {
    /// Throws ``StorageFailure/constraint`` when a live agent has the same folded name.
    package func insertAgent(_ row: AgentRow) throws(StorageFailure) { try insert(row) }

    /// Writes every column but the id, the workspace and the time of creation.
    package func updateAgent(_ row: AgentRow) throws(StorageFailure) {
        try execute(
            """
            UPDATE agents SET name = $1, folded_name = $2, replicas = $3, allowed_names = $4, deleted_at = $5,
                row_code = $6
            WHERE id = $7 AND workspace_id = $8
            """,
            [
                .text(row.name), .text(row.foldedName), .integer(row.replicas), .text(row.allowedNames),
                SQLValue(integer: row.deletedAt?.milliseconds), .blob(row.rowCode), .text(row.id.text),
                .text(row.workspaceID.text),
            ]
        )
    }

    /// The agent of that id, live or deleted.
    package func agent(_ id: AgentID, in workspace: WorkspaceID) throws(StorageFailure) -> AgentRow? {
        try selectOne("WHERE id = $1 AND workspace_id = $2", [.text(id.text), .text(workspace.text)])
    }

    package func liveAgent(
        foldedName: String,
        in workspace: WorkspaceID
    ) throws(StorageFailure) -> AgentRow? {
        try selectOne(
            "WHERE workspace_id = $1 AND folded_name = $2 AND deleted_at IS NULL",
            [.text(workspace.text), .text(foldedName)]
        )
    }

    /// One page of live agents in the order in which they were made.
    ///
    /// `matching` is a part of the name in any case.
    package func liveAgents(
        in workspace: WorkspaceID,
        after: AgentID? = nil,
        limit: Int,
        matching: String? = nil
    ) throws(StorageFailure) -> [AgentRow] {
        var condition = Condition()
        condition.add("workspace_id =", .text(workspace.text))
        condition.add("deleted_at IS NULL")
        if let after { condition.add("id >", .text(after.text)) }
        if let matching { condition.add("folded_name", contains: matching) }
        let page = condition.page(orderedBy: "id", limit: limit)
        return try select(page.sql, page.parameters)
    }

    package func liveAgentCount(in workspace: WorkspaceID) throws(StorageFailure) -> Int {
        try count(
            "SELECT count(*) FROM agents WHERE workspace_id = $1 AND deleted_at IS NULL",
            [.text(workspace.text)]
        )
    }
}

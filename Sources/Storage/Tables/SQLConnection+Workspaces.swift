// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension SQLConnection {
    package func insertWorkspace(_ row: WorkspaceRow) throws(StorageFailure) { try insert(row) }

    /// Writes the name, the plan, and when the workspace was deleted.
    package func updateWorkspace(_ row: WorkspaceRow) throws(StorageFailure) {
        try execute(
            "UPDATE workspaces SET name = $1, deleted_at = $2, plan = $3 WHERE id = $4",
            [
                .text(row.name), SQLValue(integer: row.deletedAt?.milliseconds), SQLValue(text: row.plan?.rawValue),
                .text(row.id.text),
            ]
        )
    }

    package func workspace(_ id: WorkspaceID) throws(StorageFailure) -> WorkspaceRow? {
        try selectOne("WHERE id = $1", [.text(id.text)])
    }

    package func allWorkspaces() throws(StorageFailure) -> [WorkspaceRow] {
        try select("ORDER BY created_at, id", [])
    }

    /// The workspace that was made for `user` alone.
    package func personalWorkspace(of user: UserID) throws(StorageFailure) -> WorkspaceRow? {
        try selectOne("WHERE personal_user_id = $1 ORDER BY created_at, id LIMIT 1", [.text(user.text)])
    }

    /// Grows with every transaction that changes the workspace: two equal answers mean that nothing in it changed in
    /// between.
    package func revision(of workspace: WorkspaceID) throws(StorageFailure) -> Int64 {
        let rows = try query("SELECT revision FROM workspaces WHERE id = $1", [.text(workspace.text)])
        guard let row = rows.first else { throw .corrupt }
        return try row.integer(0)
    }

    /// Raises the revision, once in a transaction: what was read before it is of an earlier one in any case.
    package func bumpRevision(of workspace: WorkspaceID) throws(StorageFailure) {
        guard changes.raisedRevision(of: workspace) == nil else { return }
        // With RETURNING it would take an ephemeral table, which costs more than a second statement.
        let sql = "UPDATE workspaces SET revision = revision + 1 WHERE id = $1"
        guard try execute(sql, [.text(workspace.text)]) > 0 else { return }
        changes.raised(workspace, to: try revision(of: workspace))
    }
}

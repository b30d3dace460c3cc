// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension SQLConnection {
    package func insertMembership(_ row: MembershipRow) throws(StorageFailure) { try insert(row) }

    package func updateMembership(_ row: MembershipRow) throws(StorageFailure) {
        try execute(
            "UPDATE memberships SET role = $1, row_code = $2 WHERE workspace_id = $3 AND user_id = $4",
            [.text(row.role.rawValue), .blob(row.rowCode), .text(row.workspaceID.text), .text(row.userID.text)]
        )
    }

    package func deleteMembership(of user: UserID, in workspace: WorkspaceID) throws(StorageFailure) {
        try execute(
            "DELETE FROM memberships WHERE workspace_id = $1 AND user_id = $2",
            [.text(workspace.text), .text(user.text)]
        )
    }

    /// The workspaces of a user, in the order in which they were joined.
    package func memberships(of user: UserID) throws(StorageFailure) -> [MembershipRow] {
        try select("WHERE user_id = $1 ORDER BY created_at, workspace_id", [.text(user.text)])
    }

    package func membership(
        of user: UserID,
        in workspace: WorkspaceID
    ) throws(StorageFailure) -> MembershipRow? {
        try selectRemembered("WHERE workspace_id = $1 AND user_id = $2", [.text(workspace.text), .text(user.text)])
    }

    /// The same, after `check` has found nothing wrong with the row; what is remembered is checked once.
    package func membership(
        of user: UserID,
        in workspace: WorkspaceID,
        checkedBy check: (MembershipRow) throws -> Void
    ) throws -> MembershipRow? {
        try selectRemembered(
            "WHERE workspace_id = $1 AND user_id = $2",
            [.text(workspace.text), .text(user.text)],
            checkedBy: check
        )
    }

    /// The members of a workspace, in the order in which they joined.
    package func memberships(in workspace: WorkspaceID) throws(StorageFailure) -> [MembershipRow] {
        try select("WHERE workspace_id = $1 ORDER BY created_at, user_id", [.text(workspace.text)])
    }
}

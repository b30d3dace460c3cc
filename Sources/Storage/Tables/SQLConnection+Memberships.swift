// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension SQLConnection {
    package func insertMembership(_ row: MembershipRow) throws(StorageFailure) { try insert(row) }

    package func membership(
        of user: UserID,
        in workspace: WorkspaceID
    ) throws(StorageFailure) -> MembershipRow? {
        try selectOne("WHERE workspace_id = $1 AND user_id = $2", [.text(workspace.text), .text(user.text)])
    }

    /// The members of a workspace, in the order in which they joined.
    package func memberships(in workspace: WorkspaceID) throws(StorageFailure) -> [MembershipRow] {
        try select("WHERE workspace_id = $1 ORDER BY created_at, user_id", [.text(workspace.text)])
    }
}

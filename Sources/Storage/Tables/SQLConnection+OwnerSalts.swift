// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension SQLConnection {
    package func insertOwnerSalt(_ row: OwnerSaltRow) throws(StorageFailure) { try insert(row) }

    package func ownerSalt(of user: UserID, in workspace: WorkspaceID) throws(StorageFailure) -> OwnerSaltRow? {
        try selectOne("WHERE workspace_id = $1 AND user_id = $2", [.text(workspace.text), .text(user.text)])
    }

    package func ownerSalts(in workspace: WorkspaceID) throws(StorageFailure) -> [OwnerSaltRow] {
        try select("WHERE workspace_id = $1 ORDER BY user_id", [.text(workspace.text)])
    }
}

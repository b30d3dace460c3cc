// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension SQLConnection {
    package func insertOwnerSalt(_ row: OwnerSaltRow) throws(StorageFailure) { try insert(row) }

    /// Destroys what was sealed for the user, wherever a copy of it may be.
    package func deleteOwnerSalt(of user: UserID, in workspace: WorkspaceID) throws(StorageFailure) {
        try execute(
            "DELETE FROM owner_salts WHERE workspace_id = $1 AND user_id = $2",
            [.text(workspace.text), .text(user.text)]
        )
    }

    package func ownerSalt(of user: UserID, in workspace: WorkspaceID) throws(StorageFailure) -> OwnerSaltRow? {
        try selectRemembered("WHERE workspace_id = $1 AND user_id = $2", [.text(workspace.text), .text(user.text)])
    }

    package func updateOwnerSalt(_ row: OwnerSaltRow) throws(StorageFailure) {
        try execute(
            "UPDATE owner_salts SET salt = $1, previous_salt = $2 WHERE workspace_id = $3 AND user_id = $4",
            [
                .blob(row.salt), SQLValue(blob: row.previousSalt), .text(row.workspaceID.text), .text(row.userID.text),
            ]
        )
    }

    /// The salts of a user in every workspace.
    package func ownerSalts(of user: UserID) throws(StorageFailure) -> [OwnerSaltRow] {
        try select("WHERE user_id = $1 ORDER BY workspace_id", [.text(user.text)])
    }

    package func ownerSalts(in workspace: WorkspaceID) throws(StorageFailure) -> [OwnerSaltRow] {
        try select("WHERE workspace_id = $1 ORDER BY user_id", [.text(workspace.text)])
    }
}

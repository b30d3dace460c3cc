// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension SQLConnection {
    /// Throws ``StorageFailure/constraint`` when the address has an invitation that was not ended.
    package func insertInvitation(_ row: InvitationRow) throws(StorageFailure) { try insert(row) }

    /// Writes what a renewal, an acceptance or a cancellation changes.
    package func updateInvitation(_ row: InvitationRow) throws(StorageFailure) {
        try execute(
            """
            UPDATE invitations SET digest = $1, invited_by = $2, expires_at = $3, ended_at = $4, end_reason = $5,
                accepted_by = $6, row_code = $7
            WHERE id = $8 AND workspace_id = $9
            """,
            [
                .blob(row.digest), .text(row.invitedBy.text), .integer(row.expiresAt.milliseconds),
                SQLValue(integer: row.endedAt?.milliseconds),
                SQLValue(text: row.endReason?.rawValue), SQLValue(text: row.acceptedBy?.text), .blob(row.rowCode),
                .text(row.id.text), .text(row.workspaceID.text),
            ]
        )
    }

    /// The invitation of that digest in any workspace: this is how the workspace of a token is found.
    package func invitation(digest: [UInt8]) throws(StorageFailure) -> InvitationRow? {
        try selectOne("WHERE digest = $1", [.blob(digest)])
    }

    package func invitation(
        _ id: InvitationID,
        in workspace: WorkspaceID
    ) throws(StorageFailure) -> InvitationRow? {
        try selectOne("WHERE id = $1 AND workspace_id = $2", [.text(id.text), .text(workspace.text)])
    }

    /// The invitations that were neither accepted nor cancelled, oldest first; some may have expired.
    package func openInvitations(in workspace: WorkspaceID) throws(StorageFailure) -> [InvitationRow] {
        try select("WHERE workspace_id = $1 AND ended_at IS NULL ORDER BY id", [.text(workspace.text)])
    }
}

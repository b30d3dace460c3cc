// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension SQLConnection {
    package func insertToken(_ row: TokenRow) throws(StorageFailure) { try insert(row) }

    /// Writes when the token ends, why it ended, and when it was used; what it is for never changes.
    package func updateToken(_ row: TokenRow) throws(StorageFailure) {
        changes.changedToken()
        try execute(
            """
            UPDATE tokens SET expires_at = $1, ended_at = $2, end_reason = $3, first_used_at = $4, last_used_at = $5,
                row_code = $6
            WHERE id = $7 AND workspace_id = $8
            """,
            [
                SQLValue(integer: row.expiresAt?.milliseconds), SQLValue(integer: row.endedAt?.milliseconds),
                SQLValue(text: row.endReason?.rawValue), SQLValue(integer: row.firstUsedAt?.milliseconds),
                SQLValue(integer: row.lastUsedAt?.milliseconds), .blob(row.rowCode), .text(row.id.text),
                .text(row.workspaceID.text),
            ]
        )
    }

    /// The token of that digest in any workspace: this is how the workspace of a request is found.
    package func token(digest: [UInt8]) throws(StorageFailure) -> TokenRow? {
        try selectOne("WHERE digest = $1", [.blob(digest)])
    }

    package func token(_ id: TokenID, in workspace: WorkspaceID) throws(StorageFailure) -> TokenRow? {
        try selectRemembered("WHERE id = $1 AND workspace_id = $2", [.text(id.text), .text(workspace.text)])
    }

    /// The same, after `check` has found nothing wrong with the row; what is remembered is checked once.
    package func token(
        _ id: TokenID,
        in workspace: WorkspaceID,
        checkedBy check: (TokenRow) throws -> Void
    ) throws -> TokenRow? {
        try selectRemembered(
            "WHERE id = $1 AND workspace_id = $2",
            [.text(id.text), .text(workspace.text)],
            checkedBy: check
        )
    }

    /// Every token of an agent, ended ones too, oldest first.
    package func tokens(of agent: AgentID, in workspace: WorkspaceID) throws(StorageFailure) -> [TokenRow] {
        try select(
            "WHERE agent_id = $1 AND workspace_id = $2 ORDER BY id",
            [.text(agent.text), .text(workspace.text)]
        )
    }

    /// Removes the proxy tokens of an agent that were made for `start`, for a session that is over, or for an instance that
    /// ended before `time`.
    package func deleteInstanceTokens(
        of agent: AgentID,
        madeFor start: InstanceID,
        orEndedBefore time: Timestamp,
        in workspace: WorkspaceID
    ) throws(StorageFailure) {
        try execute(
            """
            DELETE FROM tokens WHERE agent_id = $1 AND workspace_id = $2 AND instance_id IS NOT NULL
                AND (instance_id = $3 OR expires_at < $4 OR (expires_at IS NULL AND NOT EXISTS (
                    SELECT 1 FROM instances WHERE instances.id = tokens.instance_id
                        AND (instances.ended_at IS NULL OR instances.ended_at >= $4))))
            """,
            [.text(agent.text), .text(workspace.text), .text(start.text), .integer(time.milliseconds)]
        )
    }

    /// Every token of a workspace that was not ended, of any kind.
    package func openTokens(in workspace: WorkspaceID) throws(StorageFailure) -> [TokenRow] {
        try select("WHERE workspace_id = $1 AND ended_at IS NULL ORDER BY id", [.text(workspace.text)])
    }

    /// Every token of a kind, ended ones too, oldest first.
    package func tokens(kind: TokenKind, in workspace: WorkspaceID) throws(StorageFailure) -> [TokenRow] {
        try select(
            "WHERE workspace_id = $1 AND kind = $2 ORDER BY id",
            [.text(workspace.text), .text(kind.rawValue)]
        )
    }
}

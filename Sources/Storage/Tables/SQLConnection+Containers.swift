// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension SQLConnection {
    /// Throws ``StorageFailure/constraint`` when a container of that id lives.
    package func insertContainer(_ row: ContainerRow) throws(StorageFailure) { try insert(row) }

    /// The container of that id that has not ended, in any workspace: a process says only where it runs.
    package func liveContainer(_ container: String) throws(StorageFailure) -> ContainerRow? {
        try selectOne("WHERE container = $1 AND ended_at IS NULL", [.text(container)])
    }

    /// The containers that have not ended, oldest first, of every workspace or of one.
    package func liveContainers(in workspace: WorkspaceID? = nil) throws(StorageFailure) -> [ContainerRow] {
        guard let workspace else { return try select("WHERE ended_at IS NULL ORDER BY token_id", []) }
        return try select("WHERE ended_at IS NULL AND workspace_id = $1 ORDER BY token_id", [.text(workspace.text)])
    }

    /// Ends a container, and the live instances in it; what has ended keeps its first end.
    package func endContainer(_ row: ContainerRow, at time: Timestamp) throws(StorageFailure) {
        try execute(
            "UPDATE containers SET ended_at = $1 WHERE token_id = $2 AND workspace_id = $3 AND ended_at IS NULL",
            [.integer(time.milliseconds), .text(row.tokenID.text), .text(row.workspaceID.text)]
        )
        try execute(
            """
            UPDATE instances SET ended_at = $1, end_reason = $2
            WHERE workspace_id = $3 AND agent_id = $4 AND token_id = $5 AND ended_at IS NULL
            """,
            [
                .integer(time.milliseconds), .text(InstanceEndReason.ended.rawValue), .text(row.workspaceID.text),
                .text(row.agentID.text), .text(row.tokenID.text),
            ]
        )
    }
}

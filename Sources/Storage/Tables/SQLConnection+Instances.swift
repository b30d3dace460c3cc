// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension SQLConnection {
    /// Throws ``StorageFailure/constraint`` when that start of that agent is recorded already.
    package func insertInstance(_ row: InstanceRow) throws(StorageFailure) { try insert(row) }

    /// Inserts unless that start of that agent is recorded already; says whether it did.
    package func insertInstanceOnce(_ row: InstanceRow) throws(StorageFailure) -> Bool {
        try insert(row, orKeepingEqual: "agent_id, start_id")
    }

    /// Ends the live instances that `start`, of the same replica, takes the place of.
    ///
    /// In a container only another start takes the place of one: its engine tells when all in it have ended.
    package func endInstances(replacedBy start: InstanceRow, at time: Timestamp) throws(StorageFailure) {
        try execute(
            """
            UPDATE instances SET ended_at = $1, end_reason = $2
            WHERE workspace_id = $3 AND agent_id = $4 AND ended_at IS NULL AND replica = $5 AND id <> $6
                AND (container IS NULL OR token_id = $7)
            """,
            [
                .integer(time.milliseconds), .text(InstanceEndReason.replaced.rawValue), .text(start.workspaceID.text),
                .text(start.agentID.text), .text(start.replica), .text(start.id.text), .text(start.tokenID.text),
            ]
        )
    }

    /// Ends the live instances of an agent but for the newest `count`; what its supervisor does not run yet is none, nor
    /// is what runs in a container, whose engine tells its end.
    package func endInstances(
        of agent: AgentID,
        beyond count: Int64,
        at time: Timestamp,
        in workspace: WorkspaceID
    ) throws(StorageFailure) {
        try execute(
            """
            UPDATE instances SET ended_at = $1, end_reason = $2
            WHERE workspace_id = $3 AND agent_id = $4 AND ended_at IS NULL
                AND (supervised = 0 OR running_at IS NOT NULL) AND container IS NULL AND id < (
                SELECT min(id) FROM (
                    SELECT id FROM instances WHERE workspace_id = $3 AND agent_id = $4 AND ended_at IS NULL
                        AND (supervised = 0 OR running_at IS NOT NULL) AND container IS NULL
                    ORDER BY id DESC LIMIT $5) AS newest)
            """,
            [
                .integer(time.milliseconds), .text(InstanceEndReason.surplus.rawValue), .text(workspace.text),
                .text(agent.text), .integer(count),
            ]
        )
    }

    /// Writes the end, the receipt, the token and what its supervisor says; who started and when never changes.
    package func updateInstance(_ row: InstanceRow) throws(StorageFailure) {
        try execute(
            """
            UPDATE instances SET token_id = $1, ended_at = $2, end_reason = $3, receipt = $4, supervised = $5, running_at = $6,
                restart_requested_at = $7
            WHERE id = $8 AND workspace_id = $9
            """,
            [
                .text(row.tokenID.text), SQLValue(integer: row.endedAt?.milliseconds),
                SQLValue(text: row.endReason?.rawValue), .blob(row.receipt),
                .integer(row.isSupervised ? 1 : 0), SQLValue(integer: row.runningAt?.milliseconds),
                SQLValue(integer: row.restartRequestedAt?.milliseconds), .text(row.id.text),
                .text(row.workspaceID.text),
            ]
        )
    }

    /// Ends a live instance; one that has ended keeps its first end.
    package func endInstance(
        _ id: InstanceID,
        at time: Timestamp,
        reason: InstanceEndReason,
        in workspace: WorkspaceID
    ) throws(StorageFailure) {
        try execute(
            """
            UPDATE instances SET ended_at = $1, end_reason = $2
            WHERE id = $3 AND workspace_id = $4 AND ended_at IS NULL
            """,
            [.integer(time.milliseconds), .text(reason.rawValue), .text(id.text), .text(workspace.text)]
        )
    }

    package func instance(_ id: InstanceID, in workspace: WorkspaceID) throws(StorageFailure) -> InstanceRow? {
        try selectOne("WHERE id = $1 AND workspace_id = $2", [.text(id.text), .text(workspace.text)])
    }

    package func instance(
        startID: String,
        of agent: AgentID,
        in workspace: WorkspaceID
    ) throws(StorageFailure) -> InstanceRow? {
        try selectOne(
            "WHERE agent_id = $1 AND start_id = $2 AND workspace_id = $3",
            [.text(agent.text), .text(startID), .text(workspace.text)]
        )
    }

    /// The live instances of an agent, newest first.
    package func liveInstances(
        of agent: AgentID,
        in workspace: WorkspaceID
    ) throws(StorageFailure) -> [InstanceRow] {
        try select(
            "WHERE workspace_id = $1 AND agent_id = $2 AND ended_at IS NULL ORDER BY id DESC",
            [.text(workspace.text), .text(agent.text)]
        )
    }

    /// The live instances of a workspace, newest first.
    package func liveInstances(in workspace: WorkspaceID) throws(StorageFailure) -> [InstanceRow] {
        try select("WHERE workspace_id = $1 AND ended_at IS NULL ORDER BY id DESC", [.text(workspace.text)])
    }

    /// The instances that the latest request to restart an agent's instances was for, oldest first.
    package func instancesToldToRestart(
        of agent: AgentID,
        in workspace: WorkspaceID
    ) throws(StorageFailure) -> [InstanceRow] {
        try select(
            """
            WHERE workspace_id = $1 AND agent_id = $2 AND restart_requested_at = (
                SELECT max(restart_requested_at) FROM instances WHERE workspace_id = $1 AND agent_id = $2)
            ORDER BY id
            """,
            [.text(workspace.text), .text(agent.text)]
        )
    }

    /// The newest instance of a replica that was made after `other`.
    package func successor(of other: InstanceRow) throws(StorageFailure) -> InstanceRow? {
        try selectOne(
            "WHERE workspace_id = $1 AND agent_id = $2 AND replica = $3 AND id > $4 ORDER BY id DESC LIMIT 1",
            [
                .text(other.workspaceID.text), .text(other.agentID.text), .text(other.replica), .text(other.id.text),
            ]
        )
    }

    /// One page of an agent's starts, newest first.
    package func instances(
        of agent: AgentID,
        in workspace: WorkspaceID,
        before: InstanceID? = nil,
        limit: Int
    ) throws(StorageFailure) -> [InstanceRow] {
        var condition = Condition()
        condition.add("agent_id =", .text(agent.text))
        condition.add("workspace_id =", .text(workspace.text))
        if let before { condition.add("id <", .text(before.text)) }
        let page = condition.page(orderedBy: "id DESC", limit: limit)
        return try select(page.sql, page.parameters)
    }
}

// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// One start of an agent and its receipt.
package struct InstanceRow: Equatable, Sendable {
    package var id: InstanceID
    package var workspaceID: WorkspaceID
    package var agentID: AgentID
    package var replica: String
    package var startID: String
    package var tokenID: TokenID
    package var startedAt: Timestamp
    package var endedAt: Timestamp?
    package var endReason: InstanceEndReason?
    package var receipt: [UInt8]
    /// Whether a supervisor keeps a connection for it and tells its end.
    package var isSupervised: Bool
    /// When its supervisor first said that it runs; nil before, and for one that nobody supervises.
    package var runningAt: Timestamp?
    /// When its supervisor was last asked to restart it.
    package var restartRequestedAt: Timestamp?
    /// The container that it runs in, by its engine's id; nil where no engine vouches for it.
    package var container: String?

    package init(
        id: InstanceID,
        workspaceID: WorkspaceID,
        agentID: AgentID,
        replica: String,
        startID: String,
        tokenID: TokenID,
        startedAt: Timestamp,
        endedAt: Timestamp?,
        endReason: InstanceEndReason?,
        receipt: [UInt8],
        isSupervised: Bool = false,
        runningAt: Timestamp? = nil,
        restartRequestedAt: Timestamp? = nil,
        container: String? = nil
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.agentID = agentID
        self.replica = replica
        self.startID = startID
        self.tokenID = tokenID
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.endReason = endReason
        self.receipt = receipt
        self.isSupervised = isSupervised
        self.runningAt = runningAt
        self.restartRequestedAt = restartRequestedAt
        self.container = container
    }
}

extension InstanceRow: StoredRow {
    static let table = "instances"
    static let columns = [
        "id", "workspace_id", "agent_id", "replica", "start_id", "token_id", "started_at", "ended_at",
        "end_reason", "receipt", "supervised", "running_at", "restart_requested_at",
        "container",
    ]

    init(_ row: SQLRow) throws(StorageFailure) {
        self.init(
            id: try row.id(0),
            workspaceID: try row.id(1),
            agentID: try row.id(2),
            replica: try row.text(3),
            startID: try row.text(4),
            tokenID: try row.id(5),
            startedAt: try row.time(6),
            endedAt: try row.optionalTime(7),
            endReason: try row.optionalChoice(8),
            receipt: try row.blob(9),
            isSupervised: try row.integer(10) != 0,
            runningAt: try row.optionalTime(11),
            restartRequestedAt: try row.optionalTime(12),
            container: try row.optionalText(13)
        )
    }

    var values: [SQLValue] {
        [
            .text(id.text),
            .text(workspaceID.text),
            .text(agentID.text),
            .text(replica),
            .text(startID),
            .text(tokenID.text),
            .integer(startedAt.milliseconds),
            SQLValue(integer: endedAt?.milliseconds),
            SQLValue(text: endReason?.rawValue),
            .blob(receipt),
            .integer(isSupervised ? 1 : 0),
            SQLValue(integer: runningAt?.milliseconds),
            SQLValue(integer: restartRequestedAt?.milliseconds),
            SQLValue(text: container),
        ]
    }
}

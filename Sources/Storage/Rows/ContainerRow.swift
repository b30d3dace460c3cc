// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// A container that its engine registered for an agent.
///
/// It has a token of its own that nobody holds: what the token's digest covers cannot be changed unseen.
package struct ContainerRow: Equatable, Sendable {
    package var tokenID: TokenID
    package var workspaceID: WorkspaceID
    package var agentID: AgentID
    /// The engine's id of it.
    package var container: String
    /// Its first process, as this machine numbers it.
    package var pid: Int64
    /// When that process began, in clock ticks since the machine did (proc(5)).
    package var processStart: Int64
    /// The id of the machine's boot.
    package var boot: String
    /// The control groups that name the container, one a line.
    package var cgroup: String
    package var registeredAt: Timestamp
    package var endedAt: Timestamp?

    package init(
        tokenID: TokenID,
        workspaceID: WorkspaceID,
        agentID: AgentID,
        container: String,
        pid: Int64,
        processStart: Int64,
        boot: String,
        cgroup: String,
        registeredAt: Timestamp,
        endedAt: Timestamp? = nil
    ) {
        self.tokenID = tokenID
        self.workspaceID = workspaceID
        self.agentID = agentID
        self.container = container
        self.pid = pid
        self.processStart = processStart
        self.boot = boot
        self.cgroup = cgroup
        self.registeredAt = registeredAt
        self.endedAt = endedAt
    }
}

extension ContainerRow: StoredRow {
    static let table = "containers"
    static let columns = [
        "token_id", "workspace_id", "agent_id", "container", "pid", "process_start", "boot", "cgroup", "registered_at",
        "ended_at",
    ]

    init(_ row: SQLRow) throws(StorageFailure) {
        self.init(
            tokenID: try row.id(0),
            workspaceID: try row.id(1),
            agentID: try row.id(2),
            container: try row.text(3),
            pid: try row.integer(4),
            processStart: try row.integer(5),
            boot: try row.text(6),
            cgroup: try row.text(7),
            registeredAt: try row.time(8),
            endedAt: try row.optionalTime(9)
        )
    }

    var values: [SQLValue] {
        [
            .text(tokenID.text),
            .text(workspaceID.text),
            .text(agentID.text),
            .text(container),
            .integer(pid),
            .integer(processStart),
            .text(boot),
            .text(cgroup),
            .integer(registeredAt.milliseconds),
            SQLValue(integer: endedAt?.milliseconds),
        ]
    }
}

// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// The answer to `GET /workspace/status`.
package struct WorkspaceStatusBody: Codable, Equatable, Sendable {
    package var workspace: NamedBody
    /// The caller's role.
    package var role: Role
    package var secrets: Int
    package var agents: Int
    package var attachments: Int
    package var liveInstances: Int
    /// Agents with at least one attachment that is not on its current version.
    package var staleAgents: [NamedBody]
    /// Entries within their reminders, or expired, soonest first; a hundred at most.
    package var expiring: [ExpiringBody] = []
    package var server: ServerBody

    package init(
        workspace: NamedBody,
        role: Role,
        secrets: Int,
        agents: Int,
        attachments: Int,
        liveInstances: Int,
        staleAgents: [NamedBody],
        server: ServerBody
    ) {
        self.workspace = workspace
        self.role = role
        self.secrets = secrets
        self.agents = agents
        self.attachments = attachments
        self.liveInstances = liveInstances
        self.staleAgents = staleAgents
        self.server = server
    }
}

/// What the server is and which key it holds.
package struct ServerBody: Codable, Equatable, Sendable {
    package var version: String
    package var masterKeyId: String
    package var activeEpoch: UInt32
    package var storage: String
    /// The server's clock when it answered.
    package var time: Timestamp?
    /// Of the file system that holds the data: what is left for the server, and the whole.
    package var freeBytes: Int64?
    package var totalBytes: Int64?

    package init(version: String, masterKeyId: String, activeEpoch: UInt32, storage: String) {
        self.version = version
        self.masterKeyId = masterKeyId
        self.activeEpoch = activeEpoch
        self.storage = storage
    }
}

/// The answer to `/healthz` and `/readyz`.
package struct HealthBody: Codable, Equatable, Sendable {
    package var status: String

    package init(status: String) {
        self.status = status
    }
}

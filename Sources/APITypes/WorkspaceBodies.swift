// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// The answer to `GET /workspace/status`.
package struct WorkspaceStatusBody: Codable, Equatable, Sendable {
    package var workspace: WorkspaceUsageBody
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
        workspace: WorkspaceUsageBody,
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

extension Plan: Codable {}

/// A workspace with its plan, what it holds and sent, and what it may.
package struct WorkspaceUsageBody: Codable, Equatable, Sendable {
    package var id: String
    package var name: String
    package var plan: Plan
    package var usage: UsageBody
    package var limits: LimitsBody

    package init(id: String, name: String, plan: Plan, usage: UsageBody, limits: LimitsBody) {
        self.id = id
        self.name = name
        self.plan = plan
        self.usage = usage
        self.limits = limits
    }
}

/// What a workspace holds, and sent through the proxy in the present month (UTC).
package struct UsageBody: Codable, Equatable, Sendable {
    package var credentials: Int
    package var agents: Int
    package var requestsThisMonth: Int

    package init(credentials: Int, agents: Int, requestsThisMonth: Int) {
        self.credentials = credentials
        self.agents = agents
        self.requestsThisMonth = requestsThisMonth
    }
}

/// What a plan allows; what is absent has no limit.
package struct LimitsBody: Codable, Equatable, Sendable {
    package var credentials: Int?
    package var agents: Int?
    package var requestsPerMonth: Int?

    package init(credentials: Int? = nil, agents: Int? = nil, requestsPerMonth: Int? = nil) {
        self.credentials = credentials
        self.agents = agents
        self.requestsPerMonth = requestsPerMonth
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

// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// An agent, with what is attached to it when a single one was asked for.
package struct AgentBody: Codable, Equatable, Sendable {
    package var id: String
    package var name: String
    /// How many instances may run at once; a start beyond it ends the oldest.
    package var replicas: Int64
    /// Names that change how a process is loaded and that this agent may nevertheless receive.
    package var allowedNames: [String]
    package var createdAt: Timestamp
    /// How many of its instances live.
    package var instances: Int
    package var secrets: [AttachedSecretBody]?
    package var providers: [AgentProviderBody]?
    /// Through the proxy, in the present month (UTC); absent in lists.
    package var requestsThisMonth: Int?
    /// Only in the answer to the request that made the agent; never shown again.
    package var gatewayToken: String?
    /// As the gateway token, one for each credential and provider that was attached with it.
    package var proxyTokens: [ProxyTokenBody]?

    package init(
        id: String,
        name: String,
        replicas: Int64,
        allowedNames: [String],
        createdAt: Timestamp,
        instances: Int,
        secrets: [AttachedSecretBody]?,
        providers: [AgentProviderBody]? = nil,
        requestsThisMonth: Int? = nil,
        gatewayToken: String? = nil,
        proxyTokens: [ProxyTokenBody]? = nil
    ) {
        self.id = id
        self.name = name
        self.replicas = replicas
        self.allowedNames = allowedNames
        self.createdAt = createdAt
        self.instances = instances
        self.secrets = secrets
        self.providers = providers
        self.requestsThisMonth = requestsThisMonth
        self.gatewayToken = gatewayToken
        self.proxyTokens = proxyTokens
    }
}

/// One entry attached to an agent, and whether its live instances hold the current version.
package struct AttachedSecretBody: Codable, Equatable, Sendable {
    package var id: String
    package var name: String
    package var kind: EntryKind
    package var version: Int64
    package var provider: String?
    package var delivery: Delivery
    package var state: SyncState
    /// `state == "synced"`.
    package var synced: Bool
    /// Absent with `removed_pending_restart`.
    package var attachedAt: Timestamp?

    package init(
        id: String,
        name: String,
        kind: EntryKind,
        version: Int64,
        provider: String?,
        delivery: Delivery,
        state: SyncState,
        attachedAt: Timestamp?
    ) {
        self.id = id
        self.name = name
        self.kind = kind
        self.version = version
        self.provider = provider
        self.delivery = delivery
        self.state = state
        synced = state == .synced
        self.attachedAt = attachedAt
    }
}

extension Delivery: Codable {}
extension InstanceLiveness: Codable {}
extension SyncState: Codable {}

/// One page of agents, oldest first.
package struct AgentPage: Codable, Equatable, Sendable {
    package var agents: [AgentBody]
    package var nextCursor: String?

    package init(agents: [AgentBody], nextCursor: String?) {
        self.agents = agents
        self.nextCursor = nextCursor
    }
}

/// The body of `POST /agents`.
package struct CreateAgentBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case name, replicas, allowedNames, secretIds, credentialIds, providers
    }

    package var name: String
    package var replicas: Int64?
    package var allowedNames: [String]?
    /// Ids or names of entries to attach in the same transaction.
    package var secretIds: [String]?
    /// Ids or names of credentials to attach by proxy; the answer has their tokens.
    package var credentialIds: [String]?
    /// Providers to attach; the answer has their tokens.
    package var providers: [String]?

    package init(
        name: String,
        replicas: Int64? = nil,
        allowedNames: [String]? = nil,
        secretIds: [String]? = nil,
        credentialIds: [String]? = nil,
        providers: [String]? = nil
    ) {
        self.name = name
        self.replicas = replicas
        self.allowedNames = allowedNames
        self.secretIds = secretIds
        self.credentialIds = credentialIds
        self.providers = providers
    }
}

/// The body of `PATCH /agents/{id}`; what is absent stays as it is.
package struct UpdateAgentBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable { case name, replicas, allowedNames }

    package var name: String?
    package var replicas: Int64?
    package var allowedNames: [String]?

    package init(name: String? = nil, replicas: Int64? = nil, allowedNames: [String]? = nil) {
        self.name = name
        self.replicas = replicas
        self.allowedNames = allowedNames
    }
}

/// The body of `POST /agents/{id}/secrets`.
package struct AttachBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable { case secretIds }

    /// Ids or names, 1 to 500; one conflict attaches none.
    package var secretIds: [String]

    package init(secretIds: [String]) {
        self.secretIds = secretIds
    }
}

/// The answer to an attach: what was attached by this request.
package struct AttachedBody: Codable, Equatable, Sendable {
    package var success: Bool
    package var attached: [NamedBody]

    package init(attached: [NamedBody]) {
        success = true
        self.attached = attached
    }
}

/// What is attached to an agent.
package struct AttachedSecretList: Codable, Equatable, Sendable {
    package var secrets: [AttachedSecretBody]

    package init(secrets: [AttachedSecretBody]) {
        self.secrets = secrets
    }
}

/// One start of an agent, and what it was given.
package struct InstanceBody: Codable, Equatable, Sendable {
    package var id: String
    /// The name under which the replica keeps coming back.
    package var replica: String
    package var startedAt: Timestamp
    package var endedAt: Timestamp?
    /// Why it ended: `replaced`, `surplus` or `ended`.
    package var endReason: String?
    /// Whether a supervisor stays with it.
    package var supervised: Bool
    package var liveness: InstanceLiveness
    /// The container that it runs in, by its engine's id.
    package var container: String?
    package var receipt: [ReceiptItemBody]

    package init(
        id: String,
        replica: String,
        startedAt: Timestamp,
        endedAt: Timestamp?,
        endReason: String?,
        isSupervised: Bool = false,
        liveness: InstanceLiveness = .assumed,
        container: String? = nil,
        receipt: [ReceiptItemBody]
    ) {
        self.id = id
        self.replica = replica
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.endReason = endReason
        supervised = isSupervised
        self.liveness = liveness
        self.container = container
        self.receipt = receipt
    }
}

/// An entry and the version of it that an instance was given.
package struct ReceiptItemBody: Codable, Equatable, Sendable {
    package var secretId: String
    package var name: String
    package var version: Int64

    package init(secretId: String, name: String, version: Int64) {
        self.secretId = secretId
        self.name = name
        self.version = version
    }
}

/// One page of instances, newest first.
package struct InstancePage: Codable, Equatable, Sendable {
    package var instances: [InstanceBody]
    package var nextCursor: String?

    package init(instances: [InstanceBody], nextCursor: String?) {
        self.instances = instances
        self.nextCursor = nextCursor
    }
}

// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// A credential, as listings show it: everything but its value.
package struct CredentialBody: Codable, Equatable, Sendable {
    package var id: String
    package var name: String
    package var type: CredentialScheme
    package var version: Int64
    /// The beginning of the value and `***`; absent when the stored row is damaged.
    package var mask: String?
    package var provider: String?
    /// The variable that an agent receives it in.
    package var environmentName: String
    /// The field that the value stands in, for `CUSTOM_HEADER`.
    package var header: String?
    /// What stands before the value in that field.
    package var prefix: String?
    /// The parameter of the query, for `QUERY_PARAM`.
    package var parameter: String?
    /// Where it may go; empty means nowhere.
    package var hosts: [String]
    /// Among those of its provider the lowest is preferred, then the oldest.
    package var rotationPriority: Int64
    /// What of an answer reaches the agent; absent for all of it.
    package var response: AnswerPart?
    package var note: String
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    package var expiresAt: Timestamp?
    /// When it was revoked or deleted.
    package var revokedAt: Timestamp?
    /// How many agents it is attached to.
    package var agents: Int
    /// False when the stored row is damaged; it is then never handed out.
    package var intact: Bool

    package init(
        id: String,
        name: String,
        type: CredentialScheme,
        version: Int64,
        mask: String?,
        provider: String?,
        environmentName: String,
        header: String?,
        prefix: String?,
        parameter: String?,
        hosts: [String],
        rotationPriority: Int64 = 0,
        response: AnswerPart? = nil,
        note: String,
        createdAt: Timestamp,
        updatedAt: Timestamp,
        expiresAt: Timestamp?,
        revokedAt: Timestamp? = nil,
        agents: Int,
        intact: Bool
    ) {
        self.id = id
        self.name = name
        self.type = type
        self.version = version
        self.mask = mask
        self.provider = provider
        self.environmentName = environmentName
        self.header = header
        self.prefix = prefix
        self.parameter = parameter
        self.hosts = hosts
        self.rotationPriority = rotationPriority
        self.response = response
        self.note = note
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
        self.agents = agents
        self.intact = intact
    }
}

extension CredentialScheme: Codable {}

/// The place of a credential among those of its provider.
package enum CredentialPriority {
    package static let largest = 1_000_000
}

/// One page of credentials, oldest first.
package struct CredentialPage: Codable, Equatable, Sendable {
    package var credentials: [CredentialBody]
    package var nextCursor: String?

    package init(credentials: [CredentialBody], nextCursor: String?) {
        self.credentials = credentials
        self.nextCursor = nextCursor
    }
}

/// The body of `POST /credentials`; what a provider's entry in the catalogue says need not be said again.
package struct CreateCredentialBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case name, type, value, provider, environmentName, header, prefix, parameter, hosts, rotationPriority, response,
            note, expiresAt
    }

    package var name: String
    /// Absent only with a provider.
    package var type: CredentialScheme?
    /// A key; `user:password`; cookies; or lines of `Name: value` when no header is named.
    package var value: SecretText
    package var provider: String?
    package var environmentName: String?
    package var header: String?
    package var prefix: String?
    package var parameter: String?
    package var hosts: [String]?
    /// 0 unless told.
    package var rotationPriority: Int64?
    package var response: AnswerPart?
    package var note: String?
    package var expiresAt: Timestamp?

    package init(
        name: String,
        type: CredentialScheme? = nil,
        value: SecretText,
        provider: String? = nil,
        environmentName: String? = nil,
        header: String? = nil,
        prefix: String? = nil,
        parameter: String? = nil,
        hosts: [String]? = nil,
        rotationPriority: Int64? = nil,
        response: AnswerPart? = nil,
        note: String? = nil,
        expiresAt: Timestamp? = nil
    ) {
        self.name = name
        self.type = type
        self.value = value
        self.provider = provider
        self.environmentName = environmentName
        self.header = header
        self.prefix = prefix
        self.parameter = parameter
        self.hosts = hosts
        self.rotationPriority = rotationPriority
        self.response = response
        self.note = note
        self.expiresAt = expiresAt
    }
}

/// The body of `PATCH /credentials/{id}`; what is absent stays as it is.
package struct UpdateCredentialBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case name, value, hosts, rotationPriority, response, note, expiresAt
    }

    package var name: String?
    package var value: SecretText?
    /// Replaces the whole list.
    package var hosts: [String]?
    package var rotationPriority: Int64?
    package var response: AnswerPart?
    package var note: String?
    package var expiresAt: Timestamp?

    package init(
        name: String? = nil,
        value: SecretText? = nil,
        hosts: [String]? = nil,
        rotationPriority: Int64? = nil,
        response: AnswerPart? = nil,
        note: String? = nil,
        expiresAt: Timestamp? = nil
    ) {
        self.name = name
        self.value = value
        self.hosts = hosts
        self.rotationPriority = rotationPriority
        self.response = response
        self.note = note
        self.expiresAt = expiresAt
    }
}

/// The body of `POST /agents/{id}/credentials`.
package struct AttachCredentialBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable { case credentialId, delivery }

    /// Its id or its name.
    package var credentialId: String
    /// `proxy` unless told.
    package var delivery: Delivery?

    package init(credentialId: String, delivery: Delivery? = nil) {
        self.credentialId = credentialId
        self.delivery = delivery
    }
}

/// The answer to attaching a credential.
package struct AttachedCredentialBody: Codable, Equatable, Sendable {
    package var agentId: String
    package var credentialId: String
    package var delivery: Delivery
    /// With delivery `proxy`; not shown again.
    package var proxyToken: String?

    package init(agentId: String, credentialId: String, delivery: Delivery, proxyToken: String? = nil) {
        self.agentId = agentId
        self.credentialId = credentialId
        self.delivery = delivery
        self.proxyToken = proxyToken
    }
}

/// The answer to the rotation of a proxy token.
package struct RotatedProxyTokenBody: Codable, Equatable, Sendable {
    /// Not shown again.
    package var proxyToken: String
    package var agentId: String
    /// What it is for: a credential or a provider.
    package var credentialId: String?
    package var provider: String?
    /// Until when the token before it keeps working; absent when it ended.
    package var previousExpiresAt: Timestamp?

    package init(
        proxyToken: String,
        agentId: String,
        credentialId: String? = nil,
        provider: String? = nil,
        previousExpiresAt: Timestamp?
    ) {
        self.proxyToken = proxyToken
        self.agentId = agentId
        self.credentialId = credentialId
        self.provider = provider
        self.previousExpiresAt = previousExpiresAt
    }
}

/// What a provider said of a key, or why nobody asked it.
package struct CredentialTestBody: Codable, Equatable, Sendable {
    package enum Result: String, Codable, CaseIterable, Sendable {
        case ok
        /// 401, or what the provider says instead.
        case wrongKey = "wrong_key"
        /// The time of the credential is over, or the provider says so of the key.
        case expired
        /// 403: the key is known and may not do this.
        case forbidden
        /// 402.
        case noCredit = "no_credit"
        /// 429.
        case rateLimited = "rate_limited"
        /// No answer came.
        case unreachable
        /// Any other answer.
        case failed
        /// The catalogue has no request for this, or the credential may not go there.
        case skipped
    }

    package var result: Result
    /// What the provider answered.
    package var status: Int?
    /// Why it was skipped, or the code of what kept it from being reached.
    package var reason: String?

    package init(_ result: Result, status: Int? = nil, reason: String? = nil) {
        self.result = result
        self.status = status
        self.reason = reason
    }
}

extension AnswerPart: Codable {}

/// The body of `POST /credentials/{id}/move`.
package struct MoveCredentialBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable { case direction }

    package enum Direction: String, Codable, CaseIterable, Sendable {
        /// Towards the preferred one.
        case up
        case down
    }

    package var direction: Direction

    package init(_ direction: Direction) {
        self.direction = direction
    }
}

/// The credentials of a provider, the preferred one first.
package struct CredentialOrderBody: Codable, Equatable, Sendable {
    package var provider: String
    package var credentials: [RankedCredentialBody]

    package init(provider: String, credentials: [RankedCredentialBody]) {
        self.provider = provider
        self.credentials = credentials
    }
}

/// A credential and its place among those of its provider.
package struct RankedCredentialBody: Codable, Equatable, Sendable {
    package var id: String
    package var name: String
    package var rotationPriority: Int64

    package init(id: String, name: String, rotationPriority: Int64) {
        self.id = id
        self.name = name
        self.rotationPriority = rotationPriority
    }
}

/// The body of `POST /agents/{id}/providers`.
package struct AttachProviderBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable { case provider }

    package var provider: String

    package init(provider: String) {
        self.provider = provider
    }
}

/// The answer to attaching a provider.
package struct AttachedProviderBody: Codable, Equatable, Sendable {
    package var agentId: String
    package var provider: String
    /// Not shown again.
    package var proxyToken: String

    package init(agentId: String, provider: String, proxyToken: String) {
        self.agentId = agentId
        self.provider = provider
        self.proxyToken = proxyToken
    }
}

/// A provider attached to an agent.
package struct AgentProviderBody: Codable, Equatable, Sendable {
    package var provider: String
    /// Whether the live instances were given a token for it.
    package var state: SyncState
    /// `state == "synced"`.
    package var synced: Bool
    package var attachedAt: Timestamp

    package init(provider: String, state: SyncState, attachedAt: Timestamp) {
        self.provider = provider
        self.state = state
        synced = state == .synced
        self.attachedAt = attachedAt
    }
}

/// A proxy token that an answer shows, and what it is for: a credential or a provider.
package struct ProxyTokenBody: Codable, Equatable, Sendable {
    package var credentialId: String?
    package var provider: String?
    /// Not shown again.
    package var proxyToken: String

    package init(credentialId: String? = nil, provider: String? = nil, proxyToken: String) {
        self.credentialId = credentialId
        self.provider = provider
        self.proxyToken = proxyToken
    }
}

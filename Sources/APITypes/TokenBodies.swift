// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension Role: Codable {}

/// The body of `POST /agents/{id}/gateway-token/rotate`, and of the rotation of a workspace key.
package struct RotateGatewayTokenBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable { case revoke, graceSeconds }

    /// Ends the old token now instead of after the grace.
    package var revoke: Bool?
    /// How long the old token keeps working, unless the new one is used first: 0 to 604,800, default 3,600.
    package var graceSeconds: Int64?

    package init(revoke: Bool? = nil, graceSeconds: Int64? = nil) {
        self.revoke = revoke
        self.graceSeconds = graceSeconds
    }
}

/// The answer to a rotation; the token is never shown again.
package struct RotatedGatewayTokenBody: Codable, Equatable, Sendable {
    package var gatewayToken: String
    /// When the old token ends at the latest; absent when it ended now.
    package var previousExpiresAt: Timestamp?

    package init(gatewayToken: String, previousExpiresAt: Timestamp?) {
        self.gatewayToken = gatewayToken
        self.previousExpiresAt = previousExpiresAt
    }
}

/// The answer to `POST /agents/{id}/sessions`: a gateway token for one interactive session.
package struct SessionBody: Codable, Equatable, Sendable {
    package var gatewayToken: String
    package var expiresAt: Timestamp

    package init(gatewayToken: String, expiresAt: Timestamp) {
        self.gatewayToken = gatewayToken
        self.expiresAt = expiresAt
    }
}

/// The body of `POST /workspace/api-keys`.
package struct CreateAPIKeyBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable { case name, role, expiresAt, networks }

    package var name: String
    package var role: Role?
    package var expiresAt: Timestamp?
    /// The only networks from which it is accepted, such as `192.0.2.0/24`; from anywhere without.
    package var networks: [String]?

    package init(name: String, role: Role? = nil, expiresAt: Timestamp? = nil, networks: [String]? = nil) {
        self.name = name
        self.role = role
        self.expiresAt = expiresAt
        self.networks = networks
    }
}

/// A workspace key; the token itself only in the answer to the request that made it.
package struct APIKeyBody: Codable, Equatable, Sendable {
    package var id: String
    package var name: String
    package var role: Role
    /// The token's last four characters.
    package var hint: String
    package var createdAt: Timestamp
    package var expiresAt: Timestamp?
    package var revokedAt: Timestamp?
    package var lastUsedAt: Timestamp?
    /// The only networks from which it is accepted; absent where it is accepted from anywhere.
    package var networks: [String]?
    package var token: String?

    package init(
        id: String,
        name: String,
        role: Role,
        hint: String,
        createdAt: Timestamp,
        expiresAt: Timestamp?,
        revokedAt: Timestamp?,
        lastUsedAt: Timestamp?,
        networks: [String]? = nil,
        token: String? = nil
    ) {
        self.id = id
        self.name = name
        self.role = role
        self.hint = hint
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
        self.lastUsedAt = lastUsedAt
        self.networks = networks
        self.token = token
    }
}

/// The answer to the rotation of a workspace key: the new key, with its token.
package struct RotatedAPIKeyBody: Codable, Equatable, Sendable {
    package var apiKey: APIKeyBody
    /// When the old key ends at the latest; absent when it ended now.
    package var previousExpiresAt: Timestamp?

    package init(apiKey: APIKeyBody, previousExpiresAt: Timestamp?) {
        self.apiKey = apiKey
        self.previousExpiresAt = previousExpiresAt
    }
}

/// The workspace keys, oldest first.
package struct APIKeyList: Codable, Equatable, Sendable {
    package var apiKeys: [APIKeyBody]

    package init(apiKeys: [APIKeyBody]) {
        self.apiKeys = apiKeys
    }
}

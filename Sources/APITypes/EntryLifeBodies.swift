// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// One version that an entry has or had; never its value.
package struct SecretVersionBody: Codable, Equatable, Sendable {
    package var version: Int64
    package var createdAt: Timestamp
    /// Who wrote it.
    package var createdBy: NamedBody
    /// When its value was destroyed, by a later version or with the entry; absent for the current one.
    package var destroyedAt: Timestamp?

    package init(version: Int64, createdAt: Timestamp, createdBy: NamedBody, destroyedAt: Timestamp?) {
        self.version = version
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.destroyedAt = destroyedAt
    }
}

/// One page of an entry's versions, newest first.
package struct SecretVersionPage: Codable, Equatable, Sendable {
    package var versions: [SecretVersionBody]
    package var nextCursor: String?

    package init(versions: [SecretVersionBody], nextCursor: String?) {
        self.versions = versions
        self.nextCursor = nextCursor
    }
}

/// The body of `POST /secrets/bulk`: one act on several entries, on all of them or on none.
package struct BulkSecretsBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case secretIds, action, provider, note, expiresAt, agents, names
    }

    package enum Act: String, CaseIterable, Codable, Sendable {
        case delete
        /// Sets what is present of `provider`, `note` and `expiresAt`.
        case annotate
        /// Gives each entry to each of `agents`, as environment variables.
        case attach
        /// Takes each entry away from each of `agents`.
        case detach
        /// Gives each entry the name that stands in its place in `names`; two may change places.
        case rename
    }

    /// Ids or names, each once.
    package var secretIds: [String]
    package var action: Act
    package var provider: String?
    package var note: String?
    package var expiresAt: Timestamp?
    /// Ids or names, each once; with `attach` and `detach` only.
    package var agents: [String]?
    /// New names, one for each of `secretIds`, in their order; with `rename` only.
    package var names: [String]?

    package init(
        _ action: Act,
        _ secretIds: [String],
        provider: String? = nil,
        note: String? = nil,
        expiresAt: Timestamp? = nil,
        agents: [String]? = nil,
        names: [String]? = nil
    ) {
        self.action = action
        self.secretIds = secretIds
        self.provider = provider
        self.note = note
        self.expiresAt = expiresAt
        self.agents = agents
        self.names = names
    }
}

/// What a bulk act was done to.
package struct BulkDoneBody: Codable, Equatable, Sendable {
    package var secrets: [NamedBody]

    package init(secrets: [NamedBody]) {
        self.secrets = secrets
    }
}

/// An entry that expires soon, or has.
package struct ExpiringBody: Codable, Equatable, Sendable {
    package var id: String
    package var name: String
    package var expiresAt: Timestamp
    package var expiry: ExpiryState

    package init(id: String, name: String, expiresAt: Timestamp, expiry: ExpiryState) {
        self.id = id
        self.name = name
        self.expiresAt = expiresAt
        self.expiry = expiry
    }
}

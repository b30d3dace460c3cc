// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// An entry of kind `secret` or `variable`, as listings show it.
package struct SecretBody: Codable, Equatable, Sendable {
    package var id: String
    package var name: String
    package var kind: EntryKind
    package var version: Int64
    /// The value; only ever present for a variable.
    package var value: String?
    /// The beginning of a secret's value and `***`; only ever present for a secret.
    package var mask: String?
    package var provider: String?
    package var note: String
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    package var expiresAt: Timestamp?
    /// How many agents it is attached to.
    package var agents: Int
    /// False when the stored row is damaged; the entry can then be written anew but not delivered.
    package var intact: Bool
    /// When it was last delivered to a process, known about ten seconds later; absent before the first time.
    package var lastUsedAt: Timestamp?
    /// Present from the first reminder before `expiresAt` on.
    package var expiry: ExpiryState?
    /// Whether the value has no byte; also false when the row is damaged.
    package var empty: Bool

    package init(
        id: String,
        name: String,
        kind: EntryKind,
        version: Int64,
        value: String?,
        mask: String?,
        provider: String?,
        note: String,
        createdAt: Timestamp,
        updatedAt: Timestamp,
        expiresAt: Timestamp?,
        agents: Int,
        intact: Bool,
        empty: Bool = false
    ) {
        self.id = id
        self.name = name
        self.kind = kind
        self.version = version
        self.value = value
        self.mask = mask
        self.provider = provider
        self.note = note
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.expiresAt = expiresAt
        self.agents = agents
        self.intact = intact
        self.empty = empty
    }
}

extension EntryKind: Codable {}

/// How near the end of an entry is.
package enum ExpiryState: String, CaseIterable, Codable, Sendable {
    /// Within the longest of the times at which reminders are given.
    case expiringSoon = "expiring_soon"
    /// Within the shortest of them.
    case expiring
    /// No start delivers it any more.
    case expired
}

/// One page of entries, oldest first.
package struct SecretPage: Codable, Equatable, Sendable {
    package var secrets: [SecretBody]
    /// Given back as `cursor` to get the next page; absent on the last one.
    package var nextCursor: String?

    package init(secrets: [SecretBody], nextCursor: String?) {
        self.secrets = secrets
        self.nextCursor = nextCursor
    }
}

/// The body of `POST /secrets`.
package struct CreateSecretBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable { case name, kind, value, provider, note, expiresAt }

    package var name: String
    package var kind: EntryKind
    package var value: SecretText
    package var provider: String?
    package var note: String?
    package var expiresAt: Timestamp?

    package init(
        name: String,
        kind: EntryKind,
        value: SecretText,
        provider: String? = nil,
        note: String? = nil,
        expiresAt: Timestamp? = nil
    ) {
        self.name = name
        self.kind = kind
        self.value = value
        self.provider = provider
        self.note = note
        self.expiresAt = expiresAt
    }
}

/// The body of `PATCH /secrets/{id}`; what is absent stays as it is.
package struct UpdateSecretBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable { case name, kind, value, provider, note, expiresAt }

    /// What `null` takes away; for other members it is as if they were absent.
    package enum Clearable: String, CaseIterable, Sendable {
        case provider, note, expiresAt

        fileprivate var key: CodingKeys {
            switch self {
            case .provider: .provider
            case .note: .note
            case .expiresAt: .expiresAt
            }
        }
    }

    package var name: String?
    package var kind: EntryKind?
    package var value: SecretText?
    package var provider: String?
    package var note: String?
    package var expiresAt: Timestamp?
    package var cleared: Set<Clearable>

    package init(
        name: String? = nil,
        kind: EntryKind? = nil,
        value: SecretText? = nil,
        provider: String? = nil,
        note: String? = nil,
        expiresAt: Timestamp? = nil,
        clearing cleared: Set<Clearable> = []
    ) {
        self.name = name
        self.kind = kind
        self.value = value
        self.provider = provider
        self.note = note
        self.expiresAt = expiresAt
        self.cleared = cleared
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decodeIfPresent(String.self, forKey: .name)
        kind = try container.decodeIfPresent(EntryKind.self, forKey: .kind)
        value = try container.decodeIfPresent(SecretText.self, forKey: .value)
        provider = try container.decodeIfPresent(String.self, forKey: .provider)
        note = try container.decodeIfPresent(String.self, forKey: .note)
        expiresAt = try container.decodeIfPresent(Timestamp.self, forKey: .expiresAt)
        cleared = Set(
            try Clearable.allCases.filter { try container.contains($0.key) && container.decodeNil(forKey: $0.key) }
        )
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(name, forKey: .name)
        try container.encodeIfPresent(kind, forKey: .kind)
        try container.encodeIfPresent(value, forKey: .value)
        try container.encodeIfPresent(provider, forKey: .provider)
        try container.encodeIfPresent(note, forKey: .note)
        try container.encodeIfPresent(expiresAt, forKey: .expiresAt)
        for field in cleared { try container.encodeNil(forKey: field.key) }
    }
}

// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// A token, known by its digest only.
package struct TokenRow: Equatable, Sendable {
    package var id: TokenID
    package var workspaceID: WorkspaceID
    package var kind: TokenKind
    package var digest: [UInt8]
    package var hint: String
    package var name: String
    package var role: Role?
    package var agentID: AgentID?
    package var createdBy: UserID
    package var createdAt: Timestamp
    package var expiresAt: Timestamp?
    package var endedAt: Timestamp?
    package var endReason: TokenEndReason?
    package var firstUsedAt: Timestamp?
    package var lastUsedAt: Timestamp?
    /// The networks from which it is accepted, separated by blanks; nil for all.
    package var networks: String?
    package var rowCode: [UInt8]
    /// The credential that a proxy token opens.
    package var entryID: EntryID?
    /// The start that a proxy token was made for; nil for one that a person was shown.
    package var instanceID: InstanceID?
    /// The provider whose credentials a proxy token chooses from.
    package var provider: ProviderID?

    package init(
        id: TokenID,
        workspaceID: WorkspaceID,
        kind: TokenKind,
        digest: [UInt8],
        hint: String,
        name: String,
        role: Role?,
        agentID: AgentID?,
        createdBy: UserID,
        createdAt: Timestamp,
        expiresAt: Timestamp?,
        endedAt: Timestamp?,
        endReason: TokenEndReason?,
        firstUsedAt: Timestamp?,
        lastUsedAt: Timestamp?,
        networks: String? = nil,
        rowCode: [UInt8],
        entryID: EntryID? = nil,
        instanceID: InstanceID? = nil,
        provider: ProviderID? = nil
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.kind = kind
        self.digest = digest
        self.hint = hint
        self.name = name
        self.role = role
        self.agentID = agentID
        self.createdBy = createdBy
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.endedAt = endedAt
        self.endReason = endReason
        self.firstUsedAt = firstUsedAt
        self.lastUsedAt = lastUsedAt
        self.networks = networks
        self.rowCode = rowCode
        self.entryID = entryID
        self.instanceID = instanceID
        self.provider = provider
    }
}

extension TokenRow: StoredRow {
    static let table = "tokens"
    static let columns = [
        "id", "workspace_id", "kind", "digest", "hint", "name", "role", "agent_id", "created_by", "created_at",
        "expires_at", "ended_at", "end_reason", "first_used_at", "last_used_at", "networks", "row_code",
        "entry_id", "instance_id", "provider",
    ]

    init(_ row: SQLRow) throws(StorageFailure) {
        self.init(
            id: try row.id(0),
            workspaceID: try row.id(1),
            kind: try row.choice(2),
            digest: try row.blob(3),
            hint: try row.text(4),
            name: try row.text(5),
            role: try row.optionalChoice(6),
            agentID: try row.optionalID(7),
            createdBy: try row.id(8),
            createdAt: try row.time(9),
            expiresAt: try row.optionalTime(10),
            endedAt: try row.optionalTime(11),
            endReason: try row.optionalChoice(12),
            firstUsedAt: try row.optionalTime(13),
            lastUsedAt: try row.optionalTime(14),
            networks: try row.optionalText(15),
            rowCode: try row.blob(16),
            entryID: try row.optionalID(17),
            instanceID: try row.optionalID(18),
            provider: try row.optionalProvider(19)
        )
    }

    var values: [SQLValue] {
        [
            .text(id.text),
            .text(workspaceID.text),
            .text(kind.rawValue),
            .blob(digest),
            .text(hint),
            .text(name),
            SQLValue(text: role?.rawValue),
            SQLValue(text: agentID?.text),
            .text(createdBy.text),
            .integer(createdAt.milliseconds),
            SQLValue(integer: expiresAt?.milliseconds),
            SQLValue(integer: endedAt?.milliseconds),
            SQLValue(text: endReason?.rawValue),
            SQLValue(integer: firstUsedAt?.milliseconds),
            SQLValue(integer: lastUsedAt?.milliseconds),
            SQLValue(text: networks),
            .blob(rowCode),
            SQLValue(text: entryID?.text),
            SQLValue(text: instanceID?.text),
            SQLValue(text: provider?.text),
        ]
    }
}

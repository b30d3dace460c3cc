// SPDX-License-Identifier: Apache-2.0

internal import Sealing
internal import Storage
internal import VaultModel

// What the authentication code of each row covers. A row that was changed by somebody who can write to the database
// but does not hold the master key is found here, at every use. Columns that say only when something was last used
// are left out: they are no permission.

extension MembershipRow {
    var content: RowContent {
        RowContent("memberships")
            .adding(workspaceID.text).adding(userID.text).adding(Int64(role.code)).adding(createdAt.milliseconds)
    }

    func sealed(with ring: KeyRing) -> MembershipRow {
        var row = self
        row.rowCode = ring.rowCode(for: content, scope: .system)
        return row
    }

    func verify(with ring: KeyRing) throws(SealingError) {
        try ring.verify(rowCode, of: content, scope: .system)
    }
}

extension UserRow {
    var content: RowContent {
        RowContent("users").adding(id.text).adding(name).adding(createdAt.milliseconds)
    }

    func sealed(with ring: KeyRing) -> UserRow {
        var row = self
        row.rowCode = ring.rowCode(for: content, scope: .system)
        return row
    }

    func verify(with ring: KeyRing) throws(SealingError) {
        try ring.verify(rowCode, of: content, scope: .system)
    }
}

extension TokenRow {
    var content: RowContent {
        let content = RowContent("tokens")
            .adding(workspaceID.text).adding(id.text).adding(kind.rawValue).adding(digest).adding(name)
            .adding(optional: role.map { Int64($0.code) }).adding(optional: agentID?.text).adding(createdBy.text)
            .adding(createdAt.milliseconds).adding(optional: expiresAt?.milliseconds)
            .adding(optional: endedAt?.milliseconds).adding(optional: endReason?.rawValue)
            .adding(optional: firstUsedAt?.milliseconds)
        // A row without networks, and one that is no proxy token's, has the bytes that it had before there were any.
        let narrowed = networks.map { content.adding($0) } ?? content
        let bound = entryID.map { narrowed.adding($0.text) } ?? narrowed
        let leased = instanceID.map { bound.adding("instance").adding($0.text) } ?? bound
        return provider.map { leased.adding("provider").adding($0.text) } ?? leased
    }

    func sealed(with ring: KeyRing) -> TokenRow {
        var row = self
        row.rowCode = ring.rowCode(for: content, scope: .system)
        return row
    }

    func verify(with ring: KeyRing) throws(SealingError) {
        try ring.verify(rowCode, of: content, scope: .system)
    }

    /// Why the token opens nothing at `time`, if it does not.
    func problem(at time: Timestamp) -> TokenProblem? {
        if endedAt != nil {
            switch endReason {
            case .rotated: return .rotated
            case .revoked, nil: return .revoked
            }
        }
        guard let expiresAt, expiresAt <= time else { return nil }
        // An agent's token has an end only while it is being replaced; that of a session ends with it.
        return kind == .gateway || kind == .proxy && instanceID == nil ? .rotated : .revoked
    }
}

extension AgentRow {
    var content: RowContent {
        RowContent("agents")
            .adding(workspaceID.text).adding(id.text).adding(name).adding(replicas).adding(allowedNames)
            .adding(createdAt.milliseconds).adding(optional: deletedAt?.milliseconds)
    }

    func sealed(with ring: KeyRing) -> AgentRow {
        var row = self
        row.rowCode = ring.rowCode(for: content, scope: .system)
        return row
    }

    func verify(with ring: KeyRing) throws(SealingError) {
        try ring.verify(rowCode, of: content, scope: .system)
    }
}

extension EntryRow {
    /// Covers the readable value too: a variable is not sealed, but it is authenticated.
    func content(readable: [UInt8]?) -> RowContent {
        RowContent("entries")
            .adding(workspaceID.text).adding(ownerID.text).adding(id.text).adding(name.text)
            .adding(Int64(kind.code)).adding(optional: provider?.text).adding(version)
            .adding(createdAt.milliseconds).adding(optional: expiresAt?.milliseconds)
            .adding(optional: deletedAt?.milliseconds).adding(optional: readable)
    }

    func sealed(with ring: KeyRing, owner: OwnerScope, readable: [UInt8]?) -> EntryRow {
        var row = self
        row.rowCode = ring.rowCode(for: content(readable: readable), scope: .owner(owner))
        return row
    }

    func verify(with ring: KeyRing, owner: OwnerScope, readable: [UInt8]?) throws(SealingError) {
        try ring.verify(rowCode, of: content(readable: readable), scope: .owner(owner))
    }
}

extension AttachmentRow {
    var content: RowContent {
        RowContent("attachments")
            .adding(workspaceID.text).adding(id.text).adding(agentID.text).adding(entryID.text)
            .adding(optional: provider?.text).adding(Int64(delivery.code)).adding(createdAt.milliseconds)
            .adding(createdBy.text)
    }

    /// Under the key of the entry's owner: only who may use the entry can have attached it.
    func sealed(with ring: KeyRing, owner: OwnerScope) -> AttachmentRow {
        var row = self
        row.rowCode = ring.rowCode(for: content, scope: .owner(owner))
        return row
    }

    func verify(with ring: KeyRing, owner: OwnerScope) throws(SealingError) {
        try ring.verify(rowCode, of: content, scope: .owner(owner))
    }
}

extension ProviderAttachmentRow {
    var content: RowContent {
        RowContent("provider_attachments")
            .adding(workspaceID.text).adding(id.text).adding(agentID.text).adding(provider.text)
            .adding(createdAt.milliseconds).adding(createdBy.text)
    }

    /// Under the key of the server: which credentials it leads to changes from call to call.
    func sealed(with ring: KeyRing) -> ProviderAttachmentRow {
        var row = self
        row.rowCode = ring.rowCode(for: content, scope: .system)
        return row
    }

    func verify(with ring: KeyRing) throws(SealingError) {
        try ring.verify(rowCode, of: content, scope: .system)
    }
}

extension CredentialRow {
    /// Everything that decides how the value is presented and where it may go.
    var content: RowContent {
        let content = RowContent("credentials")
            .adding(workspaceID.text).adding(entryID.text).adding(name).adding(foldedName)
            .adding(Int64(scheme.code))
            .adding(optional: header).adding(optional: prefix).adding(optional: parameter).adding(hosts)
            .adding(optional: deletedAt?.milliseconds)
        // One that was never moved or limited has the bytes that it had before there was a choice.
        let placed = rotationPriority == 0 ? content : content.adding("priority").adding(rotationPriority)
        return response.map { placed.adding("response").adding($0.rawValue) } ?? placed
    }

    /// Under the key of the entry's owner, as its entry is.
    func sealed(with ring: KeyRing, owner: OwnerScope) -> CredentialRow {
        var row = self
        row.rowCode = ring.rowCode(for: content, scope: .owner(owner))
        return row
    }

    func verify(with ring: KeyRing, owner: OwnerScope) throws(SealingError) {
        try ring.verify(rowCode, of: content, scope: .owner(owner))
    }
}

extension SQLConnection {
    /// The membership, or nil when there is none; throws when it was changed from outside.
    func verifiedMembership(
        of user: UserID,
        in workspace: WorkspaceID,
        ring: KeyRing
    ) throws -> MembershipRow? {
        try membership(of: user, in: workspace) { try $0.verify(with: ring) }
    }

    /// The keys' scope of `user`, whose salt was made when the user joined the workspace.
    func ownerScope(of user: UserID, in workspace: WorkspaceID) throws -> OwnerScope {
        guard let row = try ownerSalt(of: user, in: workspace) else { throw VaultError.integrity(entry: nil) }
        return row.scope
    }
}

extension OwnerScope {
    /// Refuses to seal anything for a user whose keys were destroyed: it would open nowhere.
    func refuseDestroyed() throws(VaultError) {
        guard !isDestroyed else { throw .keys(.isShredded) }
    }
}

extension OwnerSaltRow {
    var scope: OwnerScope {
        OwnerScope(workspace: workspaceID, user: userID, salt: salt, previousSalt: previousSalt)
    }
}

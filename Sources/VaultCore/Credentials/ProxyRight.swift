// SPDX-License-Identifier: Apache-2.0

internal import AccessRules
internal import AuditTrail
internal import Sealing
internal import Storage
internal import VaultModel

/// What a caller may use, every row on the way checked: one credential, or those of a provider.
struct ProxyRight {
    let actor: AuditActor
    let workspace: WorkspaceID
    /// When the token ends.
    let tokenEnd: Timestamp?
    /// Chosen from, where the right is to a provider.
    let provider: ProviderID?
    /// The preferred one first.
    let credentials: [CredentialEntryRow]

    init(
        _ shown: ProxyCaller,
        _ caller: Caller?,
        _ name: String?,
        on connection: any SQLConnection,
        ring: KeyRing,
        now: Timestamp
    ) throws {
        if let caller {
            let member = try authenticated(caller, on: connection, ring: ring, now: now)
            guard member.role.allows(.credentialUse) else { throw VaultError.denied(.credentialUse) }
            guard let name else { throw VaultError.notFound(.credential) }
            tokenEnd = try member.token.flatMap { try connection.token($0, in: member.workspace)?.expiresAt }
            (actor, workspace) = (member.actor, member.workspace)
            if let row = try connection.liveCredential(named: name, in: workspace) {
                (provider, credentials) = (nil, [row])
                return
            }
            guard case .token = shown, let id = ProviderID(name.lowercased()) else {
                throw VaultError.notFound(.credential)
            }
            credentials = try connection.liveCredentials(of: id, in: workspace)
            provider = id
            guard !credentials.isEmpty else { throw VaultError.notFound(.credential) }
        } else {
            guard case .token(let token, _) = shown else { throw VaultError.token(.unknown) }
            let row = try Self.token(token, on: connection, ring: ring, now: now)
            guard let agentID = row.agentID else { throw VaultError.token(.unknown) }
            guard let agent = try connection.agent(agentID, in: row.workspaceID), agent.deletedAt == nil else {
                throw VaultError.token(.revoked)
            }
            try agent.verify(with: ring)
            try row.refuseEndedInstance(on: connection)
            (actor, workspace, tokenEnd) = (.gateway(agentID, row.id), row.workspaceID, row.expiresAt)
            provider = row.provider
            if let provider = row.provider {
                guard let attachment = try connection.providerAttachment(of: provider, on: agentID, in: workspace)
                else { throw VaultError.token(.revoked) }
                try attachment.verify(with: ring)
                if let name, name.lowercased() != provider.text { throw VaultError.notFound(.credential) }
                credentials = try connection.liveCredentials(of: provider, in: workspace)
                guard !credentials.isEmpty else { throw VaultError.noCredential(provider) }
            } else {
                credentials = [try Self.attached(row, to: agentID, named: name, on: connection, ring: ring)]
            }
        }
    }

    /// Each credential with all that is known of it, the value still sealed; what has expired is left out as long as
    /// there is another one.
    func holders(on connection: any SQLConnection, ring: KeyRing, now: Timestamp) throws -> [ProxyHolder] {
        var expired: String?
        let holders = try credentials.compactMap { row -> ProxyHolder? in
            let holder = try ProxyHolder(row, for: self, on: connection, ring: ring)
            guard holder.entry.hasExpired(at: now) else { return holder }
            expired = expired ?? holder.credential.name
            return nil
        }
        if holders.isEmpty, let expired { throw VaultError.credentialExpired(expired) }
        return holders
    }

    /// The one credential of a token, which is still attached.
    private static func attached(
        _ token: TokenRow,
        to agent: AgentID,
        named name: String?,
        on connection: any SQLConnection,
        ring: KeyRing
    ) throws -> CredentialEntryRow {
        let workspace = token.workspaceID
        guard let entry = token.entryID else { throw VaultError.token(.unknown) }
        guard let credential = try connection.credential(entry, in: workspace), credential.credential.deletedAt == nil,
            let attachment = try connection.attachment(of: entry, on: agent, in: workspace)
        else { throw VaultError.token(.revoked) }
        let owner = try connection.ownerScope(of: credential.entry.ownerID, in: workspace)
        try attachment.verify(with: ring, owner: owner)
        guard attachment.delivery == .proxy else { throw VaultError.token(.revoked) }
        if let name, try connection.liveCredential(named: name, in: workspace)?.entry.id != entry {
            throw VaultError.notFound(.credential)
        }
        return credential
    }

    private static func token(
        _ token: [UInt8],
        on connection: any SQLConnection,
        ring: KeyRing,
        now: Timestamp
    ) throws -> TokenRow {
        guard let bearer = try? BearerToken(parsing: token), bearer.kind == .proxy,
            let row = try connection.token(digest: bearer.digest), row.kind == .proxy
        else { throw VaultError.token(.unknown) }
        try row.verify(with: ring)
        if let problem = row.problem(at: now) { throw VaultError.token(problem) }
        return row
    }
}

/// A credential that a caller may use, every row of it checked; the value is still sealed.
struct ProxyHolder {
    let entry: EntryRow
    let credential: CredentialRow
    let value: EntryValueRow?
    let owner: OwnerScope
    let actor: AuditActor
    let workspace: WorkspaceID
    /// When the token ends.
    let tokenEnd: Timestamp?
    /// Of the workspace's plan.
    var requestsPerMonth: Int?

    fileprivate init(
        _ found: CredentialEntryRow,
        for right: ProxyRight,
        on connection: any SQLConnection,
        ring: KeyRing
    ) throws {
        (actor, workspace, tokenEnd) = (right.actor, right.workspace, right.tokenEnd)
        owner = try connection.ownerScope(of: found.entry.ownerID, in: workspace)
        entry = found.entry
        credential = found.credential
        value = try connection.entryValue(of: entry.id, version: entry.version, in: workspace)
        do {
            try entry.verify(with: ring, owner: owner, readable: value?.readable)
            try credential.verify(with: ring, owner: owner)
        } catch {
            throw VaultError.integrity(entry: credential.name)
        }
    }
}

extension TokenRow {
    /// A token that was made for an instance ends with it; that of a session has a time of its own.
    fileprivate func refuseEndedInstance(on connection: any SQLConnection) throws {
        guard let instanceID, expiresAt == nil else { return }
        guard let instance = try connection.instance(instanceID, in: workspaceID), instance.agentID == agentID,
            instance.endedAt == nil
        else { throw VaultError.token(.revoked) }
    }
}

extension SQLConnection {
    /// The live credential of that id or name.
    fileprivate func liveCredential(named reference: String, in workspace: WorkspaceID) throws -> CredentialEntryRow? {
        if let id = EntryID(reference) {
            guard let row = try credential(id, in: workspace), row.credential.deletedAt == nil else { return nil }
            return row
        }
        guard let name = DisplayName(reference) else { return nil }
        return try liveCredential(foldedName: name.folded, in: workspace)
    }
}

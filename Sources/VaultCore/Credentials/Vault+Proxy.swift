// SPDX-License-Identifier: Apache-2.0

internal import AccessRules
internal import AuditTrail
package import ProxyRules
internal import Sealing
internal import Storage
package import VaultModel

/// What the holder of a token may use and where; nothing in it is secret, and nothing was opened for it.
package struct ProxyGrant: Sendable {
    package let credentialName: String
    package let presentation: Presentation
    /// Where the credential may go; empty means nowhere.
    package let hosts: [HostRule]
    /// What stands before the path of `/v1/via/…`: the provider's base URL, or the one exact host that the rules name.
    package let baseURL: String?

    let token: [UInt8]
    let peer: IPAddress
    let credential: String?
    let workspace: WorkspaceID
    let actor: AuditActor
    let subject: AuditSubject
    /// The code of the row that the rules were read from: what it vouches for has not changed while it is the same.
    let rowCode: [UInt8]
}

/// One attempt to reach a target, as the audit trail tells it.
package struct ProxyAttempt: Sendable {
    /// Without the values of its query.
    package var target: String
    package var method: String
    /// The address that was dialed.
    package var address: String?
    package var status: Int?
    package var bytes = 0
    package var duration: Duration = .zero
    /// Why there is no answer, or no whole one.
    package var error: String?

    package init(target: String, method: String) {
        self.target = target
        self.method = method
    }
}

extension Vault {
    /// Says what a token may use: a proxy token its one credential, a workspace key the one that is named.
    ///
    /// Every row is checked against its code; no value is opened.
    package func proxyGrant(
        token: [UInt8],
        credential: String?,
        from peer: IPAddress = .loopback
    ) async throws(VaultError) -> ProxyGrant {
        let caller = try await workspaceCaller(token, from: peer)
        let now = clock.now
        let ring = ring
        return try await mappingErrors {
            try await engine.read { connection in
                try ProxyHolder(token, caller, credential, from: peer, on: connection, ring: ring, now: now).grant
            }
        }
    }

    /// Opens the credential of `grant` for one attempt, whose audit entry is committed first.
    ///
    /// Everything is looked up again: a token that was revoked or hosts that were changed since are found here.
    package func openCredential(
        _ grant: ProxyGrant,
        for attempt: ProxyAttempt
    ) async throws(VaultError) -> RenderedCredential {
        let caller = try await workspaceCaller(grant.token, from: grant.peer)
        let now = clock.now
        let ring = ring
        let requestID = Self.requestID
        return try await mappingErrors {
            let holder = try await engine.write { connection in
                let holder = try ProxyHolder(
                    grant.token,
                    caller,
                    grant.credential,
                    from: grant.peer,
                    on: connection,
                    ring: ring,
                    now: now
                )
                guard holder.grant.rowCode == grant.rowCode else { throw VaultError.storage(.busy) }
                try Trail(connection: connection, ring: ring, requestID: requestID).append(
                    AuditEvent(
                        action: .credentialUse,
                        subjects: [holder.grant.subject],
                        details: attempt.intent
                    ),
                    workspace: grant.workspace,
                    actor: grant.actor,
                    at: now
                )
                return holder
            }
            // Sealed until here.
            let value = try holder.entry.openValue(holder.value, owner: holder.owner, ring: ring).value
            do {
                return try RenderedCredential(value.bytes, as: grant.presentation)
            } catch is PresentationError {
                throw VaultError.integrity(entry: grant.credentialName)
            }
        }
    }

    /// Records that an attempt was refused before anything was opened.
    package func recordProxyRefusal(_ attempt: ProxyAttempt, _ grant: ProxyGrant) async throws(VaultError) {
        try await record(attempt, grant, .credentialUse, .denied(reason: attempt.error ?? "refused"))
    }

    /// Records what came of an attempt whose credential was opened.
    ///
    /// The attempt itself is in the trail already; when this entry cannot be written, that one stays without an answer.
    package func recordProxyAnswer(_ attempt: ProxyAttempt, _ grant: ProxyGrant) async {
        try? await record(attempt, grant, .credentialAnswer, .allowed)
    }

    private func record(
        _ attempt: ProxyAttempt,
        _ grant: ProxyGrant,
        _ action: Action,
        _ outcome: AuditOutcome
    ) async throws(VaultError) {
        let record = AuditRecord(
            at: clock.now,
            actor: grant.actor,
            action: action,
            outcome: outcome,
            subjects: [grant.subject],
            digest: nil,
            details: attempt.intent + (action == .credentialAnswer ? attempt.result : []),
            requestID: Self.requestID
        )
        let ring = ring
        let requestID = Self.requestID
        try await mappingErrors {
            try await engine.write { connection in
                try Trail(connection: connection, ring: ring, requestID: requestID)
                    .append(record, to: grant.workspace.text)
            }
        }
    }

    /// The caller behind a workspace key; nil for a proxy token, which is looked up with what it opens.
    private func workspaceCaller(_ token: [UInt8], from peer: IPAddress) async throws(VaultError) -> Caller? {
        token.starts(with: BearerTokenKind.proxy.rawValue.utf8) ? nil : try await authenticate(token, from: peer)
    }
}

extension ProxyAttempt {
    fileprivate var intent: [AuditDetail] {
        var details = [
            AuditDetail(key: "target", value: String(target.prefix(2_048))), AuditDetail(key: "method", value: method),
        ]
        if let address { details.append(AuditDetail(key: "address", value: address)) }
        return details
    }

    fileprivate var result: [AuditDetail] {
        var details = [
            AuditDetail(key: "bytes", value: String(bytes)),
            AuditDetail(key: "milliseconds", value: String(Int64(duration / .milliseconds(1)))),
        ]
        if let status { details.append(AuditDetail(key: "status", value: String(status))) }
        if let error { details.append(AuditDetail(key: "error", value: error)) }
        return details
    }
}

/// The credential that a token opens, every row on the way checked; the value is still sealed.
private struct ProxyHolder: Sendable {
    let grant: ProxyGrant
    let entry: EntryRow
    let value: EntryValueRow?
    let owner: OwnerScope

    init(
        _ token: [UInt8],
        _ caller: Caller?,
        _ name: String?,
        from peer: IPAddress,
        on connection: any SQLConnection,
        ring: KeyRing,
        now: Timestamp
    ) throws {
        let found: CredentialEntryRow
        let actor: AuditActor
        let workspace: WorkspaceID
        if let caller {
            let member = try authenticated(caller, on: connection, ring: ring, now: now)
            guard member.role.allows(.credentialUse) else { throw VaultError.denied(.credentialUse) }
            guard let name, let row = try connection.liveCredential(named: name, in: member.workspace) else {
                throw VaultError.notFound(.credential)
            }
            (found, actor, workspace) = (row, member.actor, member.workspace)
        } else {
            let row = try Self.token(token, on: connection, ring: ring, now: now)
            guard let agentID = row.agentID, let entryID = row.entryID else { throw VaultError.token(.unknown) }
            guard let agent = try connection.agent(agentID, in: row.workspaceID), agent.deletedAt == nil,
                let credential = try connection.credential(entryID, in: row.workspaceID),
                credential.credential.deletedAt == nil,
                let attachment = try connection.attachment(of: entryID, on: agentID, in: row.workspaceID)
            else { throw VaultError.token(.revoked) }
            try agent.verify(with: ring)
            try row.refuseEndedInstance(on: connection)
            let owner = try connection.ownerScope(of: credential.entry.ownerID, in: row.workspaceID)
            try attachment.verify(with: ring, owner: owner)
            guard attachment.delivery == .proxy else { throw VaultError.token(.revoked) }
            if let name, try connection.liveCredential(named: name, in: row.workspaceID)?.entry.id != entryID {
                throw VaultError.notFound(.credential)
            }
            (found, actor, workspace) = (credential, .gateway(agentID, row.id), row.workspaceID)
        }
        owner = try connection.ownerScope(of: found.entry.ownerID, in: workspace)
        entry = found.entry
        value = try connection.entryValue(of: entry.id, version: entry.version, in: workspace)
        let credential = found.credential
        do {
            try entry.verify(with: ring, owner: owner, readable: value?.readable)
            try credential.verify(with: ring, owner: owner)
        } catch {
            throw VaultError.integrity(entry: credential.name)
        }
        if entry.hasExpired(at: now) { throw VaultError.credentialExpired(credential.name) }
        let hosts = try credential.effectiveHosts(of: entry.provider).map { text in
            guard let rule = try? HostRule(text) else { throw VaultError.integrity(entry: credential.name) }
            return rule
        }
        grant = ProxyGrant(
            credentialName: credential.name,
            presentation: try credential.presentation(),
            hosts: hosts,
            baseURL: credential.baseURL(of: entry.provider, hosts: hosts),
            token: token,
            peer: peer,
            credential: name,
            workspace: workspace,
            actor: actor,
            subject: found.subject,
            rowCode: credential.rowCode
        )
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

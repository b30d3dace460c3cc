// SPDX-License-Identifier: Apache-2.0

internal import AccessRules
internal import AuditTrail
package import ProxyRules
internal import Sealing
internal import Storage
internal import Synchronization
internal import VaultModel

/// One attempt to reach a target, as the audit trail tells it.
package struct ProxyAttempt: Sendable {
    /// Without the values of its query.
    package var target: String
    package var method: String
    /// The address that was dialed.
    package var address: String?
    /// 1 for the first, more for those that followed because a key was refused.
    package var number = 1
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

/// An attempt that is recorded and whose credential is open.
///
/// Recorded once more when it is over, with what came of it; at the latest when the last holder lets go.
package final class OpenAttempt: Sendable {
    package let credential: RenderedCredential
    private let begun: BegunAttempt
    private let hasEnded = Atomic(false)

    fileprivate init(_ credential: RenderedCredential, _ begun: BegunAttempt) {
        self.credential = credential
        self.begun = begun
    }

    deinit {
        var attempt = begun.attempt
        attempt.error = "broken_off"
        end(attempt)
    }

    /// Says what came of it; only the first time counts.
    package func end(_ attempt: ProxyAttempt) {
        guard !hasEnded.exchange(true, ordering: .acquiringAndReleasing) else { return }
        begun.end(attempt, .allowed)
    }
}

/// An attempt in its slot.
private struct BegunAttempt: Sendable {
    let ledger: AttemptLedger
    let grant: ProxyGrant
    let attempt: ProxyAttempt
    let slot: Int
    let at: Timestamp
    let requestID: String?

    func end(_ attempt: ProxyAttempt, _ outcome: AuditOutcome) {
        let details = attempt.intent + attempt.result
        ledger.finish(slot, grant.record(outcome, details, at: at, requestID), in: grant.workspace.text)
    }
}

extension Vault {
    /// Says what a caller may use: a proxy token its one credential or those of its provider, a workspace key the one
    /// that is named or, where no credential has that name, those of the provider of that name.
    ///
    /// Never empty; several are of one provider, the preferred one first. Every row is checked against its code; no value
    /// is opened.
    package func proxyGrants(
        _ caller: ProxyCaller,
        credential: String?
    ) async throws(VaultError) -> [ProxyGrant] {
        let now = clock.now
        let writes = engine.writes
        if let known = grants.grants(for: caller, credential, writes: writes, at: now) { return known }
        guard case .token(let token, _) = caller else { return try await readGrants(caller, credential, now, writes) }
        do {
            return try await readGrants(caller, credential, now, writes)
        } catch {
            await recordUnusable(token, error)
            throw error
        }
    }

    /// Records that a token opened no credential; one of a workspace that is refused as a whole is recorded where it is
    /// looked at.
    private func recordUnusable(_ token: [UInt8], _ error: VaultError) async {
        let reason: String
        switch error {
        case .token(let problem):
            if Self.isProxyToken(token) { await recordRefusal(of: token, problem) }
            return
        case .credentialExpired: reason = "expired"
        case .denied: reason = "role"
        case .integrity: reason = "integrity_error"
        case .noCredential: reason = "no_credential"
        case .notFound: reason = "not_found"
        default: return
        }
        guard let known = await knownToken(token) else { return }
        let event = RepeatedEvent(
            chain: known.workspaceID.text,
            actor: known.agentID.map { .gateway($0, known.id) } ?? .workspaceKey(known.id),
            action: .credentialUse,
            outcome: .denied(reason: reason)
        )
        try? await record(event)
    }

    private func readGrants(
        _ caller: ProxyCaller,
        _ credential: String?,
        _ now: Timestamp,
        _ writes: UInt64
    ) async throws(VaultError) -> [ProxyGrant] {
        let known = try await knownCaller(caller)
        let ring = ring
        let plan = settings.plan
        let found: [ProxyGrant] = try await mappingErrors {
            try await engine.read { connection in
                let right = try ProxyRight(caller, known, credential, on: connection, ring: ring, now: now)
                let most = (try connection.workspace(right.workspace)?.plan ?? plan).limits.requestsPerMonth
                return try right.holders(on: connection, ring: ring, now: now).map { holder in
                    var holder = holder
                    holder.requestsPerMonth = most
                    return try ProxyGrant(holder, caller: caller, credential: credential, readAt: writes, madeAt: now)
                }
            }
        }
        grants.remember(found)
        return found
    }

    /// The first of ``proxyGrants(_:credential:)``, which is the only one for a credential.
    package func proxyGrant(_ caller: ProxyCaller, credential: String?) async throws(VaultError) -> ProxyGrant {
        guard let first = try await proxyGrants(caller, credential: credential).first else {
            throw .notFound(.credential)
        }
        return first
    }

    /// Records an attempt and opens the credential of `grant` for it, in this order.
    ///
    /// What the grant rests on is looked up again where anything was written since: a token that was revoked or hosts
    /// that were changed are found here. Throws ``VaultError/auditUnavailable`` where attempts cannot be recorded, and
    /// ``VaultError/quotaReached(most:retryAfter:)`` where the workspace may send no more; then nothing was opened.
    package func begin(_ attempt: ProxyAttempt, with grant: ProxyGrant) async throws(VaultError) -> OpenAttempt {
        let (begun, grant) = try await entered(attempt, with: grant)
        do {
            // Sealed until here.
            return OpenAttempt(try grant.open(with: ring), begun)
        } catch {
            var failed = attempt
            failed.error = "integrity_error"
            begun.end(failed, .denied(reason: "integrity_error"))
            throw error
        }
    }

    /// Puts an attempt into a slot, which it waits for where all are taken and some only wait to be written.
    private func entered(
        _ attempt: ProxyAttempt,
        with grant: ProxyGrant
    ) async throws(VaultError) -> (BegunAttempt, ProxyGrant) {
        var grant = grant
        // Another key for the same request is the same request.
        var isCounted = attempt.number > 1
        var mayWait = true
        while true {
            if grant.readAt != engine.writes {
                let entry = grant.isolation.entry
                let fresh = try await proxyGrants(grant.caller, credential: grant.credential)
                    .first { $0.isolation.entry == entry }
                guard let fresh, fresh.rowCode == grant.rowCode else { throw .storage(.busy) }
                grant = fresh
            }
            if !isCounted { try await count(grant) }
            isCounted = true
            let now = clock.now
            let requestID = Self.requestID
            let intent = grant.record(.allowed, attempt.intent, at: now, requestID)
            if let slot = try attempts.begin(intent, in: grant.workspace.text) {
                let begun = BegunAttempt(
                    ledger: attempts,
                    grant: grant,
                    attempt: attempt,
                    slot: slot,
                    at: now,
                    requestID: requestID
                )
                return (begun, grant)
            }
            // Once more where nothing is over any more: one may have become free in between.
            guard mayWait else { throw .auditUnavailable }
            mayWait = await attempts.untilWritten()
        }
    }

    /// Records that an attempt was refused before anything was opened.
    package func recordProxyRefusal(_ attempt: ProxyAttempt, _ grant: ProxyGrant) async throws(VaultError) {
        let record = grant.record(
            .denied(reason: attempt.error ?? "refused"),
            attempt.intent,
            at: clock.now,
            Self.requestID
        )
        let ring = ring
        let requestID = Self.requestID
        // What nobody is sent is written like any attempt: it is no change that a grant could rest on.
        try await mappingErrors {
            try await engine.append { connection in
                try Trail(connection: connection, ring: ring, requestID: requestID)
                    .append(record, to: grant.workspace.text)
            }
        }
        attempts.synchronizeSoon()
    }

    /// How many requests wait until an attempt that is over has been written and its slot is free.
    package var attemptsWithoutSlot: Int { attempts.blockedCount }

    /// Returns when every attempt that is over by now is in the trail.
    package func settleAttempts() async { await attempts.settle() }

    /// The caller behind a workspace key or a session; nil for a proxy token, which is looked up with what it opens.
    private func knownCaller(_ caller: ProxyCaller) async throws(VaultError) -> Caller? {
        switch caller {
        case .known(let caller): caller
        case .token(let token, let peer):
            Self.isProxyToken(token) ? nil : try await authenticate(token, from: peer)
        }
    }

    private static func isProxyToken(_ token: [UInt8]) -> Bool {
        token.starts(with: BearerTokenKind.proxy.rawValue.utf8)
    }
}

extension ProxyGrant {
    fileprivate func record(
        _ outcome: AuditOutcome,
        _ details: [AuditDetail],
        at time: Timestamp,
        _ requestID: String?
    ) -> AuditRecord {
        AuditRecord(
            at: time,
            actor: actor,
            action: .credentialUse,
            outcome: outcome,
            subjects: [subject],
            details: details,
            requestID: requestID
        )
    }
}

extension ProxyAttempt {
    /// Under which the number stands in the trail, where it is more than 1.
    static let numberKey = "attempt"

    fileprivate var intent: [AuditDetail] {
        var details = [AuditDetail(key: "target", value: target), AuditDetail(key: "method", value: method)]
        if let address { details.append(AuditDetail(key: "address", value: address)) }
        if number > 1 { details.append(AuditDetail(key: Self.numberKey, value: String(number))) }
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

/// What a caller may use, every row on the way checked: one credential, or those of a provider.
private struct ProxyRight {
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
    fileprivate(set) var requestsPerMonth: Int?

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

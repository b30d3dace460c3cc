// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
internal import Storage
internal import VaultModel

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
        if let known = knownProxyGrants(caller, credential: credential) { return known }
        do {
            return try await readGrants(caller, credential, clock.now, engine.writes)
        } catch {
            if case .token(let token, _) = caller { await recordUnusable(token, error) }
            throw error
        }
    }

    /// What ``proxyGrants(_:credential:)`` says where nothing has to be read for it; nil otherwise.
    package func knownProxyGrants(_ caller: ProxyCaller, credential: String?) -> [ProxyGrant]? {
        grants.grants(for: caller, credential, writes: engine.writes, at: clock.now)
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
            actor: known.actor,
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
        if let open = try beginNow(attempt, with: grant) { return open }
        let begun = try await entered(attempt, with: grant)
        return try begun.open(with: ring)
    }

    /// Does what ``begin(_:with:)`` does where nothing has to be looked up or waited for; nil otherwise, and then nothing
    /// was done.
    package func beginNow(_ attempt: ProxyAttempt, with grant: ProxyGrant) throws(VaultError) -> OpenAttempt? {
        guard grant.readAt == engine.writes, grant.requestsPerMonth == nil || attempt.number > 1 else { return nil }
        guard let begun = try put(attempt, with: grant) else { return nil }
        return try begun.open(with: ring)
    }

    /// Puts an attempt into a slot; nil where all are taken.
    private func put(_ attempt: ProxyAttempt, with grant: ProxyGrant) throws(VaultError) -> BegunAttempt? {
        let now = clock.now
        let requestID = Self.requestID
        let entry = grant.entry(of: attempt, at: now)
        guard let slot = try attempts.begin(entry.end(requestID), in: grant.chain) else { return nil }
        return BegunAttempt(
            ledger: attempts,
            grant: grant,
            attempt: attempt,
            entry: entry,
            slot: slot,
            at: now,
            requestID: requestID
        )
    }

    /// Looks up what the grant rests on where that may have changed, and puts the attempt into a slot, which it waits for
    /// where all are taken and some only wait to be written.
    private func entered(
        _ attempt: ProxyAttempt,
        with grant: ProxyGrant
    ) async throws(VaultError) -> BegunAttempt {
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
            if let begun = try put(attempt, with: grant) { return begun }
            // Once more where nothing is over any more: one may have become free in between.
            guard mayWait else { throw .auditUnavailable }
            mayWait = await attempts.untilWritten()
        }
    }

    /// Records that an attempt was refused before anything was opened.
    package func recordProxyRefusal(_ attempt: ProxyAttempt, _ grant: ProxyGrant) async throws(VaultError) {
        let now = clock.now
        let requestID = Self.requestID
        let outcome = AuditOutcome.denied(reason: attempt.error ?? "refused")
        let entry = grant.entry(of: attempt, outcome, at: now).end(requestID)
        let ring = ring
        // What nobody is sent is written like any attempt: it is no change that a grant could rest on.
        try await mappingErrors {
            try await engine.append { connection in
                try Trail(connection: connection, ring: ring, requestID: requestID)
                    .append([grant.encoded(entry, at: now)], to: grant.workspace.text)
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

// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
package import ProxyRules
internal import Sealing
internal import Storage
package import Synchronization
package import VaultModel

/// Who asks the proxy for a credential.
package enum ProxyCaller: Hashable, Sendable {
    /// A proxy token or a workspace key, as it was shown, and where from.
    case token([UInt8], from: IPAddress)
    /// Somebody whom the surface knows, such as the operator who tests a credential.
    case known(Caller)
}

/// What somebody may use and where; nothing in it is secret, and nothing was opened for it.
///
/// Every row was checked against its code. Good for as long as nothing else was written, and until a time of its own.
package final class ProxyGrant: Sendable {
    package let credentialName: String
    package let presentation: Presentation
    /// Where the credential may go; empty means nowhere.
    package let hosts: [HostRule]
    /// What stands before the path of `/v1/via/…`: the provider's base URL, or the one exact host that the rules name.
    package let baseURL: String?
    package let provider: ProviderID?
    /// What of an answer reaches the agent.
    package let response: AnswerPart
    /// How many requests its workspace may send in a month; nil without a limit.
    let requestsPerMonth: Int?
    /// Equal for requests that may share a connection: same holder, same credential, same version.
    package let isolation: Isolation

    /// The agent or the key that it belongs to, whichever of its tokens was shown.
    package var holder: String { actor.holder }

    /// The proxy token that was shown; nil for any other way of asking.
    package var proxyToken: TokenID? {
        guard case .gateway(_, let token) = actor else { return nil }
        return token
    }

    /// One version of a credential in the hands of one holder.
    package var use: Use { Use(holder: holder, entry: isolation.entry, version: isolation.version) }

    package struct Use: Hashable, Sendable {
        let holder: String
        let entry: EntryID
        let version: Int64
    }

    /// Compared and hashed for every request: one of the same grant is known by its reference.
    package final class Isolation: Hashable, Sendable {
        let entry: EntryID
        let version: Int64
        private let workspace: WorkspaceID
        private let actor: AuditActor
        private let hash: Int

        init(workspace: WorkspaceID, actor: AuditActor, entry: EntryID, version: Int64) {
            (self.workspace, self.actor, self.entry, self.version) = (workspace, actor, entry, version)
            var hasher = Hasher()
            hasher.combine(workspace)
            hasher.combine(actor)
            hasher.combine(entry)
            hasher.combine(version)
            hash = hasher.finalize()
        }

        package static func == (left: Isolation, right: Isolation) -> Bool {
            left === right
                || left.hash == right.hash && left.version == right.version && left.entry == right.entry
                    && left.actor == right.actor && left.workspace == right.workspace
        }

        package func hash(into hasher: inout Hasher) { hasher.combine(hash) }
    }

    let caller: ProxyCaller
    let credential: String?
    let workspace: WorkspaceID
    let actor: AuditActor
    let subject: AuditSubject
    /// Of every entry about a use of the credential.
    private let stem: AuditStem
    /// Where its attempts are entered.
    let chain: AttemptChain
    /// The code of the row that the rules were read from: what it vouches for has not changed while it is the same.
    let rowCode: [UInt8]
    /// What had been written when the rows were read.
    let readAt: UInt64
    /// When the token or the credential ends, whichever is first.
    let endsAt: Timestamp?
    /// When it was read.
    let madeAt: Timestamp
    private let entry: EntryRow
    private let value: EntryValueRow?
    private let owner: OwnerScope
    private let shared = Mutex(Shared())
    /// What a surface wants to know again as long as the grant is good.
    package let kept = Mutex<(any AnyObject & Sendable)?>(nil)

    private struct Shared {
        weak var credential: RenderedCredential?
    }

    init(
        _ holder: ProxyHolder,
        caller: ProxyCaller,
        credential name: String?,
        readAt: UInt64,
        madeAt: Timestamp
    ) throws {
        let credential = holder.credential
        hosts = try credential.effectiveHosts(of: holder.entry.provider).map { text in
            guard let rule = try? HostRule(text) else { throw VaultError.integrity(entry: credential.name) }
            return rule
        }
        credentialName = credential.name
        presentation = try credential.presentation()
        baseURL = credential.baseURL(of: holder.entry.provider, hosts: hosts)
        provider = holder.entry.provider
        response = credential.response ?? .full
        requestsPerMonth = holder.requestsPerMonth
        isolation = Isolation(
            workspace: holder.workspace,
            actor: holder.actor,
            entry: holder.entry.id,
            version: holder.entry.version
        )
        self.caller = caller
        self.credential = name
        workspace = holder.workspace
        chain = AttemptChain(workspace.text)
        actor = holder.actor
        subject = CredentialEntryRow(credential: credential, entry: holder.entry).subject
        stem = AuditStem(actor: actor, action: .credentialUse, subjects: [subject])
        rowCode = credential.rowCode
        self.readAt = readAt
        endsAt = [holder.tokenEnd, holder.entry.expiresAt].compactMap(\.self).min()
        self.madeAt = madeAt
        entry = holder.entry
        value = holder.value
        owner = holder.owner
    }

    /// Begins the entry of an attempt: what it means to do.
    func entry(of attempt: ProxyAttempt, _ outcome: AuditOutcome = .allowed, at time: Timestamp) -> OpenEntry {
        var entry: OpenEntry
        if outcome == .allowed {
            entry = stem.entry(at: time)
        } else {
            entry = AuditStem(actor: actor, action: .credentialUse, outcome: outcome, subjects: [subject])
                .entry(at: time)
        }
        attempt.addIntent(to: &entry)
        return entry
    }

    /// Opens the value, or shares it with the requests that are under way: it is wiped when the last of them is over.
    func open(with ring: KeyRing) throws(VaultError) -> RenderedCredential {
        if let credential = shared.withLock({ $0.credential }) { return credential }
        let value = try entry.openCheckedValue(value, owner: owner, ring: ring)
        let credential: RenderedCredential
        do {
            credential = try RenderedCredential(value.bytes, as: presentation)
        } catch {
            throw .integrity(entry: credentialName)
        }
        shared.withLock { $0.credential = credential }
        return credential
    }
}

/// Remembers grants, so that a token that is used often is looked up once.
///
/// A grant is forgotten when anything but attempts is written, by this program or another one, and after a minute.
final class ProxyGrants: Sendable {
    private static let mostGrants = 4_096
    private static let longestUse: Duration = .seconds(60)

    private struct Key: Hashable {
        let caller: ProxyCaller
        let credential: String?

        func hash(into hasher: inout Hasher) {
            // All bytes of a token at once, which an array gives one by one; where it came from is compared only.
            switch caller {
            case .token(let token, _): token.withUnsafeBytes { hasher.combine(bytes: $0) }
            case .known(let caller): hasher.combine(caller)
            }
            hasher.combine(credential)
        }
    }

    private struct State {
        var grants: [Key: [ProxyGrant]] = [:]
        var writes: UInt64 = 0
    }

    private let state = Mutex(State())

    /// The grants, while all of them are good.
    func grants(for caller: ProxyCaller, _ credential: String?, writes: UInt64, at now: Timestamp) -> [ProxyGrant]? {
        state.withLock { state in
            guard state.writes == writes else {
                state.grants = [:]
                state.writes = writes
                return nil
            }
            let grants = state.grants[Key(caller: caller, credential: credential)]
            guard let grants, grants.allSatisfy({ $0.isGood(at: now, within: Self.longestUse) }) else { return nil }
            return grants
        }
    }

    func remember(_ grants: [ProxyGrant]) {
        guard let first = grants.first else { return }
        state.withLock { state in
            guard state.writes == first.readAt else { return }
            if state.grants.count >= Self.mostGrants { state.grants = [:] }
            state.grants[Key(caller: first.caller, credential: first.credential)] = grants
        }
    }

    func forgetAll() { state.withLock { $0.grants = [:] } }
}

extension ProxyGrant {
    fileprivate func isGood(at now: Timestamp, within limit: Duration) -> Bool {
        if let endsAt, endsAt <= now { return false }
        return now >= madeAt && now < madeAt + limit
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
internal import Sealing
internal import Storage
internal import VaultModel

/// A supervisor asks what has changed since its process was given its environment.
package struct ChangeRequest: Sendable {
    package var token: [UInt8]?
    /// The id that the start was answered with.
    package var receipt: String
    /// What an earlier answer called the environment, so that a change is told once; nil at first.
    package var seen: String?
    package var wait: Duration
    /// Who asks, where no token was sent and the kernel tells.
    package var peer: PeerProcess?

    package init(token: [UInt8]?, receipt: String, seen: String?, wait: Duration, peer: PeerProcess? = nil) {
        self.token = token
        self.receipt = receipt
        self.seen = seen
        self.wait = wait
        self.peer = peer
    }
}

/// What there is to do for a supervisor.
package struct ChangeAnswer: Equatable, Sendable {
    package enum Change: String, Sendable {
        /// Nothing until the end of the wait.
        case none
        /// A start would be given something else.
        case values
        /// The instance was asked to restart.
        case restart
    }

    package var change: Change
    /// Names the current environment: a digest of ids and versions, never of values.
    package var environment: String
    /// The names of what was added, changed or taken away since the start; at most 50.
    package var names: [String]
}

extension Vault {
    /// Waits until a supervised instance's environment changes or it is asked to restart, and returns at once where
    /// that is so already.
    ///
    /// The first request says that the process runs: the instance takes the place of the one before. Any gateway token
    /// of the agent will do, since the one that made the start may have been rotated away. Throws
    /// ``VaultError/instanceEnded`` where a newer start took the instance's place.
    package func changes(_ request: ChangeRequest, _ wait: ChangeWait) async throws(VaultError) -> ChangeAnswer {
        try await recordingRefusal(of: request.token) { () async throws(VaultError) in
            try await awaitChange(request, wait)
        }
    }

    private func awaitChange(_ request: ChangeRequest, _ wait: ChangeWait) async throws(VaultError) -> ChangeAnswer {
        let digest = try await holderDigest(of: request.token, peer: request.peer)
        guard let id = InstanceID(request.receipt) else { throw .notFound(.receipt) }
        guard let listener = notices.add(wait) else { throw .tooManyWaits }
        defer { notices.remove(listener) }
        let agent = try await confirm(id, digest: digest)
        supervised.connect(id, wait)
        var isAnswered = false
        defer { supervised.disconnect(id, wait, isAnswered: isAnswered, at: clock.now) }
        // Who waits for this instance to be back sees it connected now.
        notices.announce([agent.text])

        let timer = Task {
            try? await Task.sleep(for: request.wait)
            wait.end(.timeout)
        }
        defer { timer.cancel() }
        while true {
            let generation = notices.generation
            let found = try await look(at: id, digest: digest)
            let answer = found.answer(seen: request.seen)
            if answer.change != .none {
                isAnswered = true
                return answer
            }
            switch wait.ended {
            case nil: break
            case .timeout, .superseded:
                isAnswered = true
                return answer
            case .departed, .stopping: throw .waitEnded
            }
            notices.listen(for: found.subjects, as: listener, since: generation)
            await wait.next()
        }
    }

    /// Takes the keys for this one look: a rotation waits for whoever has them, and a wait is long.
    private func look(at id: InstanceID, digest: [UInt8]) async throws(VaultError) -> WatchedInstance {
        let ring = ring
        let now = clock.now
        return try await mappingErrors {
            try await engine.read { connection in
                try WatchedInstance(id, digest: digest, connection: connection, ring: ring, now: now)
            }
        }
    }

    /// Ends an instance because its supervisor says that the process has ended; one that has ended stays as it is.
    package func endInstance(
        _ receipt: String,
        token: [UInt8]?,
        peer: PeerProcess? = nil
    ) async throws(VaultError) {
        try await recordingRefusal(of: token) { () async throws(VaultError) in
            try await end(receipt, token: token, peer: peer)
        }
    }

    private func end(_ receipt: String, token: [UInt8]?, peer: PeerProcess?) async throws(VaultError) {
        let digest = try await holderDigest(of: token, peer: peer)
        guard let id = InstanceID(receipt) else { throw .notFound(.receipt) }
        let ring = ring
        let now = clock.now
        let requestID = Self.requestID
        let agent: AgentID = try await mappingErrors {
            try await engine.write { connection in
                let holder = try GatewayHolder(digest: digest, connection: connection, ring: ring)
                    .withSayOverInstances(at: now)
                let instance = try holder.instance(id, on: connection)
                guard instance.endedAt == nil else { return holder.agent.id }
                try connection.endInstance(id, at: now, reason: .ended, in: holder.workspace)
                try Trail(connection: connection, ring: ring, requestID: requestID).append(
                    AuditEvent(
                        action: .instanceEnd,
                        subjects: [
                            holder.agent.subject,
                            AuditSubject(kind: .instance, id: id.text, name: instance.replica, version: nil),
                        ]
                    ),
                    workspace: holder.workspace,
                    actor: .gateway(holder.agent.id, holder.token.id),
                    at: now
                )
                return holder.agent.id
            }
        }
        notices.announce([agent.text])
    }

    /// Notes that the instance runs, where that is not known yet, and ends those whose place it takes.
    private func confirm(_ id: InstanceID, digest: [UInt8]) async throws(VaultError) -> AgentID {
        let ring = ring
        let now = clock.now
        return try await mappingErrors {
            let (agent, isConfirmed) = try await engine.read { connection in
                let holder = try GatewayHolder(digest: digest, connection: connection, ring: ring)
                    .withSayOverInstances(at: now)
                let instance = try holder.instance(id, on: connection)
                return (holder.agent.id, instance.endedAt == nil && instance.runningAt != nil)
            }
            if isConfirmed { return agent }
            return try await engine.write { connection in
                let holder = try GatewayHolder(digest: digest, connection: connection, ring: ring)
                    .withSayOverInstances(at: now)
                try holder.confirm(holder.instance(id, on: connection), on: connection, at: now)
                return holder.agent.id
            }
        }
    }
}

/// Who shows a gateway token, looked up; the rows are checked against their codes, and not yet whether it has ended.
struct GatewayHolder {
    let token: TokenRow
    let agent: AgentRow

    var workspace: WorkspaceID { token.workspaceID }

    init(digest: [UInt8], connection: any SQLConnection, ring: KeyRing) throws {
        guard let token = try connection.token(digest: digest), let agentID = token.agentID else {
            throw VaultError.token(.unknown)
        }
        switch token.kind {
        case .gateway, .session, .container: break
        case .workspaceKey, .proxy: throw VaultError.token(.unknown)
        }
        try token.verify(with: ring)
        guard let agent = try connection.agent(agentID, in: token.workspaceID), agent.deletedAt == nil else {
            throw VaultError.token(.revoked)
        }
        try agent.verify(with: ring)
        self.token = token
        self.agent = agent
    }

    /// Refuses a token that has ended, and that of a session, which gets values and nothing more.
    func withSayOverInstances(at now: Timestamp) throws -> GatewayHolder {
        guard token.kind != .session else { throw VaultError.token(.unknown) }
        if let problem = token.problem(at: now) { throw VaultError.token(problem) }
        return self
    }

    /// The instance, where it is one of this agent's.
    func instance(_ id: InstanceID, on connection: any SQLConnection) throws -> InstanceRow {
        guard let row = try connection.instance(id, in: workspace), row.agentID == agent.id else {
            throw VaultError.notFound(.receipt)
        }
        return row
    }

    /// Notes that the instance runs; the older ones of its replica, and those beyond the replicas, have ended.
    fileprivate func confirm(_ instance: InstanceRow, on connection: any SQLConnection, at now: Timestamp) throws {
        var instance = instance
        switch instance.endReason {
        case .replaced, .surplus: throw VaultError.instanceEnded
        // Its process was started again with what it had been given, while the server could not be reached.
        case .ended, nil: break
        }
        instance.endedAt = nil
        instance.endReason = nil
        instance.isSupervised = true
        instance.runningAt = instance.runningAt ?? now
        try connection.updateInstance(instance)
        var running: [InstanceRow] = []
        for other in try connection.liveInstances(of: agent.id, in: workspace)
        where other.id != instance.id && other.container == instance.container {
            if other.replica == instance.replica, other.id < instance.id {
                try connection.endInstance(other.id, at: now, reason: .replaced, in: workspace)
            } else if !other.isSupervised || other.runningAt != nil {
                running.append(other)
            }
        }
        guard instance.container == nil else { return }
        for surplus in running.dropFirst(Int(agent.replicas) - 1) {
            try connection.endInstance(surplus.id, at: now, reason: .surplus, in: workspace)
        }
    }
}

/// A supervised instance beside what its agent would be given now.
private struct WatchedInstance: Sendable {
    let instance: InstanceRow
    let attached: [AttachedVersion]
    /// By id, also of what is no longer attached.
    let names: [EntryID: String]

    init(_ id: InstanceID, digest: [UInt8], connection: any SQLConnection, ring: KeyRing, now: Timestamp) throws {
        let holder = try GatewayHolder(digest: digest, connection: connection, ring: ring)
            .withSayOverInstances(at: now)
        instance = try holder.instance(id, on: connection)
        if instance.endedAt != nil { throw VaultError.instanceEnded }
        attached = try connection.attachedVersions(of: holder.agent.id, in: holder.workspace)
        var names = Dictionary(attached.map { ($0.entry, $0.name) }) { $1 }
        for id in Receipt(decoding: instance.receipt)?.versions.keys.map(\.self) ?? [] where names[id] == nil {
            names[id] = try connection.entry(id, in: holder.workspace)?.name.text
        }
        self.names = names
    }

    /// Whose changes matter: the agent, and what is attached to it.
    var subjects: Set<String> { Set([instance.agentID.text] + attached.map(\.entry.text)) }

    func answer(seen: String?) -> ChangeAnswer {
        let held = Receipt(decoding: instance.receipt)
        let current = Receipt(
            Dictionary(attached.map { ($0.entry, Receipt.version(of: $0.version, by: $0.delivery)) }) { $1 }
        )
        let environment = Self.name(of: current)
        var changed: [String] = []
        for (id, name) in names where held?.versions[id] != current.versions[id] { changed.append(name) }
        let isNew = seen.map { $0 != environment } ?? (held != current)
        return ChangeAnswer(
            change: instance.restartRequestedAt != nil ? .restart : isNew ? .values : .none,
            environment: environment,
            names: Array(changed.sorted().prefix(50))
        )
    }

    private static func name(of receipt: Receipt) -> String { hexadecimal(sha256(receipt.encoded).prefix(16)) }
}

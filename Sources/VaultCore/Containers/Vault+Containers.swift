// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import AuditTrail
internal import Sealing
internal import Storage
package import VaultModel

// A container is registered by its engine's hook before its process runs. What is kept is where the kernel says that
// the container's first process is: a process that comes without a token is the agent's when the kernel says the same
// of it. No name that a process could give itself is asked for.

extension Vault {
    /// Registers a container that an engine is about to start for an agent.
    ///
    /// The process has to be in a control group that names the container. Registering the same process again changes
    /// nothing; a container of that id whose process is gone is ended first.
    package func registerContainer(
        _ container: String,
        _ body: RegisterContainerBody,
        by caller: Caller
    ) async throws(VaultError) -> ContainerBody {
        guard (1...1_024).contains(container.utf8.count), container.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .invalidField("id", reason: "1 to 1,024 visible characters")
        }
        guard let pid = Int32(exactly: body.pid), let facts = processes.facts(pid) else {
            throw .invalidField("pid", reason: "there is no such process on this machine")
        }
        let cgroup = facts.membership(naming: container)
        guard !cgroup.isEmpty else {
            throw .invalidField("pid", reason: "the process is in no control group that names the container")
        }
        let registered = try await write(.containerRegister, by: caller) { [processes, containerWatch] act in
            let agent = try act.liveAgent(body.agent)
            if let known = try act.connection.liveContainer(container) {
                let isSame =
                    known.pid == facts.pid && known.processStart == facts.start && known.boot == processes.boot
                if isSame, known.agentID == agent.id, known.workspaceID == act.workspace {
                    containerWatch.watch(known, on: processes)
                    return Done(ContainerBody(known, of: agent), act.event(.containerRegister, known, of: agent))
                }
                guard known.isGone(from: processes) else {
                    throw VaultError.conflicts([ConflictBody(code: .duplicateName, name: container)])
                }
                try known.end(on: act.connection, ring: act.ring, at: act.now)
            }
            let row = ContainerRow(
                tokenID: TokenID(at: act.now),
                workspaceID: act.workspace,
                agentID: agent.id,
                container: container,
                pid: Int64(facts.pid),
                processStart: facts.start,
                boot: processes.boot,
                cgroup: cgroup,
                registeredAt: act.now
            )
            try act.connection.insertToken(row.token(madeBy: act.member.user).sealed(with: act.ring))
            try act.connection.insertContainer(row)
            // Its end is looked up, so that it does no harm where this is not committed.
            containerWatch.watch(row, on: processes)
            return Done(ContainerBody(row, of: agent), act.event(.containerRegister, row, of: agent))
        }
        // Nobody waits for it, and it may fail: the start then reads what it needs itself.
        Task { await prepareStart(of: container) }
        return registered
    }

    /// Reads what the container's first start will need, while its runtime is still at work on it.
    func prepareStart(of container: String) async {
        let changes = starts.foreignChanges
        let read = try? await engine.read { [ring] connection in
            try connection.liveContainer(container).map { row in
                (row, try StartSnapshot(digest: row.digest, connection: connection, ring: ring))
            }
        }
        guard let (row, snapshot) = read ?? nil else { return }
        starts.remember(snapshot, for: row.digest, of: row, readAt: changes)
    }

    /// What was prepared for the container that the peer runs in, as in ``holderDigest(of:peer:)``; the transaction of the
    /// start finds out whether anything has changed since.
    func takePrepared(for request: StartRequest) -> (snapshot: StartSnapshot, readAt: ForeignChanges)? {
        guard request.token == nil, let peer = request.peer else { return nil }
        return starts.takePrepared(for: peer.facts.candidates) { $0.isHome(of: peer, on: processes) }
    }

    /// Ends a container because its engine says so; one that has ended, or was never there, stays as it is.
    ///
    /// Refused while the container's first process runs: engines say it afterwards, so the word is of an earlier container
    /// of that id, which comes late.
    package func endContainer(_ container: String, by caller: Caller) async throws(VaultError) {
        let _: Bool = try await write(.containerEnd, by: caller) { [processes] act in
            guard let row = try act.connection.liveContainer(container), row.workspaceID == act.workspace,
                let agent = try act.connection.agent(row.agentID, in: act.workspace)
            else { throw VaultError.notFound(.container) }
            guard !row.isRunning(on: processes) else {
                throw VaultError.invalidField("id", reason: "the container's first process still runs")
            }
            try row.end(on: act.connection, ring: act.ring, at: act.now)
            return Done(true, act.event(.containerEnd, row, of: agent))
        }
    }

    /// Lists the containers of a workspace that have not ended, oldest first.
    package func containers(by caller: Caller) async throws(VaultError) -> ContainerList {
        try await read(.containerList, by: caller) { act in
            ContainerList(
                containers: try act.connection.liveContainers(in: act.workspace).compactMap { row in
                    try act.connection.agent(row.agentID, in: act.workspace).map { ContainerBody(row, of: $0) }
                }
            )
        }
    }

    /// Ends containers as their first processes end, until the task is cancelled; for one task at a time.
    package func endContainersAsTheyStop() async {
        for await _ in containerWatch.ends {
            // What cannot be written now is found again by upkeep.
            try? await end(containerWatch.takeEnded().filter { $0.isGone(from: processes) })
        }
    }

    /// Ends the containers whose process is gone although nobody saw it, and watches the others from now on.
    ///
    /// So it is when the machine went down, or the server was not there.
    func endContainersThatAreGone() async throws(VaultError) {
        let live = try await mappingErrors {
            try await engine.read { try $0.liveContainers() }
        }
        for row in live { containerWatch.watch(row, on: processes) }
        try await end(live.filter { $0.isGone(from: processes) })
    }

    private func end(_ gone: [ContainerRow]) async throws(VaultError) {
        guard !gone.isEmpty else { return }
        let now = clock.now
        let ring = ring
        try await mappingErrors {
            try await engine.write { connection in
                for row in gone {
                    // A hook may have said so meanwhile.
                    guard try connection.liveContainer(row.container)?.tokenID == row.tokenID else { continue }
                    try row.end(on: connection, ring: ring, at: now)
                    try connection.bumpRevision(of: row.workspaceID)
                    guard let agent = try connection.agent(row.agentID, in: row.workspaceID) else { continue }
                    try Trail(connection: connection, ring: ring, requestID: nil).append(
                        AuditEvent(
                            action: .containerEnd,
                            subjects: [agent.subject],
                            details: [AuditDetail(key: "container", value: row.container)]
                        ),
                        workspace: row.workspaceID,
                        actor: .server,
                        at: now
                    )
                }
            }
        }
        notices.announce(gone.map(\.agentID.text))
    }

    /// The digest that the holder's row is found by: that of the token, or without one that of the container in which
    /// the peer runs.
    func holderDigest(of token: [UInt8]?, peer: PeerProcess?) async throws(VaultError) -> [UInt8] {
        if let token {
            guard let bearer = try? BearerToken(parsing: token), bearer.kind == .gateway else { throw .token(.unknown) }
            return bearer.digest
        }
        guard let peer else { throw .token(.missing) }
        let candidates = peer.facts.candidates
        let found: ContainerRow? = try await mappingErrors {
            try await engine.read { [processes] connection in
                for candidate in candidates {
                    if let row = try connection.liveContainer(candidate), row.isHome(of: peer, on: processes) {
                        return row
                    }
                }
                return nil
            }
        }
        guard let found else { throw .token(.notVouchedFor) }
        return found.digest
    }
}

extension ContainerRow {
    /// What stands for the container as a token's digest stands for the token.
    ///
    /// It covers every fact that the container is known by, and the token's row code covers it: a row that was changed
    /// from outside has a digest that no token has.
    var digest: [UInt8] {
        let facts = [
            "attache container 1", tokenID.text, workspaceID.text, agentID.text, container, String(pid),
            String(processStart), boot, cgroup,
        ]
        return sha256(Array(facts.joined(separator: "\0").utf8))
    }

    func token(madeBy user: UserID) -> TokenRow {
        TokenRow(
            id: tokenID,
            workspaceID: workspaceID,
            kind: .container,
            digest: digest,
            hint: String(container.prefix(12)),
            name: container,
            role: nil,
            agentID: agentID,
            createdBy: user,
            createdAt: registeredAt,
            expiresAt: nil,
            endedAt: nil,
            endReason: nil,
            firstUsedAt: nil,
            lastUsedAt: nil,
            rowCode: []
        )
    }

    /// Whether the process runs in this container and not in one inside of it, beside it, or of its name.
    ///
    /// Without a pidfd the pid may be another's by now. Then only the container's first process is taken, which was
    /// there before it could connect.
    func isHome(of peer: PeerProcess, on machine: ProcessTable) -> Bool {
        guard boot == machine.boot, peer.facts.membership(naming: container) == cgroup else { return false }
        return peer.isHeld || (Int64(peer.facts.pid) == pid && peer.facts.start == processStart)
    }

    /// Whether the container's first process is seen to run.
    func isRunning(on machine: ProcessTable) -> Bool {
        guard boot == machine.boot, let pid = Int32(exactly: pid) else { return false }
        return machine.facts(pid)?.start == processStart
    }

    /// Whether the container's first process has ended; false where that cannot be told.
    func isGone(from machine: ProcessTable) -> Bool {
        guard boot == machine.boot, let pid = Int32(exactly: pid) else { return true }
        if let facts = machine.facts(pid) { return facts.start != processStart }
        return machine.hasNone(pid)
    }

    func end(on connection: any SQLConnection, ring: KeyRing, at now: Timestamp) throws {
        try connection.endContainer(self, at: now)
        guard var token = try connection.token(tokenID, in: workspaceID), token.endedAt == nil else { return }
        token.endedAt = now
        token.endReason = .revoked
        try connection.updateToken(token.sealed(with: ring))
    }
}

extension TokenRow {
    /// The container that the token stands for.
    var container: String? { kind == .container ? name : nil }
}

extension Act {
    fileprivate func event(_ action: Action, _ row: ContainerRow, of agent: AgentRow) -> AuditEvent {
        AuditEvent(
            action: action,
            subjects: [agent.subject],
            details: [
                AuditDetail(key: "container", value: row.container), AuditDetail(key: "pid", value: String(row.pid)),
            ]
        )
    }
}

extension ContainerBody {
    fileprivate init(_ row: ContainerRow, of agent: AgentRow) {
        self.init(
            id: row.container,
            agentId: agent.id.text,
            agent: agent.name,
            pid: row.pid,
            registeredAt: row.registeredAt
        )
    }
}

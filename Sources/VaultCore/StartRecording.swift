// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
internal import Sealing
internal import Storage
internal import VaultModel

/// Commits what a start was given, before it is given.
struct StartRecording {
    let connection: any SQLConnection
    let ring: KeyRing
    let now: Timestamp
    let requestID: String?

    /// Records the start and returns its id: the instance's, or a fresh one for a session, which is no instance.
    ///
    /// The tokens of `leases` are good from now on, and those of an earlier try of the same start no longer.
    func record(_ request: StartRequest, of snapshot: StartSnapshot, _ leases: [ProxyLease]) throws -> String {
        let isSession = try request.isSession || snapshot.token.kind == .session || isAside(request, snapshot.token)
        let receipt = snapshot.receipt.encoded
        let instance =
            try isSession
            ? InstanceID(at: now)
            : recordInstance(request, of: snapshot, receipt: receipt)
        try insert(leases, of: snapshot, for: instance, isSession: isSession)
        try markUsed(snapshot.token)
        try Trail(connection: connection, ring: ring, requestID: requestID).append(
            AuditEvent(
                action: .start,
                subjects: [
                    snapshot.agent.subject,
                    AuditSubject(kind: .instance, id: instance.text, name: request.replica, version: nil),
                ],
                digest: sha256(receipt),
                details: [
                    AuditDetail(key: "entries", value: String(snapshot.receipt.versions.count)),
                    AuditDetail(key: "session", value: isSession ? "yes" : "no"),
                ]
            ),
            workspace: snapshot.workspace,
            actor: .gateway(snapshot.agent.id, snapshot.token.id),
            at: now
        )
        return instance.text
    }

    /// Whether a process of a container asks beside the first one.
    ///
    /// That one keeps what it was given: an instance in its place would say that it has the new values. What supervises asks
    /// through children.
    private func isAside(_ request: StartRequest, _ token: TokenRow) throws -> Bool {
        guard let container = token.container, !request.isSupervised, let process = request.peer?.facts,
            let row = try connection.liveContainer(container)
        else { return false }
        return Int64(process.pid) != row.pid || process.start != row.processStart
    }

    private func insert(
        _ leases: [ProxyLease],
        of snapshot: StartSnapshot,
        for start: InstanceID,
        isSession: Bool
    ) throws {
        guard !leases.isEmpty else { return }
        try connection.deleteInstanceTokens(
            of: snapshot.agent.id,
            madeFor: start,
            // A supervisor may say that an instance lives again that had ended.
            orEndedBefore: now + .seconds(-86_400),
            in: snapshot.workspace
        )
        for lease in leases {
            try connection.insertToken(
                lease.token(
                    of: snapshot.agent,
                    for: start,
                    by: snapshot.token.createdBy,
                    at: now,
                    expiresAt: isSession ? now + ProxiedCredential.sessionLife : nil,
                    ring: ring
                )
            )
        }
    }

    private func recordInstance(
        _ request: StartRequest,
        of snapshot: StartSnapshot,
        receipt: [UInt8]
    ) throws -> InstanceID {
        let workspace = snapshot.workspace
        let agent = snapshot.agent
        let instance = InstanceRow(
            id: InstanceID(at: now),
            workspaceID: workspace,
            agentID: agent.id,
            replica: request.replica,
            startID: request.startID,
            tokenID: snapshot.token.id,
            startedAt: now,
            endedAt: nil,
            endReason: nil,
            receipt: receipt,
            isSupervised: request.isSupervised,
            container: snapshot.token.container
        )
        guard try connection.insertInstanceOnce(instance) else { return try recordRetry(of: instance) }
        guard !request.isSupervised else {
            try endStartsThatNeverRan(before: instance, of: agent)
            return instance.id
        }
        try connection.endInstances(replacedBy: instance, at: now)
        guard instance.container == nil else { return instance.id }
        try connection.endInstances(of: agent.id, beyond: agent.replicas, at: now, in: workspace)
        return instance.id
    }

    /// Ends what a supervisor was given before and did not run.
    ///
    /// Those that run stay: the supervisor first fetches and then stops, and its first request for changes is what
    /// ends the one before.
    private func endStartsThatNeverRan(before instance: InstanceRow, of agent: AgentRow) throws {
        var starting = try connection.liveInstances(of: agent.id, in: agent.workspaceID)
            .filter {
                $0.id != instance.id && $0.isSupervised && $0.runningAt == nil && $0.container == instance.container
            }
        for given in starting where given.replica == instance.replica {
            try connection.endInstance(given.id, at: now, reason: .replaced, in: agent.workspaceID)
        }
        guard instance.container == nil else { return }
        starting.removeAll { $0.replica == instance.replica }
        for surplus in starting.dropFirst(Int(agent.replicas) - 1) {
            try connection.endInstance(surplus.id, at: now, reason: .surplus, in: agent.workspaceID)
        }
    }

    /// A retry of the same start: it may be given newer versions than the first try was.
    private func recordRetry(of start: InstanceRow) throws -> InstanceID {
        guard
            var known = try connection.instance(startID: start.startID, of: start.agentID, in: start.workspaceID)
        else { throw VaultError.integrity(entry: nil) }
        known.receipt = start.receipt
        known.endedAt = nil
        known.endReason = nil
        try connection.updateInstance(known)
        return known.id
    }

    /// The first use of a gateway token ends the ones that it replaced.
    private func markUsed(_ token: TokenRow) throws {
        guard token.kind != .container, token.firstUsedAt == nil, let agent = token.agentID else { return }
        var used = token
        used.firstUsedAt = now
        used.lastUsedAt = now
        try connection.updateToken(used.sealed(with: ring))
        // Another start may be about to use the row as it was before, or an old token, on the strength of a snapshot.
        try connection.bumpRevision(of: token.workspaceID)
        guard token.kind == .gateway, token.expiresAt == nil else { return }
        for var old in try connection.tokens(of: agent, in: token.workspaceID)
        where old.kind == .gateway && old.id != token.id && old.endedAt == nil && old.expiresAt != nil {
            old.endedAt = now
            old.endReason = .rotated
            try connection.updateToken(old.sealed(with: ring))
        }
    }
}

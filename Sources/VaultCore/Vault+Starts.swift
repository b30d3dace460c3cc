// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
internal import Sealing
internal import Storage
internal import VaultModel

extension Vault {
    /// How often a start is tried again because the vault changed while its values were being opened.
    private static let optimisticAttempts = 3

    /// Hands an agent its environment: all that is attached, or nothing.
    ///
    /// The values are opened first, from a snapshot; the receipt and the audit entry are then committed on condition
    /// that nothing changed since, and only after that do the values leave. One damaged row fails the start and names
    /// the entry.
    package func start(_ request: StartRequest) async throws(VaultError) -> StartAnswer {
        guard let bytes = request.token else { throw .token(.missing) }
        guard let bearer = try? BearerToken(parsing: bytes), bearer.kind == .gateway else { throw .token(.unknown) }
        try check(request)
        let digest = bearer.digest
        let ring = ring
        let now = clock.now
        let requestID = Self.requestID
        let answer: StartAnswer? = try await mappingErrors {
            for _ in 0..<Self.optimisticAttempts {
                // SQL on the engine's threads, the opening of values on this one: starts overlap.
                let snapshot = try await engine.read { connection in
                    try StartSnapshot(digest: digest, connection: connection, ring: ring, now: now)
                }
                let opened = try snapshot.open(with: ring)
                let recorded: String? = try await engine.write { connection in
                    guard try connection.revision(of: snapshot.workspace) == snapshot.revision else { return nil }
                    let start = StartRecording(connection: connection, ring: ring, now: now, requestID: requestID)
                    return try start.record(request, of: snapshot, delivering: opened.receipt)
                }
                guard let recorded else { continue }
                return StartAnswer(
                    environment: opened.environment,
                    receipt: recorded,
                    allowedNames: snapshot.allowedNames
                )
            }
            return nil
        }
        if let answer { return answer }
        // Writers keep winning: open the values inside the transaction, where nothing can change.
        return try await mappingErrors {
            try await engine.write { connection in
                let snapshot = try StartSnapshot(digest: digest, connection: connection, ring: ring, now: now)
                let opened = try snapshot.open(with: ring)
                let start = StartRecording(connection: connection, ring: ring, now: now, requestID: requestID)
                return StartAnswer(
                    environment: opened.environment,
                    receipt: try start.record(request, of: snapshot, delivering: opened.receipt),
                    allowedNames: snapshot.allowedNames
                )
            }
        }
    }

    private func check(_ request: StartRequest) throws(VaultError) {
        guard DisplayName(request.replica) != nil else {
            throw .invalidField("Attache-Instance", reason: "1 to 128 visible characters")
        }
        let isID = request.startID.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isID, (8...64).contains(request.startID.utf8.count) else {
            throw .invalidField("Attache-Start", reason: "8 to 64 letters, digits, - or _")
        }
    }
}

/// All that a start needs, read at one point in time and checked.
private struct StartSnapshot: Sendable {
    let workspace: WorkspaceID
    let revision: Int64
    let token: TokenRow
    let agent: AgentRow
    let items: [AttachedEntryRow]
    let owners: [UserID: OwnerScope]

    var allowedNames: [String] {
        let allowed = Set(agent.allowedNames.split(separator: " ").map(String.init))
        return items.map(\.entry.name).filter { $0.isDangerous && allowed.contains($0.text) }.map(\.text)
    }

    init(digest: [UInt8], connection: any SQLConnection, ring: KeyRing, now: Timestamp) throws {
        guard let token = try connection.token(digest: digest), let agentID = token.agentID else {
            throw VaultError.token(.unknown)
        }
        switch token.kind {
        case .gateway, .session: break
        case .workspaceKey: throw VaultError.token(.unknown)
        }
        try token.verify(with: ring)
        if let problem = token.problem(at: now) { throw VaultError.token(problem) }
        workspace = token.workspaceID
        self.token = token
        revision = try connection.revision(of: workspace)
        guard let agent = try connection.agent(agentID, in: workspace), agent.deletedAt == nil else {
            throw VaultError.token(.revoked)
        }
        try agent.verify(with: ring)
        self.agent = agent
        items = try connection.attachedEntries(of: agentID, in: workspace)
        var owners: [UserID: OwnerScope] = [:]
        for item in items where owners[item.entry.ownerID] == nil {
            owners[item.entry.ownerID] = try connection.ownerScope(of: item.entry.ownerID, in: workspace)
        }
        self.owners = owners
    }

    /// Opens every value and lays the environment out.
    func open(with ring: KeyRing) throws -> (environment: SharedSecret, receipt: Receipt) {
        var values: [(name: EnvironmentName, value: SharedSecret)] = []
        values.reserveCapacity(items.count)
        var versions: [EntryID: Int64] = [:]
        for item in items {
            guard let owner = owners[item.entry.ownerID] else {
                throw VaultError.integrity(entry: item.entry.name.text)
            }
            do {
                try item.attachment.verify(with: ring, owner: owner)
            } catch {
                throw VaultError.integrity(entry: item.entry.name.text)
            }
            let opened = try item.entry.openValue(item.value, owner: owner, ring: ring)
            values.append((item.entry.name, opened.value))
            versions[item.entry.id] = item.entry.version
        }
        return (SharedSecret(environmentBlock(of: values)), Receipt(versions))
    }
}

/// Writes `NAME=value\0` for each, into memory that is wiped.
private func environmentBlock(of values: [(name: EnvironmentName, value: SharedSecret)]) -> SecretBytes {
    let count = values.reduce(0) { $0 + $1.name.text.utf8.count + $1.value.bytes.count + 2 }
    return SecretBytes(count: count) { buffer in
        var offset = 0
        for (name, value) in values {
            for byte in name.text.utf8 {
                buffer[offset] = byte
                offset += 1
            }
            buffer[offset] = UInt8(ascii: "=")
            offset += 1
            value.bytes.withBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: buffer[offset...]).copyMemory(from: bytes)
                offset += bytes.count
            }
            buffer[offset] = 0
            offset += 1
        }
    }
}

/// Commits what a start was given, before it is given.
private struct StartRecording {
    let connection: any SQLConnection
    let ring: KeyRing
    let now: Timestamp
    let requestID: String?

    /// Records the start and returns its id: the instance's, or a fresh one for a session, which is no instance.
    func record(
        _ request: StartRequest,
        of snapshot: StartSnapshot,
        delivering receipt: Receipt
    ) throws -> String {
        let isSession = request.isSession || snapshot.token.kind == .session
        let bytes = receipt.encoded
        let instance =
            try isSession
            ? InstanceID(at: now)
            : recordInstance(request, of: snapshot, receipt: bytes)
        try markUsed(snapshot.token)
        try Trail(connection: connection, ring: ring, requestID: requestID).append(
            AuditEvent(
                action: .start,
                subjects: [
                    snapshot.agent.subject,
                    AuditSubject(kind: .instance, id: instance.text, name: request.replica, version: nil),
                ],
                digest: sha256(bytes),
                details: [
                    AuditDetail(key: "entries", value: String(receipt.versions.count)),
                    AuditDetail(key: "session", value: isSession ? "yes" : "no"),
                ]
            ),
            workspace: snapshot.workspace,
            actor: .gateway(snapshot.agent.id, snapshot.token.id),
            at: now
        )
        return instance.text
    }

    private func recordInstance(
        _ request: StartRequest,
        of snapshot: StartSnapshot,
        receipt: [UInt8]
    ) throws -> InstanceID {
        let workspace = snapshot.workspace
        let agent = snapshot.agent
        if var known = try connection.instance(startID: request.startID, of: agent.id, in: workspace) {
            // A retry of the same start: it may be given newer versions than the first try was.
            known.receipt = receipt
            known.endedAt = nil
            known.endReason = nil
            try connection.updateInstance(known)
            return known.id
        }
        var live = try connection.liveInstances(of: agent.id, in: workspace)
        for replaced in live where replaced.replica == request.replica {
            try connection.endInstance(replaced.id, at: now, reason: .replaced, in: workspace)
        }
        live.removeAll { $0.replica == request.replica }
        // Newest first: what is beyond the replicas, this start included, is surplus.
        for surplus in live.dropFirst(Int(agent.replicas) - 1) {
            try connection.endInstance(surplus.id, at: now, reason: .surplus, in: workspace)
        }
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
            receipt: receipt
        )
        try connection.insertInstance(instance)
        return instance.id
    }

    /// The first use of a gateway token ends the ones that it replaced.
    private func markUsed(_ token: TokenRow) throws {
        guard token.firstUsedAt == nil, let agent = token.agentID else { return }
        var used = token
        used.firstUsedAt = now
        used.lastUsedAt = now
        try connection.updateToken(used.sealed(with: ring))
        guard token.kind == .gateway, token.expiresAt == nil else { return }
        for var old in try connection.tokens(of: agent, in: token.workspaceID)
        where old.kind == .gateway && old.id != token.id && old.endedAt == nil && old.expiresAt != nil {
            old.endedAt = now
            old.endReason = .rotated
            try connection.updateToken(old.sealed(with: ring))
        }
        // Another start may be about to use the old token on the strength of a snapshot.
        try connection.bumpRevision(of: token.workspaceID)
    }
}

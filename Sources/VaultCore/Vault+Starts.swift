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
    /// The values are opened first, from a snapshot, unless the same rows opened for a start before; the receipt and the
    /// audit entry are committed on condition that nothing changed since, and only after that do the values leave. One
    /// damaged row fails the start and names the entry.
    func deliver(_ request: StartRequest) async throws(VaultError) -> StartAnswer {
        if let prepared = takePrepared(for: request) {
            try check(request)
            let answer = try? await start(request, from: prepared.snapshot, readAt: prepared.readAt)
            if let answer { return answer }
        }
        let digest = try await holderDigest(of: request.token, peer: request.peer)
        try check(request)
        if let remembered = starts.snapshot(for: digest) {
            // What is wrong with a remembered snapshot is found, and told, with a fresh one.
            let answer = try? await start(
                request,
                from: remembered.snapshot,
                readAt: remembered.readAt,
                hasOpened: true
            )
            if let answer { return answer }
            starts.forget(digest)
        }
        for _ in 0..<Self.optimisticAttempts {
            let changes = starts.foreignChanges
            // SQL on the engine's threads, the opening of values on this one: starts overlap.
            let snapshot = try await mappingErrors {
                try await engine.read { [ring] connection in
                    try StartSnapshot(digest: digest, connection: connection, ring: ring)
                }
            }
            guard let answer = try await start(request, from: snapshot) else { continue }
            if snapshot.token.kind == .gateway, snapshot.token.firstUsedAt != nil {
                starts.remember(snapshot, for: digest, readAt: changes)
            }
            return answer
        }
        // Writers keep winning: open the values inside the transaction, where nothing can change.
        let (agent, answer) = try await mappingErrors {
            let requestID = Self.requestID
            let address = settings.agentURL
            return try await engine.write { [clock, ring] connection in
                let now = clock.now
                let snapshot = try StartSnapshot(digest: digest, connection: connection, ring: ring)
                if let problem = snapshot.token.problem(at: now) { throw VaultError.token(problem) }
                try snapshot.refuseExpired(at: now)
                let leases = try snapshot.leases(for: request, at: address)
                let environment = try snapshot.open(with: ring, adding: leases)
                let start = StartRecording(connection: connection, ring: ring, now: now, requestID: requestID)
                let answer = StartAnswer(
                    environment: environment,
                    receipt: try start.record(request, of: snapshot, leases),
                    allowedNames: snapshot.allowedNames,
                    readableNames: request.isSupervised ? snapshot.readableNames(leases) : []
                )
                return (snapshot.agent.id, answer)
            }
        }
        notices.announce([agent.text])
        return answer
    }

    /// Opens what `snapshot` holds and records the start; nil when the snapshot turned out to be of the past.
    ///
    /// `changes` is what other programs had done when a remembered one was read; nil for one that was read just now.
    private func start(
        _ request: StartRequest,
        from snapshot: StartSnapshot,
        readAt changes: ForeignChanges? = nil,
        hasOpened: Bool = false
    ) async throws(VaultError) -> StartAnswer? {
        let now = clock.now
        if let problem = snapshot.token.problem(at: now) { throw .token(problem) }
        try snapshot.refuseExpired(at: now)
        let leases = try snapshot.leases(for: request, at: settings.agentURL)
        let ring = ring
        async let opening = Result { () throws(VaultError) in try snapshot.open(with: ring, adding: leases) }
        // What opened before opens again: its values are made while the receipt is on its way to the disk.
        if !hasOpened { _ = try await opening.get() }
        let requestID = Self.requestID
        let receipt: String? = try await mappingErrors {
            try await engine.write { [starts] connection in
                let latest = try connection.foreignChanges()
                starts.note(latest)
                guard changes == nil || changes == latest else { return nil }
                guard try connection.revision(of: snapshot.workspace) == snapshot.revision else { return nil }
                let start = StartRecording(connection: connection, ring: ring, now: now, requestID: requestID)
                return try start.record(request, of: snapshot, leases)
            }
        }
        guard let receipt else { return nil }
        notices.announce([snapshot.agent.id.text])
        return StartAnswer(
            environment: try await opening.get(),
            receipt: receipt,
            allowedNames: snapshot.allowedNames,
            readableNames: request.isSupervised ? snapshot.readableNames(leases) : []
        )
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

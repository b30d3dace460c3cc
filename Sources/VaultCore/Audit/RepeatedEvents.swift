// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
internal import Storage
internal import Synchronization
package import VaultModel

/// Something that anybody can make happen as often as they like: a refused attempt, a look at the trail.
///
/// Equal ones are recorded once a minute, so that nobody can fill the disk with them.
struct RepeatedEvent: Hashable, Sendable {
    var chain: String
    var actor: AuditActor
    var action: Action
    var outcome: AuditOutcome
    var details: [AuditDetail] = []
}

/// Counts events that repeat themselves: the first is recorded at once, what follows within a minute as one number.
///
/// The count is in memory. A server that is killed loses it, and never the first of a minute.
final class RepeatedEvents: Sendable {
    static let interval: Duration = .seconds(60)
    /// As many different events as are counted apart; what goes beyond is counted together.
    static let mostEvents = 1_024

    private struct Count {
        var since: Timestamp
        var unrecorded: Int64 = 0
    }

    private let counts = Mutex<[RepeatedEvent: Count]>([:])

    /// Takes note of an event.
    ///
    /// Returns what to record now, and how many that were counted before go with it; nil when it is only counted.
    func note(_ event: RepeatedEvent, at now: Timestamp) -> (event: RepeatedEvent, repeats: Int64)? {
        counts.withLock { counts in
            var event = event
            if counts[event] == nil, counts.count >= Self.mostEvents {
                event.actor = .nobody
                event.details = [AuditDetail(key: "actors", value: "several")]
            }
            guard var count = counts[event], now < count.since + Self.interval, now >= count.since else {
                let repeats = counts[event]?.unrecorded ?? 0
                counts[event] = Count(since: now)
                return (event, repeats)
            }
            count.unrecorded += 1
            counts[event] = count
            return nil
        }
    }

    /// Gives up what was noted, since it could not be recorded: the next one is recorded at once.
    func forget(_ event: RepeatedEvent) {
        counts.withLock { $0[event] = nil }
    }

    /// Takes out the counts whose minute has ended, or all of them.
    func take(at now: Timestamp, all: Bool = false) -> [(event: RepeatedEvent, repeats: Int64)] {
        counts.withLock { counts in
            var due: [(RepeatedEvent, Int64)] = []
            for (event, count) in counts where all || now >= count.since + Self.interval || now < count.since {
                if count.unrecorded > 0 { due.append((event, count.unrecorded)) }
                counts[event] = nil
            }
            return due
        }
    }
}

extension Vault {
    /// Records an event that repeats itself; returns when its entry, where one is due, is on disk.
    func record(_ event: RepeatedEvent) async throws(VaultError) {
        let now = clock.now
        guard let (due, repeats) = repeated.note(event, at: now) else { return }
        do {
            try await record([(due, repeats)], at: now)
        } catch {
            repeated.forget(due)
            throw error
        }
    }

    /// Records what was counted and is due; `all` before the server stops.
    func recordRepeatedEvents(all: Bool) async throws(VaultError) {
        let now = clock.now
        let due = repeated.take(at: now, all: all)
        guard !due.isEmpty else { return }
        try await record(due, at: now)
    }

    private func record(_ events: [(event: RepeatedEvent, repeats: Int64)], at now: Timestamp) async throws(VaultError)
    {
        let requestID = Self.requestID
        try await mappingErrors {
            try await engine.write { [keys] connection in
                let trail = Trail(connection: connection, ring: keys.ring, requestID: requestID)
                for (event, repeats) in events {
                    let count = repeats > 0 ? [AuditDetail(key: "repeats", value: String(repeats))] : []
                    try trail.append(
                        AuditRecord(
                            at: now,
                            actor: event.actor,
                            action: event.action,
                            outcome: event.outcome,
                            details: event.details + count,
                            requestID: requestID
                        ),
                        to: event.chain
                    )
                }
            }
        }
    }
}

extension Vault {
    /// Says who the holder of a workspace key or of a session is; a token that is refused is recorded.
    ///
    /// The format and its checksum are looked at first, so that a guess costs no database access. `workspace` is the id
    /// or the name of the one that the request is about: a key has one only, a session all those of its person.
    package func authenticate(
        _ token: [UInt8],
        in workspace: String? = nil,
        from address: IPAddress = .loopback
    ) async throws(VaultError) -> Caller {
        do {
            return try await recordingRefusal(of: token) { () async throws(VaultError) in
                try await holder(of: token, in: workspace, from: address)
            }
        } catch .addressNotAllowed {
            if let known = await knownToken(token) {
                try? await record(
                    RepeatedEvent(
                        chain: known.workspaceID.text,
                        actor: known.actor,
                        action: .tokenUse,
                        outcome: .denied(reason: "network")
                    )
                )
            }
            throw .addressNotAllowed
        }
    }

    /// Records, in the system's trail, that somebody who is nobody tried something: a wrong password or invitation's token, a
    /// process that is not the operator.
    ///
    /// Says nothing about which address it was tried for: that an account exists is not told by a trail either.
    package func recordRefusal(of action: Action, reason: String) async {
        let event = RepeatedEvent(
            chain: Trail.systemChain,
            actor: .nobody,
            action: action,
            outcome: .denied(reason: reason)
        )
        try? await record(event)
    }

    /// Does something on the strength of a token; one that is refused is recorded.
    func recordingRefusal<R>(
        of token: [UInt8]?,
        _ body: () async throws(VaultError) -> R
    ) async throws(VaultError) -> R {
        do {
            return try await body()
        } catch .token(let problem) {
            await recordRefusal(of: token, problem)
            throw .token(problem)
        }
    }

    /// Hands an agent its environment: all that is attached, or nothing; a token that is refused is recorded.
    package func start(_ request: StartRequest) async throws(VaultError) -> StartAnswer {
        do {
            return try await recordingRefusal(of: request.token) { () async throws(VaultError) in
                try await deliver(request)
            }
        } catch .expired(let names) {
            if let token = await knownToken(request.token), let agent = token.agentID {
                try await record(
                    RepeatedEvent(
                        chain: token.workspaceID.text,
                        actor: .gateway(agent, token.id),
                        action: .start,
                        outcome: .denied(reason: "expired"),
                        details: [AuditDetail(key: "entry", value: names.first ?? "")]
                    )
                )
            }
            throw .expired(entries: names)
        }
    }

    /// Records that a token opened nothing: in its workspace's trail where it was one once, else in the system's.
    ///
    /// That the entry cannot be written changes nothing: nobody gets in either way.
    func recordRefusal(of token: [UInt8]?, _ problem: TokenProblem) async {
        var event = RepeatedEvent(
            chain: Trail.systemChain,
            actor: .nobody,
            action: .tokenUse,
            outcome: .denied(reason: problem.reason)
        )
        if problem == .rotated || problem == .revoked, let known = await knownToken(token) {
            event.chain = known.workspaceID.text
            event.actor = known.actor
        }
        try? await record(event)
    }
}

extension TokenRow {
    /// Whoever shows the token, as the trail names them.
    var actor: AuditActor { agentID.map { .gateway($0, id) } ?? .workspaceKey(id) }
}

extension TokenProblem {
    fileprivate var reason: String {
        switch self {
        case .missing: "missing"
        case .notVouchedFor: "container"
        case .unknown: "unknown"
        case .rotated: "rotated"
        case .revoked: "revoked"
        }
    }
}

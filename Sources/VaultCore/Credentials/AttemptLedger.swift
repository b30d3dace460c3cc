// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
internal import Dispatch
internal import Sealing
internal import Storage
internal import Synchronization
internal import VaultModel

/// Records the attempts to reach targets: each stands in a slot before anything of it is sent, and in the audit trail within
/// milliseconds of its end.
///
/// So an attempt costs one entry, entries of one moment share a transaction, and no request waits for a disk. A process that
/// is killed leaves its slots, which the next one enters into the trail. When entries cannot be written their slots stay, and
/// no new attempt begins: [decision 0050](../../../docs/decisions/0050-attempts-in-slots.md).
final class AttemptLedger: Sendable {
    /// What is over within this time shares a transaction, whose own cost is that of a hundred entries.
    private static let gathering: Duration = .milliseconds(50)
    /// With the time of gathering, how long a power failure may reach back: half a second.
    private static let reach: Duration = .milliseconds(450)
    private static let retryPause: Duration = .milliseconds(200)
    /// Half of the slots: the other half is for what begins meanwhile.
    private static let mostInOneGroup = AttemptSlots.count / 2

    private let slots: AttemptSlots
    private let engine: any SQLEngine
    private let keys: HeldKeys
    /// Forgotten where another program has written to the database.
    private let grants: ProxyGrants
    private let foreignChanges = Mutex<ForeignChanges?>(nil)
    private let state = Mutex(State())

    /// An attempt that is over, whose entry is to be appended to the chain of its workspace.
    struct Finished {
        let slot: Int
        let grant: ProxyGrant
        let at: Timestamp
        let entry: [UInt8]
        /// Whether it counts as a request of its workspace.
        let isRequest: Bool
    }

    private struct State {
        var finished: [Finished] = []
        /// How many are being written.
        var writing = 0
        var writer: Task<Void, Never>?
        /// The writer's wait for more to be over, which ends early when it is cancelled.
        var pause: Task<Void, Never>?
        var isFailing = false
        /// Wait for a slot of what is over.
        var blocked: [CheckedContinuation<Void, Never>] = []
        /// How many were over, ever.
        var count = 0
        /// Wait until all that were over when they came are in the trail: as many as that were.
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

        /// Whether there is no reason to wait for more.
        var isGathered: Bool {
            finished.count >= AttemptLedger.mostInOneGroup || !waiters.isEmpty || !blocked.isEmpty
        }

        /// Takes what is to be written next, and who waits for nothing that comes after it.
        mutating func takeGroup() -> (group: [Finished], waiters: [CheckedContinuation<Void, Never>]) {
            var group: [Finished] = []
            if finished.count <= AttemptLedger.mostInOneGroup {
                swap(&group, &finished)
            } else {
                group = Array(finished.prefix(AttemptLedger.mostInOneGroup))
                finished.removeFirst(group.count)
            }
            writing = group.count
            let ready = waiters.prefix { $0.count <= count - finished.count }
            waiters.removeFirst(ready.count)
            return (group, ready.map(\.continuation))
        }

        mutating func takeWaiters() -> [CheckedContinuation<Void, Never>] {
            defer { waiters = [] }
            return waiters.map(\.continuation)
        }
    }

    init(slots: AttemptSlots, engine: any SQLEngine, keys: HeldKeys, grants: ProxyGrants) {
        self.slots = slots
        self.engine = engine
        self.keys = keys
        self.grants = grants
    }

    /// Records by its entry that an attempt begins; it survives the end of the process from now on.
    ///
    /// Returns nil where every slot is taken.
    func begin(_ entry: [UInt8], in chain: AttemptChain) throws(VaultError) -> Int? {
        guard !state.withLock({ $0.isFailing }) else { throw .auditUnavailable }
        let code = chain.code(of: entry, with: keys.ring)
        let count = AttemptRecord.count(entry, in: chain, code)
        guard count <= AttemptSlots.maximumBytes else { throw .auditUnavailable }
        return slots.put(count: count) { AttemptRecord.write(entry, in: chain, code, to: $0) }
    }

    /// Returns when some of what is over has been written, and its slots are free, or when it cannot be.
    ///
    /// False where nothing is over: as many attempts are under way as there are slots.
    func untilWritten() async -> Bool {
        guard state.withLock({ $0.writing > 0 || !$0.finished.isEmpty }) else { return false }
        await withCheckedContinuation { continuation in
            let isWritten = state.withLock { state in
                guard !state.isFailing, state.writing > 0 || !state.finished.isEmpty else { return true }
                state.blocked.append(continuation)
                state.pause?.cancel()
                return false
            }
            if isWritten { continuation.resume() }
        }
        return true
    }

    /// How many wait for a slot.
    var blockedCount: Int { state.withLock { $0.blocked.count } }

    /// Lets those look again who wait for a slot.
    private func unblock(isFailing: Bool? = nil) {
        let blocked = state.withLock { state in
            state.writing = 0
            if let isFailing { state.isFailing = isFailing }
            defer { state.blocked = [] }
            return state.blocked
        }
        for continuation in blocked { continuation.resume() }
    }

    /// Has an attempt that is over entered into the trail.
    func finish(_ attempt: Finished) {
        state.withLock { state in
            state.finished.append(attempt)
            state.count += 1
            if state.finished.count == Self.mostInOneGroup { state.pause?.cancel() }
            startWriting(&state)
        }
    }

    /// Has what was written without waiting for the disk brought there.
    func synchronizeSoon() { state.withLock { startWriting(&$0) } }

    private func startWriting(_ state: inout State) {
        guard state.writer == nil else { return }
        state.writer = Task.detached { await self.writeAll() }
    }

    /// Returns when every attempt that is over by now is in the trail, and on the disk.
    func settle() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                guard state.writer != nil else { return true }
                state.waiters.append((state.count, continuation))
                state.pause?.cancel()
                return false
            }
            if isIdle { continuation.resume() }
        }
    }

    /// Writes what is over, group by group, until nothing is left and all of it is on the disk.
    private func writeAll() async {
        var synchronizedAt = ContinuousClock.now
        while true {
            await gather()
            let (group, waiters) = state.withLock { $0.takeGroup() }
            do {
                if !group.isEmpty {
                    try await enter(group)
                    unblock()
                }
                let isDue = ContinuousClock.now - synchronizedAt >= Self.reach || !waiters.isEmpty
                if isDue {
                    try await synchronize()
                    synchronizedAt = ContinuousClock.now
                }
                for waiter in waiters { waiter.resume() }
                let ended = state.withLock { state -> [CheckedContinuation<Void, Never>]? in
                    state.isFailing = false
                    guard state.finished.isEmpty, isDue else { return nil }
                    state.writer = nil
                    return state.takeWaiters()
                }
                if let ended {
                    for waiter in ended { waiter.resume() }
                    return
                }
            } catch {
                let others = state.withLock { state in
                    // Those whose synchronization failed are written, and their slots free.
                    if state.writing > 0 { state.finished.insert(contentsOf: group, at: 0) }
                    return state.takeWaiters()
                }
                for waiter in waiters + others { waiter.resume() }
                unblock(isFailing: true)
                guard error as? StorageFailure != .unavailable else {
                    // The store is closed or has failed for good: the slots hold what is left.
                    state.withLock { $0.writer = nil }
                    return
                }
                try? await Task.sleep(for: Self.retryPause)
            }
        }
    }

    /// Waits for more to be over, as long as nobody waits for what is.
    private func gather() async {
        let pause = Task.detached { _ = try? await Task.sleep(for: Self.gathering) }
        let isGathered = state.withLock { state in
            state.pause = pause
            return state.isGathered
        }
        if isGathered { pause.cancel() }
        await pause.value
    }

    private func enter(_ group: [Finished]) async throws {
        let workspaces = Self.byWorkspace(group)
        try await engine.append { [self] connection in
            note(try connection.foreignChanges())
            var tally = RequestTally()
            for attempts in workspaces {
                for attempt in attempts where attempt.isRequest {
                    tally.add(by: attempt.grant.holder, of: attempt.grant.workspace, at: attempt.at)
                }
                try Trail(connection: connection, ring: keys.ring, requestID: nil)
                    .append(
                        attempts.lazy.map { $0.grant.encoded($0.entry, at: $0.at) },
                        to: attempts[0].grant.workspace.text
                    )
            }
            try tally.store(on: connection)
        }
        slots.free(group.map(\.slot))
    }

    /// The attempts of each workspace, in their order.
    private static func byWorkspace(_ group: [Finished]) -> [[Finished]] {
        // Most groups are of one.
        guard let first = group.first?.grant.workspace, group.contains(where: { $0.grant.workspace != first }) else {
            return [group]
        }
        return Array(Dictionary(grouping: group, by: \.grant.workspace).values)
    }

    /// Forgets what was read where another program has written to the database, or that cannot be told.
    private func note(_ changes: ForeignChanges?) {
        let isNews = foreignChanges.withLock { known in
            defer { known = changes }
            return changes == nil || known != changes
        }
        if isNews { grants.forgetAll() }
    }

    private func synchronize() async throws {
        try await engine.synchronize()
        let slots = slots
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            DispatchQueue.global().async { continuation.resume(with: Result { try slots.synchronize() }) }
        }
    }

    /// Enters what a process that ended had under way into the trail.
    func recover() async throws {
        guard !slots.leftovers.isEmpty else { return }
        let ring = keys.ring
        var chains: [String: [AuditRecord]] = [:]
        for (_, bytes) in slots.leftovers {
            // One that does not verify was torn by a power failure, or is nobody's: it says nothing that could be believed.
            guard let left = try? AttemptRecord(opening: bytes, with: ring) else { continue }
            chains[left.chain, default: []].append(left.record.ended(with: "server_ended"))
        }
        let entries = chains
        try await engine.write { connection in
            var tally = RequestTally()
            for (chain, records) in entries {
                tally.add(records, of: chain)
                try Trail(connection: connection, ring: ring, requestID: nil).append(records, to: chain)
            }
            try tally.store(on: connection)
        }
        slots.free(slots.leftovers.map(\.slot))
    }
}

/// What stands in a slot: an entry as it would be chained, and the code that vouches for it.
struct AttemptRecord {
    let chain: String
    let record: AuditRecord

    static func count(_ entry: [UInt8], in chain: AttemptChain, _ code: [UInt8]) -> Int {
        1 + code.count + chain.prefixedName.count + entry.count
    }

    /// `code length (1) ‖ code ‖ chain length (1) ‖ chain ‖ entry`.
    static func write(
        _ entry: [UInt8],
        in chain: AttemptChain,
        _ code: [UInt8],
        to place: UnsafeMutableRawBufferPointer
    ) {
        var rest = place[1...]
        func put(_ piece: [UInt8]) {
            UnsafeMutableRawBufferPointer(rebasing: rest).copyBytes(from: piece)
            rest = rest.dropFirst(piece.count)
        }
        place[0] = UInt8(code.count)
        put(code)
        put(chain.prefixedName)
        put(entry)
    }

    init(opening bytes: [UInt8], with ring: KeyRing) throws {
        var rest = bytes[...]
        func take() throws -> [UInt8] {
            guard let count = rest.popFirst(), rest.count >= Int(count) else { throw AuditError.malformedEntry }
            defer { rest = rest.dropFirst(Int(count)) }
            return Array(rest.prefix(Int(count)))
        }
        let code = try take()
        chain = String(decoding: try take(), as: UTF8.self)
        let entry = Array(rest)
        try ring.verify(code, of: AttemptChain(chain).row.adding(entry), scope: .system)
        record = try AuditRecord(decoding: entry)
    }
}

/// What attempts of one chain have in common in their slots.
struct AttemptChain: Sendable {
    /// Of the row that the code of a slot vouches for, all but the entry.
    fileprivate let row: RowContent
    /// Behind its length, which is one byte.
    fileprivate let prefixedName: [UInt8]

    init(_ name: String) {
        row = RowContent("attempts").adding(name)
        prefixedName = [UInt8(name.utf8.count)] + name.utf8
    }

    func code(of entry: [UInt8], with ring: KeyRing) -> [UInt8] {
        ring.rowCode(for: row, adding: entry, scope: .system)
    }
}

extension ProxyGrant {
    func encoded(_ entry: [UInt8], at time: Timestamp) -> EncodedEntry {
        EncodedEntry(entry, at: time, action: .credentialUse, subject: subject.id)
    }
}

extension AuditRecord {
    /// The same entry with one more detail: why there is no answer.
    func ended(with error: String) -> AuditRecord {
        AuditRecord(
            at: at,
            actor: actor,
            action: action,
            outcome: outcome,
            subjects: subjects,
            digest: digest,
            details: details + [AuditDetail(key: "error", value: error)],
            requestID: requestID
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Decides which writes share a transaction and when the writer runs; holds no connection and does no I/O.
///
/// While a group is on its way to the disk the next writes gather; a write that comes alone does not wait for company.
struct WriteQueue<Write> {
    /// At most this many writes share a transaction, so that the first of them does not wait long.
    static var largestGroup: Int { 128 }
    /// At most this many wait; more are refused, so that memory stays bounded when the disk does not keep up.
    static var longestWait: Int { 8_192 }

    enum Phase: Equatable {
        /// Next: `failed`, `closing`.
        case open
        /// What is on the disk is not known; nothing is written any more. Next: `closing`.
        case failed
        /// What was asked before is finished. Final.
        case closing
    }

    enum Admission: Equatable {
        /// The writer is idle and has to be started.
        case start
        /// The writer runs and comes to it.
        case wait
        case refuse(StorageFailure)
    }

    private(set) var phase = Phase.open
    private(set) var isRunning = false
    private var waiting: [Write] = []
    var waitingCount: Int { waiting.count }

    mutating func add(_ write: Write) -> Admission {
        guard phase == .open else { return .refuse(.unavailable) }
        guard waiting.count < Self.longestWait else { return .refuse(.busy) }
        waiting.append(write)
        guard !isRunning else { return .wait }
        isRunning = true
        return .start
    }

    /// The writes of the next transaction; none when the writer is to stop.
    mutating func nextGroup() -> [Write] {
        let group = Array(waiting.prefix(Self.largestGroup))
        waiting.removeFirst(group.count)
        if group.isEmpty { isRunning = false }
        return group
    }

    /// Puts back what was taken and did not begin.
    mutating func putBack(_ writes: some Collection<Write>) {
        waiting.insert(contentsOf: writes, at: 0)
    }

    /// Ends all writing and returns what waits, to be refused.
    mutating func fail() -> [Write] {
        if phase == .open { phase = .failed }
        defer { waiting = [] }
        return waiting
    }

    /// Takes no more writes; those that wait are finished.
    mutating func close() {
        phase = .closing
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import VaultModel

/// Slows guessing at passwords down without letting anybody lock somebody else out.
///
/// Two counts, both in memory and bounded:
///
/// - an address and a source: from the 5th failure on, each one doubles the wait, 1 s to 15 min;
/// - an address and all sources: from the 50th failure within an hour on, sources from which that person has not logged
///   in during the last 30 days are let through once in 30 s, all together.
///
/// So a guesser with many sources is slowed down as well, and the person who logs in from a usual place is not affected
/// by what others do. An address that has no account is counted like one that has.
final class LoginThrottle: Sendable {
    private static let freeFailures = 5
    private static let longestWait: Int64 = 15 * 60
    private static let freeFailuresOfAll = 50
    private static let waitOfStrangers: Int64 = 30
    private static let window: Duration = .seconds(3_600)
    /// As many counts as are kept; beyond it the ones that were longest without a failure go.
    static let mostCounts = 50_000

    private let counts = Mutex<[Key: Count]>([:])

    private struct Key: Hashable {
        let email: String
        /// Nil for all sources.
        let source: IPAddress?
    }

    private struct Count {
        var failures: Int
        var last: Timestamp
        var notBefore: Timestamp
    }

    /// Throws ``VaultError/rateLimited(retryAfter:)`` when it is too early for another attempt.
    func check(
        _ email: String,
        from source: IPAddress,
        isUsual: Bool,
        at now: Timestamp
    ) throws(VaultError) {
        let wait = counts.withLock { counts -> Int64 in
            var end = counts[Key(email: email, source: source)]?.notBefore ?? now
            let all = Key(email: email, source: nil)
            if !isUsual, let strangers = counts[all], strangers.last + Self.window > now,
                strangers.failures >= Self.freeFailuresOfAll
            {
                end = max(end, strangers.notBefore)
                if end <= now { counts[all]?.notBefore = now + .seconds(Self.waitOfStrangers) }
            }
            return end.milliseconds - now.milliseconds
        }
        guard wait <= 0 else { throw .rateLimited(retryAfter: (wait + 999) / 1_000) }
    }

    func failed(_ email: String, from source: IPAddress, at now: Timestamp) {
        counts.withLock { counts in
            if counts.count >= Self.mostCounts { Self.thin(&counts) }
            for key in [Key(email: email, source: source), Key(email: email, source: nil)] {
                var count = counts[key] ?? Count(failures: 0, last: now, notBefore: now)
                if count.last + Self.window <= now { count.failures = 0 }
                count.failures += 1
                count.last = now
                if key.source != nil, count.failures >= Self.freeFailures {
                    let doublings = min(count.failures - Self.freeFailures, 20)
                    count.notBefore = now + .seconds(min(Int64(1) << Int64(doublings), Self.longestWait))
                }
                counts[key] = count
            }
        }
    }

    /// Forgets the failures of that source, and tells how many there were from all.
    func succeeded(_ email: String, from source: IPAddress) -> Int {
        counts.withLock { counts in
            counts[Key(email: email, source: source)] = nil
            return counts[Key(email: email, source: nil)]?.failures ?? 0
        }
    }

    private static func thin(_ counts: inout [Key: Count]) {
        let times = counts.values.map(\.last).sorted()
        let middle = times[times.count / 2]
        counts = counts.filter { $0.value.last > middle }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import VaultCore

/// How much one holder, an agent or a workspace key, may send at once and within a minute.
///
/// A bucket holds what is allowed in a minute, so a burst is as good as an even stream. The counts are in memory: a server
/// that starts anew begins with full buckets.
final class HolderLimits: Sendable {
    /// Beyond so many the holders that have nothing under way and full buckets go, which says nothing of them.
    private static let mostHolders = 10_000

    private let atOnce: Int
    private let perMinute: Int
    private let clock: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex<[String: Holder]>([:])

    private struct Holder {
        var underWay = 0
        var left: Double
        var at: ContinuousClock.Instant
    }

    /// 0 is without a limit.
    init(atOnce: Int, perMinute: Int, clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.atOnce = atOnce
        self.perMinute = perMinute
        self.clock = clock
    }

    /// Counts a request, which is under way until the admission is let go.
    ///
    /// Throws ``VaultError/rateLimited(retryAfter:)`` where it is one too many.
    func admit(_ holder: String) throws(ProxyError) -> Admission? {
        guard atOnce > 0 || perMinute > 0 else { return nil }
        let now = clock()
        let wait: Int64? = state.withLock { state in
            if state.count >= Self.mostHolders {
                state = state.filter { $0.value.underWay > 0 || now - $0.value.at < .seconds(60) }
            }
            var found = state[holder] ?? Holder(left: Double(perMinute), at: now)
            defer { state[holder] = found }
            if perMinute > 0 {
                let filled = found.left + (now - found.at) / .seconds(60) * Double(perMinute)
                found.left = min(Double(perMinute), filled)
                found.at = now
                guard found.left >= 1 else { return Int64(((1 - found.left) * 60 / Double(perMinute)).rounded(.up)) }
            }
            guard atOnce == 0 || found.underWay < atOnce else { return 1 }
            if perMinute > 0 { found.left -= 1 }
            found.underWay += 1
            return nil
        }
        if let wait { throw .vault(.rateLimited(retryAfter: wait)) }
        return Admission(self, holder)
    }

    fileprivate func leave(_ holder: String) {
        state.withLock { $0[holder]?.underWay -= 1 }
    }
}

/// A request that counts as under way while this is held.
final class Admission: Sendable {
    private let limits: HolderLimits
    private let holder: String

    fileprivate init(_ limits: HolderLimits, _ holder: String) {
        self.limits = limits
        self.holder = holder
    }

    deinit { limits.leave(holder) }
}

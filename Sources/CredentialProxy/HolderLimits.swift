// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import VaultCore
internal import VaultModel

/// How many requests one source may have under way, and send a minute; 0 is without a limit.
package struct RequestAllowance: Equatable, Sendable {
    package var atOnce: Int
    package var perMinute: Int

    package init(atOnce: Int = 0, perMinute: Int = 0) {
        self.atOnce = atOnce
        self.perMinute = perMinute
    }

    var isUnlimited: Bool { atOnce == 0 && perMinute == 0 }
}

/// How much one holder, an agent or a workspace key, and each proxy token of an agent may send at once and within a minute.
///
/// A bucket holds what is allowed in a minute, so a burst is as good as an even stream. The counts are in memory: a server
/// that starts anew begins with full buckets.
final class HolderLimits: Sendable {
    /// Beyond so many the sources that have nothing under way and full buckets go, which says nothing of them.
    private static let mostSources = 10_000

    private let ofHolder: RequestAllowance
    private let ofToken: RequestAllowance
    private let clock: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex<[Source: Count]>([:])

    fileprivate enum Source: Hashable {
        case holder(String)
        case token(TokenID)
    }

    init(
        ofHolder: RequestAllowance = RequestAllowance(),
        ofToken: RequestAllowance = RequestAllowance(),
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.ofHolder = ofHolder
        self.ofToken = ofToken
        self.clock = clock
    }

    /// The usual case, in which nothing is even named.
    var areNone: Bool { ofHolder.isUnlimited && ofToken.isUnlimited }

    /// Counts a request, which is under way until the admission is let go; nil where nothing limits it.
    ///
    /// Throws ``VaultError/rateLimited(retryAfter:)`` where it is one too many for its holder or for its token; then neither
    /// has counted it.
    func admit(
        _ holder: @autoclosure () -> String,
        showing token: @autoclosure () -> TokenID?
    ) throws(ProxyError) -> Admission? {
        guard !areNone else { return nil }
        var sources: [Source] = []
        if !ofHolder.isUnlimited { sources.append(.holder(holder())) }
        if !ofToken.isUnlimited, let token = token() { sources.append(.token(token)) }
        guard !sources.isEmpty else { return nil }
        let now = clock()
        let wait: Int64? = state.withLock { state in
            if state.count >= Self.mostSources {
                state = state.filter { $0.value.underWay > 0 || now - $0.value.at < .seconds(60) }
            }
            let counts = sources.map { source in
                let allowance = allowance(of: source)
                return state[source]?.filled(by: allowance, at: now)
                    ?? Count(left: Double(allowance.perMinute), at: now)
            }
            let waits = zip(sources, counts).compactMap { source, count in count.wait(for: allowance(of: source)) }
            if let longest = waits.max() { return longest }
            for (source, count) in zip(sources, counts) { state[source] = count.withOneMore }
            return nil
        }
        if let wait { throw .vault(.rateLimited(retryAfter: wait)) }
        return Admission(self, sources)
    }

    private func allowance(of source: Source) -> RequestAllowance {
        switch source {
        case .holder: ofHolder
        case .token: ofToken
        }
    }

    fileprivate func leave(_ sources: [Source]) {
        state.withLock { state in
            for source in sources { state[source]?.underWay -= 1 }
        }
    }
}

/// What one source has sent.
private struct Count {
    var underWay = 0
    /// Of what is allowed in a minute; below 0 and without a meaning where that has no limit.
    var left: Double
    var at: ContinuousClock.Instant

    func filled(by allowance: RequestAllowance, at now: ContinuousClock.Instant) -> Count {
        var count = self
        let most = Double(allowance.perMinute)
        count.left = min(most, left + (now - at) / .seconds(60) * most)
        count.at = now
        return count
    }

    /// The seconds after which one more may be sent; nil for now.
    func wait(for allowance: RequestAllowance) -> Int64? {
        if allowance.perMinute > 0, left < 1 {
            return Int64(((1 - left) * 60 / Double(allowance.perMinute)).rounded(.up))
        }
        return allowance.atOnce == 0 || underWay < allowance.atOnce ? nil : 1
    }

    var withOneMore: Count {
        var count = self
        count.underWay += 1
        count.left -= 1
        return count
    }
}

/// A request that counts as under way while this is held.
final class Admission: Sendable {
    private let limits: HolderLimits
    private let sources: [HolderLimits.Source]

    fileprivate init(_ limits: HolderLimits, _ sources: [HolderLimits.Source]) {
        self.limits = limits
        self.sources = sources
    }

    deinit { limits.leave(sources) }
}

// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Synchronization
internal import VaultCore
package import VaultModel

/// How much may come over the network; 0 is without a limit.
package struct LimitSettings: Equatable, Sendable {
    /// Requests a minute with one token.
    package var perToken = 30_000
    /// Requests a minute from one source, an IPv4 address or an IPv6 /64.
    package var perAddress = 60_000
    /// Requests a minute from one source that are answered 401.
    package var refusalsPerAddress = 120
    /// The proxies whose `X-Forwarded-For` is believed.
    package var trustedProxies: [NetworkRange] = []

    package init() {}
}

/// Counts requests for each token and each source, as buckets that fill up again all the time.
///
/// A bucket holds what is allowed in a minute, so a burst is as good as an even stream. Memory is bounded: beyond
/// ``mostBuckets`` the full ones go, which say nothing.
final class RequestLimits: Sendable {
    static let mostBuckets = 50_000

    private let settings: LimitSettings
    private let buckets = Mutex<[Key: Bucket]>([:])
    private let clock: @Sendable () -> ContinuousClock.Instant

    private enum Key: Hashable {
        case token(Caller)
        /// An agent's token, by its digest.
        case agentToken([UInt8])
        case source(IPAddress)
        case refusals(IPAddress)
    }

    private struct Bucket {
        var left: Double
        var at: ContinuousClock.Instant

        mutating func fill(to capacity: Int, at now: ContinuousClock.Instant) {
            left = min(Double(capacity), left + (now - at) / .seconds(60) * Double(capacity))
            at = now
        }
    }

    init(
        _ settings: LimitSettings = LimitSettings(),
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.settings = settings
        self.clock = clock
    }

    /// Who sent a request: the peer, or what the proxies that are trusted say, from the nearest on.
    ///
    /// The first address that is no trusted proxy counts, since everything before it was written by that one. What is no
    /// address ends the search at the proxy that passed it on.
    func source(of fields: HTTPFields, peer: IPAddress) -> IPAddress {
        func isTrusted(_ address: IPAddress) -> Bool { settings.trustedProxies.contains { $0.contains(address) } }
        guard isTrusted(peer) else { return peer }
        var source = peer
        let hops = fields[values: .forwardedFor].joined(separator: ",").split(separator: ",")
        for hop in hops.reversed() {
            let text = hop.drop { $0 == " " }.prefix { $0 != " " }
            guard let address = IPAddress(text) else { return source }
            source = address
            if !isTrusted(address) { return source }
        }
        return source
    }

    /// Counts a request from `source`; throws when there were too many, or too many that were refused.
    func charge(_ source: IPAddress) throws(VaultError) {
        try take(0, of: settings.refusalsPerAddress, from: .refusals(source.source))
        try take(1, of: settings.perAddress, from: .source(source.source))
    }

    /// Counts a request with the token that `caller` showed.
    func charge(_ caller: Caller) throws(VaultError) {
        let key: Key =
            switch caller {
            // One session is one token, whichever workspace it asks about.
            case .session(let id, _): .token(.session(id))
            case .workspaceKey, .localOperator: .token(caller)
            }
        try take(1, of: settings.perToken, from: key)
    }

    /// Counts a request with an agent's token.
    ///
    /// What was never minted by anybody gets no count of its own: its source has one.
    func charge(agentToken token: [UInt8]) throws(VaultError) {
        guard let digest = Vault.digest(of: token) else { return }
        try take(1, of: settings.perToken, from: .agentToken(digest))
    }

    /// Counts an answer of 401.
    func refused(_ source: IPAddress) {
        try? take(1, of: settings.refusalsPerAddress, from: .refusals(source.source))
    }

    private func take(_ amount: Double, of capacity: Int, from key: Key) throws(VaultError) {
        guard capacity > 0 else { return }
        let now = clock()
        let missing = buckets.withLock { buckets -> Double in
            if buckets.count >= Self.mostBuckets, buckets[key] == nil {
                buckets = buckets.filter { now - $0.value.at < .seconds(60) }
                // All of them are in use: better to forget than to grow.
                if buckets.count >= Self.mostBuckets { buckets = [:] }
            }
            // A look at a bucket that nobody has taken from makes none.
            if amount == 0, buckets[key] == nil { return 0 }
            var bucket = buckets[key] ?? Bucket(left: Double(capacity), at: now)
            bucket.fill(to: capacity, at: now)
            let missing = max(amount, 1) - bucket.left
            if missing <= 0 { bucket.left -= amount }
            buckets[key] = bucket
            return missing
        }
        guard missing > 0 else { return }
        throw .rateLimited(retryAfter: max(1, Int64((missing * 60 / Double(capacity)).rounded(.up))))
    }
}

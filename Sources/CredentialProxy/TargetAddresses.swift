// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import ProxyRules
internal import Synchronization
internal import VaultCore
internal import VaultModel

/// The addresses that targets have, every one of them checked.
///
/// A request goes to one of these and to no other, over a new connection or one that rests: so a name that moves is followed
/// within a moment, and what is dialed is what was checked.
final class TargetAddresses: Sendable {
    private static let mostKept = 1_024

    private let lookups: NameLookups
    private let rules: AddressRules
    private let longestUse: Duration
    private let kept = Mutex<[TargetHost: Kept]>([:])

    private struct Kept {
        let addresses: [IPAddress]
        let until: ContinuousClock.Instant
    }

    init(_ lookups: NameLookups, _ rules: AddressRules, longestUse: Duration) {
        self.lookups = lookups
        self.rules = rules
        self.longestUse = longestUse
    }

    /// Those of an answer that is good; nil where nobody was asked of late.
    func known(_ host: TargetHost) -> [IPAddress]? {
        guard let known = kept.withLock({ $0[host] }), ContinuousClock.now < known.until else { return nil }
        return known.addresses
    }

    /// At least one; `anew` asks for them although an answer is known.
    ///
    /// Throws ``ProxyError/unresolved``, after `limit` where nobody answers, and ``ProxyError/addressNotAllowed`` where any of
    /// them is not; neither is kept.
    func addresses(
        of host: TargetHost,
        for isolation: ProxyGrant.Isolation,
        within limit: TimeAmount,
        anew: Bool = false
    ) async throws(ProxyError) -> [IPAddress] {
        if !anew, let known = known(host) { return known }
        let now = ContinuousClock.now
        let addresses: [IPAddress]
        switch host {
        case .address(let address): addresses = [address]
        case .name(let name): addresses = try await lookups.addresses(of: name, for: isolation, within: limit)
        }
        switch rules.refusal(of: addresses) {
        case .noAddress: throw .unresolved
        case .special: throw .addressNotAllowed
        case nil: break
        }
        kept.withLock { kept in
            if kept.count >= Self.mostKept { kept = [:] }
            kept[host] = Kept(addresses: addresses, until: now + longestUse)
        }
        return addresses
    }
}

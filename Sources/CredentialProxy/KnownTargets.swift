// SPDX-License-Identifier: Apache-2.0

internal import ProxyRules
internal import Synchronization
internal import VaultCore

/// Targets of one grant that were read a moment ago: most agents ask for the same few again and again.
///
/// None with a query is kept, which may hold what is an agent's own secret; all are forgotten with the grant.
final class KnownTargets: Sendable {
    private static let most = 16
    private static let mostBytes = 256

    private let known = Mutex<[ProxyRoute.Place: GrantedTarget]>([:])

    static func of(_ grant: ProxyGrant) -> KnownTargets {
        grant.kept.withLock { kept in
            if let known = kept as? KnownTargets { return known }
            let known = KnownTargets()
            kept = known
            return known
        }
    }

    /// The target at `place`, which is read where it is not known.
    func target(at place: ProxyRoute.Place, of grant: ProxyGrant) throws(ProxyError) -> GrantedTarget {
        if let target = known.withLock({ $0[place] }) { return target }
        let text: String
        switch place {
        case .url(let url): text = url
        case .path(let path):
            guard let base = grant.baseURL else { throw .noBaseURL }
            text = base + path
        }
        let target: GrantedTarget
        do {
            target = GrantedTarget(try TargetURL(text), of: grant)
        } catch {
            throw .targetInvalid(error)
        }
        if target.url.query == nil, text.utf8.count <= Self.mostBytes {
            known.withLock { known in
                if known.count >= Self.most { known = [:] }
                known[place] = target
            }
        }
        return target
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import ProxyRules
internal import Synchronization

/// URLs that were read a moment ago: most agents ask for the same few again and again.
///
/// None with a query is kept, which may hold what is an agent's own secret.
final class KnownTargets: Sendable {
    private static let most = 512
    private static let mostBytes = 512

    private let known = Mutex<[String: TargetURL]>([:])

    /// The same as ``TargetURL/init(_:)``.
    func target(at text: String) throws(TargetURLError) -> TargetURL {
        if let target = known.withLock({ $0[text] }) { return target }
        let target = try TargetURL(text)
        if target.query == nil, text.utf8.count <= Self.mostBytes {
            known.withLock { known in
                if known.count >= Self.most { known = [:] }
                known[text] = target
            }
        }
        return target
    }
}

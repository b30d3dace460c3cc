// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// What this program knows of the entries of audit chains, as of its last transaction on each.
///
/// No heads: what those hold, such as keys, must not outlive their transaction.
final class KnownDigests: Sendable {
    /// As many are remembered at most.
    static let most = 4_096

    private let digests = Mutex<[String: KnownDigest]>([:])

    func digest(of chain: String) -> KnownDigest? { digests.withLock { $0[chain] } }

    func remember(_ heads: [String: any MovedAuditHead]) {
        digests.withLock { digests in
            if digests.count + heads.count > Self.most { digests = [:] }
            for (chain, head) in heads { digests[chain] = head.knownDigest }
        }
    }
}

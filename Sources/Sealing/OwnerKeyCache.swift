// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Keeps the keys of recently used owners, at most ``limit`` of them.
///
/// Two generations: when the younger one has grown to half the limit, it becomes the older one and what was not used
/// since is forgotten. A key is wiped when it is.
final class OwnerKeyCache: Sendable {
    private struct Key: Hashable {
        let epoch: UInt32
        let scope: OwnerScope
    }

    private struct Generations {
        var young: [Key: OwnerKeys] = [:]
        var old: [Key: OwnerKeys] = [:]
    }

    private let limit: Int
    private let generations = Mutex(Generations())
    /// Ends with the cache, which its ring holds; for one reader.
    let life: AsyncStream<Never>
    private let death: AsyncStream<Never>.Continuation

    init(limit: Int = 1_000) {
        self.limit = limit
        (life, death) = AsyncStream.makeStream()
    }

    deinit { death.finish() }

    var count: Int { generations.withLock { $0.young.count + $0.old.count } }

    /// The keys of `scope`; `derive` is called without the lock, so two callers may both derive them.
    func keys(of scope: OwnerScope, epoch: UInt32, derive: () -> OwnerKeys) -> OwnerKeys {
        let key = Key(epoch: epoch, scope: scope)
        let known = generations.withLock { generations in
            if let keys = generations.young[key] { return Optional(keys) }
            guard let keys = generations.old.removeValue(forKey: key) else { return nil }
            insert(keys, for: key, into: &generations)
            return keys
        }
        if let known { return known }
        let keys = derive()
        generations.withLock { insert(keys, for: key, into: &$0) }
        return keys
    }

    private func insert(_ keys: OwnerKeys, for key: Key, into generations: inout Generations) {
        if generations.young.count >= limit / 2 {
            generations.old = generations.young
            generations.young = [:]
        }
        generations.young[key] = keys
    }
}

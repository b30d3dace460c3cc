// SPDX-License-Identifier: Apache-2.0

internal import Crypto

/// The keys of the vault, one set for each epoch.
///
/// Never changes: rotation makes another ring. It keeps the owners' derived keys, which any thread may use.
package final class KeyRing: Sendable {
    /// The longest value that is sealed: 16 MiB.
    package static let maximumValueBytes = 16 * 1_024 * 1_024

    package var activeEpoch: UInt32 { active.number }

    /// Ascending by number.
    let allKeys: [EpochKeys]
    let active: EpochKeys
    private let owners: OwnerKeyCache

    /// Makes a ring with one epoch, number 1.
    package static func generate() -> KeyRing {
        let first = EpochKeys(1, state: .active, key: SymmetricKey(size: .bits256))
        return KeyRing(allKeys: [first], active: first, owners: OwnerKeyCache())
    }

    /// Throws ``SealingError/keyRingDamaged`` unless the numbers ascend from at least 1 and exactly one epoch is active.
    convenience init(_ keys: [EpochKeys]) throws(SealingError) {
        let active = keys.filter { $0.state == .active }
        guard let only = active.first, active.count == 1, keys.first?.number != 0,
            zip(keys, keys.dropFirst()).allSatisfy({ $0.number < $1.number })
        else { throw .keyRingDamaged }
        self.init(allKeys: keys, active: only, owners: OwnerKeyCache())
    }

    init(allKeys: [EpochKeys], active: EpochKeys, owners: OwnerKeyCache) {
        self.allKeys = allKeys
        self.active = active
        self.owners = owners
    }

    /// The keys for what was sealed or vouched for in `epoch`.
    func keys(of epoch: UInt32) throws(SealingError) -> EpochKeys {
        guard let keys = allKeys.first(where: { $0.number == epoch }), keys.state != .retired else {
            throw .unknownEpoch(epoch)
        }
        return keys
    }

    /// The keys by the scope's own salt, not by the one before.
    func ownerKeys(of scope: OwnerScope, in epoch: EpochKeys) -> OwnerKeys {
        let scope = scope.settled
        return owners.keys(of: scope, epoch: epoch.number) { OwnerKeys(of: scope, epochKey: epoch.key) }
    }

    /// Tells when this ring is in use no more.
    package var use: KeyRingUse { KeyRingUse(owners.life) }
}

/// The time in which anybody works with a ring that was replaced: as long as anything in the process holds it.
package struct KeyRingUse: Sendable {
    private let life: AsyncStream<Never>

    fileprivate init(_ life: AsyncStream<Never>) {
        self.life = life
    }

    /// Waits for its end, for one caller.
    package func waitForEnd() async throws(CancellationError) {
        for await _ in life {}
        guard !Task.isCancelled else { throw CancellationError() }
    }
}

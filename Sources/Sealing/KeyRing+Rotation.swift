// SPDX-License-Identifier: Apache-2.0

internal import Crypto

// The steps of moving to a new epoch. Each gives a new ring to be wrapped and stored before it is used: add, wait until
// every server has read it, activate, seal everything anew, retire.
extension KeyRing {
    /// The epochs of the ring, ascending.
    package var epochs: [(number: UInt32, state: EpochState)] {
        allKeys.map { ($0.number, $0.state) }
    }

    /// Adds an epoch that opens and verifies, with the next number.
    package func addingEpoch() -> KeyRing {
        let last = allKeys.last ?? active
        let new = EpochKeys(last.number + 1, state: .readable, key: SymmetricKey(size: .bits256))
        return KeyRing(allKeys: allKeys + [new], active: active, owners: OwnerKeyCache())
    }

    /// Makes `epoch` the one that seals; the one before still opens.
    package func activating(_ epoch: UInt32) throws(SealingError) -> KeyRing {
        let new = EpochKeys(try keys(of: epoch), state: .active)
        let keys = allKeys.map { old in
            if old.number == epoch { return new }
            return old.state == .active ? EpochKeys(old, state: .readable) : old
        }
        return KeyRing(allKeys: keys, active: new, owners: OwnerKeyCache())
    }

    /// Whether `epoch` still opens and verifies, or seals.
    package func isUsable(_ epoch: UInt32) -> Bool { (try? keys(of: epoch)) != nil }

    /// Ends the use of a readable epoch; throws ``SealingError/unknownEpoch(_:)`` for any other.
    package func retiring(_ epoch: UInt32) throws(SealingError) -> KeyRing {
        guard try keys(of: epoch).state == .readable else { throw .unknownEpoch(epoch) }
        let keys = allKeys.map { $0.number == epoch ? EpochKeys($0, state: .retired) : $0 }
        return KeyRing(allKeys: keys, active: active, owners: OwnerKeyCache())
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import VaultModel

/// The keys of one owner in one epoch.
struct OwnerKeys: Sendable {
    /// Every record key is derived from this one.
    let sealing: KeyedHash
    /// Makes the codes of the rows that belong to the owner.
    let rowCode: KeyedHash

    init(of scope: OwnerScope, epochKey: SymmetricKey) {
        let extracted = KeyedHash(KeyDerivation.extract(salt: scope.salt, from: epochKey))
        func key(_ purpose: String) -> KeyedHash {
            // The ids too: two owners whose salts were made equal still have different keys.
            var info = CanonicalBytes(reserving: 128)
            info.append(prefixed: purpose)
            info.append(prefixed: scope.workspace.text)
            info.append(prefixed: scope.user.text)
            return KeyedHash(KeyDerivation.expand(extracted, info: info.bytes))
        }
        sealing = key("user-enc/v1")
        rowCode = key("user-mac/v1")
    }
}

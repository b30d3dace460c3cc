// SPDX-License-Identifier: Apache-2.0

internal import Crypto

/// What an epoch's keys may still be used for.
///
/// The raw value stands in the wrapped key ring and is never reused.
package enum EpochState: UInt8, Sendable {
    /// Opens and verifies; seals nothing.
    case readable = 1
    /// Seals too. Exactly one epoch of a key ring is active.
    case active = 2
    /// Verifies the codes of the audit trail and the fingerprints of requests, which are never made anew, and nothing
    /// else.
    ///
    /// Records and rows of such an epoch are refused, so that old ones cannot be put back.
    case retired = 3
}

/// The random key of an epoch, and the keys of the system that are derived from it.
final class EpochKeys: Sendable {
    let number: UInt32
    let state: EpochState
    let key: SymmetricKey
    /// Codes of rows that no single owner vouches for.
    let rowCode: KeyedHash
    /// Codes of the audit trail.
    let audit: KeyedHash
    /// Seals what belongs to the system.
    let system: KeyedHash
    /// Fingerprints of requests.
    let request: KeyedHash

    init(_ number: UInt32, state: EpochState, key: SymmetricKey) {
        self.number = number
        self.state = state
        self.key = key
        rowCode = KeyedHash(KeyDerivation.key(from: key, purpose: "row-mac/v1"))
        audit = KeyedHash(KeyDerivation.key(from: key, purpose: "audit/v1"))
        system = KeyedHash(KeyDerivation.key(from: key, purpose: "sys/v1"))
        request = KeyedHash(KeyDerivation.key(from: key, purpose: "request/v1"))
    }

    /// The same keys in another state.
    init(_ keys: EpochKeys, state: EpochState) {
        (number, key, self.state) = (keys.number, keys.key, state)
        (rowCode, audit, system, request) = (keys.rowCode, keys.audit, keys.system, keys.request)
    }
}

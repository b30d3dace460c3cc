// SPDX-License-Identifier: Apache-2.0

internal import Crypto

/// HKDF with SHA-256 (RFC 5869), the only way in which a key is made from another.
enum KeyDerivation {
    static let keyBytes = 32

    static func extract(salt: [UInt8], from key: SymmetricKey) -> SymmetricKey {
        SymmetricKey(data: HKDF<SHA256>.extract(inputKeyMaterial: key, salt: salt))
    }

    static func expand(_ key: SymmetricKey, info: [UInt8], bytes: Int = keyBytes) -> SymmetricKey {
        HKDF<SHA256>.expand(pseudoRandomKey: key, info: info, outputByteCount: bytes)
    }

    /// Extracts and expands; `purpose` is the whole of `info`.
    static func key(from key: SymmetricKey, purpose: String) -> SymmetricKey {
        expand(extract(salt: [], from: key), info: Array(purpose.utf8))
    }
}

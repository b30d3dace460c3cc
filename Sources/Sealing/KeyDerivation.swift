// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import VaultModel

/// HKDF with SHA-256 (RFC 5869), the only way in which a key is made from another.
enum KeyDerivation {
    static let keyBytes = 32

    static func extract(salt: [UInt8], from key: SymmetricKey) -> SymmetricKey {
        SymmetricKey(data: HKDF<SHA256>.extract(inputKeyMaterial: key, salt: salt))
    }

    /// RFC 5869 §2.3, of 1 to 8,160 bytes.
    ///
    /// `HKDF.expand` keys an HMAC for each block and feeds it in three pieces; a start derives keys for each entry, and
    /// most of its time went there.
    static func expand(_ key: KeyedHash, info: [UInt8], bytes: Int = keyBytes) -> SymmetricKey {
        let blockBytes = SHA256.byteCount
        let blocks = (bytes + blockBytes - 1) / blockBytes
        // T(0) ‖ T(1) ‖ …, where T(0) has no bytes: each block but the first is the HMAC of the one before it.
        let output = SecretBytes(count: blocks * blockBytes) { output in
            var previous = UnsafeRawBufferPointer(rebasing: output[..<0])
            for block in 0..<blocks {
                let code = key.code { hash in
                    hash.update(bufferPointer: previous)
                    (info + [UInt8(block + 1)]).withUnsafeBytes { hash.update(bufferPointer: $0) }
                }
                let place = output[block * blockBytes..<(block + 1) * blockBytes]
                code.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: place).copyMemory(from: $0) }
                previous = UnsafeRawBufferPointer(rebasing: output[place.startIndex..<place.endIndex])
            }
        }
        return output.withBytes { SymmetricKey(data: UnsafeRawBufferPointer(rebasing: $0[..<bytes])) }
    }

    /// Extracts and expands; `purpose` is the whole of `info`.
    static func key(from key: SymmetricKey, purpose: String) -> SymmetricKey {
        expand(KeyedHash(extract(salt: [], from: key)), info: Array(purpose.utf8))
    }
}

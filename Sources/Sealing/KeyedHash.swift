// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import VaultModel

/// A key of HMAC with SHA-256 (RFC 2104), made ready to be used often.
///
/// Each of its two hashes has taken the key already, and a code copies them. The library wipes a hash that it frees.
final class KeyedHash: Sendable {
    private let inner: SHA256
    private let outer: SHA256

    /// Takes a key of any length; one that is longer than a block of 64 bytes counts as its hash.
    init(_ key: SymmetricKey) {
        (inner, outer) = key.withUnsafeBytes { key in
            guard key.count > SHA256.blockByteCount else { return (Self.begin(key, 0x36), Self.begin(key, 0x5C)) }
            var hash = SHA256()
            hash.update(bufferPointer: key)
            return hash.finalize().withUnsafeBytes { (Self.begin($0, 0x36), Self.begin($0, 0x5C)) }
        }
    }

    private static func begin(_ key: UnsafeRawBufferPointer, _ pad: UInt8) -> SHA256 {
        let block = SecretBytes(count: SHA256.blockByteCount) { block in
            for index in block.indices { block[index] = (index < key.count ? key[index] : 0) ^ pad }
        }
        return block.withBytes { block in
            var hash = SHA256()
            hash.update(bufferPointer: block)
            return hash
        }
    }

    /// The code of what `feed` gives to the hash, 32 bytes.
    func code(feed: (inout SHA256) -> Void) -> SHA256Digest {
        var hash = inner
        feed(&hash)
        let inside = hash.finalize()
        var last = outer
        inside.withUnsafeBytes { last.update(bufferPointer: $0) }
        return last.finalize()
    }

    func code(of content: [UInt8]) -> SHA256Digest {
        code { hash in content.withUnsafeBytes { hash.update(bufferPointer: $0) } }
    }

    /// The code of what is in two pieces.
    func code(of beginning: UnsafeRawBufferPointer, and rest: [UInt8]) -> SHA256Digest {
        code { hash in
            hash.update(bufferPointer: beginning)
            rest.withUnsafeBytes { hash.update(bufferPointer: $0) }
        }
    }

    /// Whether `code` is that of `content`; takes the same time wherever it differs.
    func isCode(_ code: ArraySlice<UInt8>, of content: [UInt8]) -> Bool {
        self.code(of: content).withUnsafeBytes { right in
            code.withUnsafeBytes { code in
                guard code.count == right.count else { return false }
                return zip(code, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
            }
        }
    }
}

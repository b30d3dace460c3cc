// SPDX-License-Identifier: Apache-2.0

internal import Crypto

/// The SHA-256 of `bytes`.
///
/// For what is not secret, such as a sealed record or a receipt: the digest of a value that can be guessed tells the
/// value.
package func sha256(_ bytes: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
    return hash.finalize().withUnsafeBytes { [UInt8]($0) }
}

/// The SHA-256 of `label`, the digest before, a number and `content`, laid out as ``CanonicalBytes``: the next link of a
/// chain that anybody can compute.
package func sha256(_ label: String, after digest: [UInt8], _ number: Int64, _ content: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    CanonicalLayout.lend(upTo: label.utf8.count + digest.count + 20) { beginning in
        beginning.append(prefixed: label)
        beginning.append(prefixed: digest)
        beginning.append(number)
        beginning.append(UInt32(content.count))
    } to: { beginning in
        hash.update(bufferPointer: beginning)
    }
    content.withUnsafeBytes { hash.update(bufferPointer: $0) }
    return hash.finalize().withUnsafeBytes { [UInt8]($0) }
}

/// Whether two byte strings are equal, in a time that depends on their lengths only.
package func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    // The comparison of keys is the one that the library promises to be free of early exits.
    SymmetricKey(data: left) == SymmetricKey(data: right)
}

/// A SHA-256 of bytes that come in parts.
package struct RunningDigest {
    private var hash = SHA256()

    package init() {}

    package mutating func add(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

    package consuming func finish() -> [UInt8] { Array(hash.finalize()) }
}

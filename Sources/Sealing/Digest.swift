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

/// The SHA-256 of what is in two pieces.
package func sha256(_ beginning: [UInt8], _ rest: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    beginning.withUnsafeBytes { hash.update(bufferPointer: $0) }
    rest.withUnsafeBytes { hash.update(bufferPointer: $0) }
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

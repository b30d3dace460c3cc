// SPDX-License-Identifier: Apache-2.0

internal import Crypto
package import VaultModel

/// A token of the form `prefix ‖ 43 digits of base 62 ‖ 6 digits of checksum`, drawn in `docs/formats/token.md`.
///
/// The 43 digits are 32 random bytes, so a plain hash is enough to store. The checksum lets mistyped tokens, and
/// scanners of leaked files, be answered without a database.
package struct BearerToken: ~Copyable, Sendable {
    private static let secretBytes = 32

    package let kind: BearerTokenKind
    /// The SHA-256 of the whole text; what is stored in its place.
    package let digest: [UInt8]
    /// The last four characters, by which people tell tokens apart.
    ///
    /// They belong to the checksum.
    package let hint: String

    private let text: SecretBytes

    /// Makes a new token.
    package static func mint(_ kind: BearerTokenKind) -> BearerToken {
        let prefix = Array(kind.rawValue.utf8)
        let checked = prefix.count + BearerTokenKind.secretDigits
        let text = SecretBytes(count: checked + BearerTokenKind.checksumDigits) { text in
            text.copyBytes(from: prefix)
            // Base62 uses its input up; what is left to be wiped is zero.
            _ = SecretBytes(count: secretBytes) { random in
                Random.fill(random)
                Base62.write(random, to: UnsafeMutableRawBufferPointer(rebasing: text[prefix.count..<checked]))
            }
            BearerTokenKind.writeChecksum(
                of: UnsafeRawBufferPointer(rebasing: text[..<checked]),
                to: UnsafeMutableRawBufferPointer(rebasing: text[checked...])
            )
        }
        return BearerToken(kind, text: text)
    }

    /// Reads a token and checks its form and its checksum.
    ///
    /// Says nothing about whether the token was ever given out.
    package init(parsing bytes: some Collection<UInt8>) throws(SealingError) {
        let text = SecretBytes(copying: bytes)
        let kind: BearerTokenKind
        do {
            kind = try text.withBytes { text throws(TokenFlaw) in try BearerTokenKind(ofToken: text) }
        } catch {
            throw .malformedToken(error)
        }
        self.init(kind, text: text)
    }

    private init(_ kind: BearerTokenKind, text: consuming SecretBytes) {
        self.kind = kind
        (digest, hint) = text.withBytes { text in
            var hash = SHA256()
            hash.update(bufferPointer: text)
            return (Array(hash.finalize()), String(decoding: text.suffix(4), as: UTF8.self))
        }
        self.text = text
    }

    /// Lends the ASCII text, to be shown once.
    package borrowing func withText<R: ~Copyable, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        try text.withBytes(body)
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import VaultModel

/// What a token is for; the raw value is the prefix that it begins with.
package enum BearerTokenKind: String, CaseIterable, Sendable {
    case workspaceKey = "ak_ws_"
    case gateway = "gwt_"
    case proxy = "pxr_"
}

/// A token of the form `prefix ‖ 43 digits of base 62 ‖ 6 digits of checksum`, drawn in `docs/formats/token.md`.
///
/// The 43 digits are 32 random bytes, so a plain hash is enough to store. The checksum lets mistyped tokens, and
/// scanners of leaked files, be answered without a database.
package struct BearerToken: ~Copyable, Sendable {
    private static let secretBytes = 32
    private static let secretDigits = 43
    private static let checksumDigits = 6

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
        let checked = prefix.count + secretDigits
        let text = SecretBytes(count: checked + checksumDigits) { text in
            text.copyBytes(from: prefix)
            // Base62 uses its input up; what is left to be wiped is zero.
            _ = SecretBytes(count: secretBytes) { random in
                Random.fill(random)
                Base62.write(random, to: UnsafeMutableRawBufferPointer(rebasing: text[prefix.count..<checked]))
            }
            writeChecksum(
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
        guard let kind = BearerTokenKind.allCases.first(where: { bytes.starts(with: $0.rawValue.utf8) }) else {
            throw .malformedToken(.prefix)
        }
        let prefixCount = kind.rawValue.utf8.count
        let checked = prefixCount + Self.secretDigits
        guard bytes.count == checked + Self.checksumDigits else { throw .malformedToken(.length) }
        guard bytes.dropFirst(prefixCount).allSatisfy(Base62.isDigit) else { throw .malformedToken(.alphabet) }
        let text = SecretBytes(copying: bytes)
        let isRight = text.withBytes { text in
            var checksum = [UInt8](repeating: 0, count: Self.checksumDigits)
            checksum.withUnsafeMutableBytes {
                Self.writeChecksum(of: UnsafeRawBufferPointer(rebasing: text[..<checked]), to: $0)
            }
            return text[checked...].elementsEqual(checksum)
        }
        guard isRight else { throw .malformedToken(.checksum) }
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

    private static func writeChecksum(
        of text: UnsafeRawBufferPointer,
        to output: UnsafeMutableRawBufferPointer
    ) {
        var checksum = CRC32.checksum(of: text).bigEndian
        withUnsafeMutableBytes(of: &checksum) { Base62.write($0, to: output) }
    }
}

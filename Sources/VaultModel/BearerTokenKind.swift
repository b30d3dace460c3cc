// SPDX-License-Identifier: Apache-2.0

/// What a token is for; the raw value is the prefix that it begins with.
package enum BearerTokenKind: String, CaseIterable, Sendable {
    case workspaceKey = "ak_ws_"
    case gateway = "gwt_"
    case proxy = "pxr_"
    case session = "ses_"
    case invitation = "inv_"
}

extension BearerTokenKind {
    /// The digits of base 62 that 32 random bytes take, and those of the checksum after them.
    package static let secretDigits = 43
    package static let checksumDigits = 6

    /// The kind of the token that `bytes` are, checked in form and checksum; says nothing about whether it was given out.
    package init(ofToken bytes: some Collection<UInt8>) throws(TokenFlaw) {
        self = try SecretBytes(copying: bytes).withBytes { text throws(TokenFlaw) in try Self(ofToken: text) }
    }

    /// The same for bytes in one piece, which are not copied.
    package init(ofToken text: UnsafeRawBufferPointer) throws(TokenFlaw) {
        guard let kind = Self.allCases.first(where: { text.starts(with: $0.rawValue.utf8) }) else { throw .prefix }
        let prefixCount = kind.rawValue.utf8.count
        let checked = prefixCount + Self.secretDigits
        guard text.count == checked + Self.checksumDigits else { throw .length }
        guard text.dropFirst(prefixCount).allSatisfy(Base62.isDigit) else { throw .alphabet }
        var checksum = [UInt8](repeating: 0, count: Self.checksumDigits)
        checksum.withUnsafeMutableBytes {
            Self.writeChecksum(of: UnsafeRawBufferPointer(rebasing: text[..<checked]), to: $0)
        }
        guard text[checked...].elementsEqual(checksum) else { throw .checksum }
        self = kind
    }

    /// Writes the six digits that stand for `text`, which is prefix and secret.
    package static func writeChecksum(of text: UnsafeRawBufferPointer, to output: UnsafeMutableRawBufferPointer) {
        var checksum = CRC32.checksum(of: text).bigEndian
        withUnsafeMutableBytes(of: &checksum) { Base62.write($0, to: output) }
    }
}

/// What is wrong with the text of a token, in the order of the checks.
package enum TokenFlaw: Error, Equatable, Sendable {
    case prefix
    case length
    case alphabet
    case checksum
}

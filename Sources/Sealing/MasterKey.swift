// SPDX-License-Identifier: Apache-2.0

internal import Crypto
package import VaultModel

/// The key at the root: 32 random bytes in a file, never in the database.
///
/// It wraps the key ring and does nothing else, so replacing it rewrites one row.
package struct MasterKey: Sendable {
    static let byteCount = 32

    package let id: MasterKeyID
    /// What the key ring is wrapped under.
    let wrappingKey: SymmetricKey
    private let key: SymmetricKey

    package static func generate() -> MasterKey {
        MasterKey(SymmetricKey(size: .bits256))
    }

    /// Reads the contents of a key's file: 64 hexadecimal digits, 44 characters of base64 (RFC 4648 §4), or 32 bytes.
    ///
    /// One line end, `\n` or `\r\n`, may follow. Anything else is refused rather than trimmed: a file that was edited
    /// by accident must not become another key.
    package init(fileContents: borrowing SecretBytes) throws(SealingError) {
        let key = try fileContents.withBytes { contents throws(SealingError) in
            // Longest first: a key of 32 bytes may itself end in the byte of a line end.
            for content in [contents, contents.droppingLineFeed, contents.droppingCarriageReturnLineFeed] {
                if let content, let key = MasterKeyFile.key(in: content) { return key }
            }
            let content = contents.droppingCarriageReturnLineFeed ?? contents.droppingLineFeed ?? contents
            throw .malformedMasterKey(MasterKeyFile.flaw(of: content))
        }
        self.init(key)
    }

    private init(_ key: SymmetricKey) {
        self.key = key
        id = MasterKeyID(of: key)
        wrappingKey = KeyDerivation.key(from: key, purpose: "kek/v1")
    }

    /// Lends the text to write into a new key's file: 64 hexadecimal digits and a line feed.
    package func withFileContents<R: ~Copyable, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        let contents = SecretBytes(count: 2 * Self.byteCount + 1) { buffer in
            key.withUnsafeBytes { bytes in
                for (index, byte) in bytes.enumerated() {
                    buffer[2 * index] = Hexadecimal.digit(byte >> 4)
                    buffer[2 * index + 1] = Hexadecimal.digit(byte & 15)
                }
            }
            buffer[2 * Self.byteCount] = UInt8(ascii: "\n")
        }
        return try contents.withBytes(body)
    }
}

extension UnsafeRawBufferPointer {
    fileprivate var droppingLineFeed: UnsafeRawBufferPointer? {
        last == UInt8(ascii: "\n") ? UnsafeRawBufferPointer(rebasing: dropLast()) : nil
    }

    fileprivate var droppingCarriageReturnLineFeed: UnsafeRawBufferPointer? {
        guard let line = droppingLineFeed, line.last == UInt8(ascii: "\r") else { return nil }
        return UnsafeRawBufferPointer(rebasing: line.dropLast())
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import Crypto

/// Says which master key it is without saying anything about it: 16 hexadecimal digits.
///
/// The first 8 bytes of SHA-256(`mk-id/v1` ‖ key). Computed from the key, never typed in.
package struct MasterKeyID: Hashable, Sendable, CustomStringConvertible {
    static let byteCount = 8

    package let text: String

    /// Accepts 16 hexadecimal digits in lower case.
    package init?(_ text: String) {
        guard text.utf8.count == 2 * Self.byteCount,
            text.utf8.allSatisfy({ Hexadecimal.value(of: $0) != nil }), text == text.lowercased()
        else { return nil }
        self.text = text
    }

    init(of key: SymmetricKey) {
        var hash = SHA256()
        hash.update(data: Array("mk-id/v1".utf8))
        key.withUnsafeBytes { hash.update(bufferPointer: $0) }
        self.init(bytes: Array(hash.finalize().prefix(Self.byteCount)))
    }

    init(bytes: [UInt8]) {
        let digits = bytes.flatMap { [Hexadecimal.digit($0 >> 4), Hexadecimal.digit($0 & 15)] }
        text = String(decoding: digits, as: UTF8.self)
    }

    var bytes: [UInt8] {
        let digits = text.utf8.compactMap(Hexadecimal.value)
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    package var description: String { text }
}

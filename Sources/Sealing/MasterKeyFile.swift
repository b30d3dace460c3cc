// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import VaultModel

/// The forms in which a master key stands in its file.
enum MasterKeyFile {
    private static let hexadecimalBytes = 64
    private static let base64Bytes = 44

    /// The key, when `content` is exactly one of the forms.
    static func key(in content: UnsafeRawBufferPointer) -> SymmetricKey? {
        switch content.count {
        case MasterKey.byteCount where !isHexadecimalText(content): SymmetricKey(data: content)
        case hexadecimalBytes: decode(content, bitsPerDigit: 4, digits: content.count, Hexadecimal.value)
        case base64Bytes where content.last == UInt8(ascii: "="):
            decode(content, bitsPerDigit: 6, digits: content.count - 1, base64Value)
        default: nil
        }
    }

    /// Whether the bytes are hexadecimal digits, a line end aside.
    ///
    /// 32 such bytes are a key of half the length written in text, or one that was cut off. Random bytes look like that
    /// once in 2¹²⁸ times.
    private static func isHexadecimalText(_ content: UnsafeRawBufferPointer) -> Bool {
        var text = content[...]
        if text.last == UInt8(ascii: "\n") { text = text.dropLast() }
        if text.last == UInt8(ascii: "\r") { text = text.dropLast() }
        return text.allSatisfy { Hexadecimal.value(of: $0) != nil }
    }

    /// What keeps `content` from being a key.
    static func flaw(of content: UnsafeRawBufferPointer) -> MasterKeyFlaw {
        let count = content.count
        let expected: Int
        if content.allSatisfy({ Hexadecimal.value(of: $0) != nil }) {
            expected = hexadecimalBytes
        } else if content.allSatisfy({ base64Value(of: $0) != nil || $0 == UInt8(ascii: "=") }) {
            expected = base64Bytes
        } else if (MasterKey.byteCount...hexadecimalBytes).contains(count) {
            return .notAKey(bytes: count)
        } else {
            expected = count < MasterKey.byteCount ? MasterKey.byteCount : hexadecimalBytes
        }
        if count < expected { return .tooShort(bytes: count, expected: expected) }
        return count > expected ? .tooLong(bytes: count, expected: expected) : .notAKey(bytes: count)
    }

    /// Decodes digits of four or six bits; bits that are left over must be zero, so that a key has one spelling.
    private static func decode(
        _ content: UnsafeRawBufferPointer,
        bitsPerDigit: Int,
        digits: Int,
        _ value: (UInt8) -> UInt8?
    ) -> SymmetricKey? {
        var isValid = true
        let key = SecretBytes(count: MasterKey.byteCount) { key in
            var accumulator: UInt32 = 0
            var bits = 0
            var written = 0
            for index in 0..<digits {
                guard let digit = value(content[index]) else {
                    isValid = false
                    return
                }
                accumulator = accumulator << UInt32(bitsPerDigit) | UInt32(digit)
                bits += bitsPerDigit
                guard bits >= 8 else { continue }
                bits -= 8
                key[written] = UInt8(truncatingIfNeeded: accumulator >> UInt32(bits))
                accumulator &= (1 << UInt32(bits)) - 1
                written += 1
            }
            isValid = written == MasterKey.byteCount && accumulator == 0
        }
        return isValid ? key.withBytes { SymmetricKey(data: $0) } : nil
    }

    private static func base64Value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): digit - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}

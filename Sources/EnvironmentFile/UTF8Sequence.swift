// SPDX-License-Identifier: Apache-2.0

/// One character beyond ASCII in a buffer.
struct UTF8Sequence {
    let scalar: Unicode.Scalar
    /// 2 to 4 bytes.
    let length: Int

    /// Reads the sequence that begins at `start` and ends before `end`; nil when it is not well-formed (RFC 3629 §4).
    init?(_ bytes: UnsafeRawBufferPointer, at start: Int, before end: Int) {
        let lead = bytes[start]
        let length: Int
        let smallest: UInt32
        var value: UInt32
        switch lead {
        case 0xC2...0xDF: (length, smallest, value) = (2, 0x80, UInt32(lead & 0x1F))
        case 0xE0...0xEF: (length, smallest, value) = (3, 0x800, UInt32(lead & 0x0F))
        case 0xF0...0xF4: (length, smallest, value) = (4, 0x1_0000, UInt32(lead & 0x07))
        default: return nil
        }
        guard end - start >= length else { return nil }
        for offset in 1..<length {
            let tail = bytes[start + offset]
            guard tail & 0xC0 == 0x80 else { return nil }
            value = value << 6 | UInt32(tail & 0x3F)
        }
        // Overlong forms are refused here; surrogates and what lies above U+10FFFF by the initializer.
        guard value >= smallest, let scalar = Unicode.Scalar(value) else { return nil }
        self.scalar = scalar
        self.length = length
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import Glibc

extension UnsafeRawBufferPointer {
    /// The length of the white space at `index`, as Unicode counts it; 0 where there is none.
    ///
    /// With `separators`, the four separators U+001C to U+001F count too, as they do in Python.
    func spaceLength(at index: Int, before end: Int, separators: Bool = false) -> Int {
        guard index < end else { return 0 }
        let byte = self[index]
        if byte < 0x80 {
            return byte == Byte.space || (0x09...0x0D).contains(byte) || separators && (0x1C...0x1F).contains(byte)
                ? 1 : 0
        }
        guard let sequence = UTF8Sequence(self, at: index, before: end) else { return 0 }
        switch sequence.scalar.value {
        case 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: return sequence.length
        default: return 0
        }
    }

    /// The end of what is left of `range` without white space at its end.
    func endWithoutSpace(of range: Range<Int>, separators: Bool = false) -> Int {
        var end = range.upperBound
        trim: while end > range.lowerBound {
            // The longest white space has three bytes.
            for length in 1...3 where end - length >= range.lowerBound {
                if spaceLength(at: end - length, before: end, separators: separators) == length {
                    end -= length
                    continue trim
                }
            }
            return end
        }
        return end
    }

    /// The index of the next `byte`, or nil.
    func index(of byte: UInt8, from start: Int) -> Int? {
        guard start < count, let base = baseAddress,
            let found = memchr(base + start, Int32(byte), count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    /// The end of the line that `index` stands on.
    func endOfLine(from index: Int) -> Int { self.index(of: Byte.lineFeed, from: index) ?? count }

    func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self[range]) }
}

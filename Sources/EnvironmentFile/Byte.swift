// SPDX-License-Identifier: Apache-2.0

/// The bytes that mean something in a `.env` file.
enum Byte {
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let quote = UInt8(ascii: "\"")
    static let hash = UInt8(ascii: "#")
    static let dollar = UInt8(ascii: "$")
    static let apostrophe = UInt8(ascii: "'")
    static let colon = UInt8(ascii: ":")
    static let equals = UInt8(ascii: "=")
    static let backslash = UInt8(ascii: "\\")
    static let underscore = UInt8(ascii: "_")
    static let backtick = UInt8(ascii: "`")
}

extension UInt8 {
    /// Space or tab; no other character separates anything.
    var isBlank: Bool { self == Byte.space || self == Byte.tab }

    var isDigit: Bool { self >= 0x30 && self <= 0x39 }

    /// Printable ASCII or a tab.
    var isPlain: Bool { self &- 0x20 <= 0x5E || self == Byte.tab }

    /// A letter of ASCII.
    var isLetter: Bool { self | 0x20 >= 0x61 && self | 0x20 <= 0x7A }

    /// Whether the byte may stand in a name; a digit may not stand first.
    var isNameByte: Bool { isLetter || isDigit || self == Byte.underscore }

    /// The byte, with a capital letter as the small one.
    var lowercased: UInt8 { self >= 0x41 && self <= 0x5A ? self | 0x20 : self }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes from `index` up to `end` begin with `text`.
    func has(_ text: StaticString, at index: Int, before end: Int) -> Bool {
        let length = text.utf8CodeUnitCount
        guard end - index >= length else { return false }
        for offset in 0..<length where self[index + offset] != text.utf8Start[offset] { return false }
        return true
    }

    /// Whether the bytes are printable ASCII and tabs, looked at eight at a time.
    func isPlain(from start: Int, to end: Int) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highBits = ones << 7
        var index = start
        while end - index >= 8 {
            let word = loadUnaligned(fromByteOffset: index, as: UInt64.self)
            // A high bit is left where a byte is 0x7F or more, or less than 0x20.
            let isOutside = (word | word &+ ones) & highBits | (word &- ones &* 0x20) & ~word & highBits
            if isOutside != 0, !self[index..<(index + 8)].allSatisfy(\.isPlain) { return false }
            index += 8
        }
        return self[index..<end].allSatisfy(\.isPlain)
    }

    /// The first index from `start` on that holds a byte beyond ASCII, or `end`.
    func indexBeyondASCII(from start: Int, to end: Int) -> Int {
        var index = start
        while end - index >= 8, loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 {
            index += 8
        }
        while index < end, self[index] < 0x80 { index += 1 }
        return index
    }

    /// The first index from `start` on whose byte may mean something inside a value, or `end`.
    ///
    /// Blanks, both quotes, `#` and `$` are among the codes up to 0x27, and the backslash is the only one above.
    func skippingOrdinary(from start: Int, to end: Int) -> Int {
        var index = start
        while index < end, self[index] > Byte.apostrophe, self[index] != Byte.backslash { index += 1 }
        return index
    }

    /// The first index from `start` on that holds no blank, at most `end`.
    func skippingBlanks(from start: Int, to end: Int) -> Int {
        var index = start
        while index < end, self[index].isBlank { index += 1 }
        return index
    }
}

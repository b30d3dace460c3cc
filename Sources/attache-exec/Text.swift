// SPDX-License-Identifier: Apache-2.0

/// Bytes that someone else owns and keeps until execve(2): an argument, an inherited string, a piece of the answer.
///
/// Not a `String`: nothing here has to be UTF-8, and Embedded Swift would bring its Unicode tables along.
// The checker cannot know: the program has one thread of its own, and the bytes outlive every copy.
struct Text: ExpressibleByStringLiteral, Equatable, @unchecked Sendable {
    let bytes: UnsafeBufferPointer<UInt8>

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    init(cString: UnsafePointer<UInt8>) {
        var count = 0
        while cString[count] != 0 { count += 1 }
        bytes = UnsafeBufferPointer(start: cString, count: count)
    }

    init(stringLiteral literal: StaticString) {
        bytes = UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
    }

    /// A copy of the pieces one after the other, with a NUL behind it, that stays until execve(2).
    @inline(never)
    init(joining pieces: [Text]) {
        let count = pieces.reduce(0) { $0 + $1.count }
        let room = UnsafeMutablePointer<UInt8>.allocate(capacity: count + 1)
        var filled = 0
        for piece in pieces {
            for byte in piece.bytes {
                room[filled] = byte
                filled += 1
            }
        }
        room[count] = 0
        bytes = UnsafeBufferPointer(start: room, count: count)
    }

    init(number: Int) {
        var digits: [UInt8] = []
        var rest = number
        repeat {
            digits.insert(UInt8(ascii: "0") + UInt8(rest % 10), at: 0)
            rest /= 10
        } while rest > 0
        self = digits.withUnsafeBufferPointer { Text(joining: [Text($0)]) }
    }

    var count: Int { bytes.count }

    /// For a system call; only where a NUL is known to follow, which ends an inherited string and a joined one.
    var cString: UnsafePointer<UInt8> { bytes.baseAddress ?? Text.nothing }

    var isEmpty: Bool { bytes.isEmpty }

    /// Whether every byte is printable ASCII without the space: what may stand in a header or an answer's code.
    @inline(never)
    var isVisibleASCII: Bool { bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F } }

    /// Whether this is a name that a vault's entry may have: `[A-Za-z_][A-Za-z0-9_]*`, at most 128 bytes.
    @inline(never)
    var isEnvironmentName: Bool {
        guard let first = bytes.first, count <= 128, !Text.isDigit(first) else { return false }
        return bytes.allSatisfy { Text.isDigit($0) || Text.isLetter($0) || $0 == UInt8(ascii: "_") }
    }

    /// The non-negative decimal number that this is, of at most nine digits.
    var number: Int? {
        guard !isEmpty, count <= 9, bytes.allSatisfy(Text.isDigit) else { return nil }
        return bytes.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    /// The part without spaces, tabs and carriage returns at its two ends.
    @inline(never)
    var trimmed: Text {
        var range = 0..<count
        while let first = range.first, Text.isBlank(bytes[first]) { range = range.dropFirst() }
        while let last = range.last, Text.isBlank(bytes[last]) { range = range.dropLast() }
        return self[range]
    }

    @inline(never)
    private func part(_ range: Range<Int>) -> Text { Text(UnsafeBufferPointer(rebasing: bytes[range])) }

    subscript(range: Range<Int>) -> Text { part(range) }

    @inline(never)
    func hasPrefix(_ prefix: Text) -> Bool { count >= prefix.count && self[0..<prefix.count] == prefix }

    func dropping(_ prefix: Text) -> Text? { hasPrefix(prefix) ? self[prefix.count..<count] : nil }

    @inline(never)
    func index(of byte: UInt8) -> Int? { bytes.firstIndex(of: byte) }

    /// Whether `word` is one of the words of this text, which single blanks separate.
    func hasWord(_ word: Text) -> Bool {
        var isFound = false
        forEachPiece(separator: UInt8(ascii: " ")) { isFound = isFound || $0 == word }
        return isFound
    }

    /// Calls `body` with each non-empty piece between two `separator`s.
    @inline(never)
    func forEachPiece(separator: UInt8, _ body: (Text) -> Void) {
        var start = 0
        while start < count {
            var end = start
            while end < count, bytes[end] != separator { end += 1 }
            if end > start { body(self[start..<end]) }
            start = end + 1
        }
    }

    @inline(never)
    func equalsIgnoringCase(_ other: Text) -> Bool {
        count == other.count && zip(bytes, other.bytes).allSatisfy { Text.lowercased($0) == Text.lowercased($1) }
    }

    private static var nothing: UnsafePointer<UInt8> { ("" as StaticString).utf8Start }

    @inline(never)
    static func == (left: Text, right: Text) -> Bool { left.bytes.elementsEqual(right.bytes) }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func isLetter(_ byte: UInt8) -> Bool {
        lowercased(byte) >= UInt8(ascii: "a") && lowercased(byte) <= UInt8(ascii: "z")
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// One JSON object (RFC 8259) of names with texts, numbers or switches; numbers and switches stay as they are written.
struct FlatJSON: DialectReader {
    private struct Stop: Error {
        let code: FindingCode
        let index: Int
    }

    private let text: UnsafeRawBufferPointer
    private var index = 0

    static func read(_ text: UnsafeRawBufferPointer, into reading: inout DialectReading) {
        var reader = FlatJSON(text: text)
        do throws(Stop) {
            try reader.readObject(into: &reading)
        } catch {
            reading.refuse(error.code, at: min(error.index, max(0, text.count - 1)))
        }
    }

    private init(text: UnsafeRawBufferPointer) { self.text = text }

    private mutating func readObject(into reading: inout DialectReading) throws(Stop) {
        guard next() == UInt8(ascii: "{") else { throw isAtEnd ? malformed : notFlat }
        index += 1
        if next() == UInt8(ascii: "}") {
            index += 1
        } else {
            repeat {
                try readMember(into: &reading)
                let separator = next()
                index += 1
                if separator == UInt8(ascii: "}") { break }
                guard separator == UInt8(ascii: ",") else { throw Stop(code: .malformed, index: index - 1) }
            } while !reading.isOver
        }
        if next() != nil, !reading.isOver { throw malformed }
    }

    private mutating func readMember(into reading: inout DialectReading) throws(Stop) {
        guard next() == Byte.quote else { throw malformed }
        let place = index
        let name = try readText().value(from: text)
        guard next() == Byte.colon else { throw malformed }
        index += 1
        let value = try readValue().value(from: text)
        guard !value.withBytes({ $0.contains(0) }) else { return reading.report(.nul, at: place) }
        name.withBytes { name in reading.assign(value.copy(), to: name, at: place) }
    }

    private mutating func readValue() throws(Stop) -> ValuePieces {
        guard let first = next() else { throw malformed }
        switch first {
        case Byte.quote: return try readText()
        case UInt8(ascii: "{"), UInt8(ascii: "["): throw notFlat
        default: break
        }
        let start = index
        while index < text.count, text[index].isNameByte || "+-.".utf8.contains(text[index]) { index += 1 }
        let word = text.slice(start..<index)
        if word.elementsEqual("null".utf8) { throw Stop(code: .notFlat, index: start) }
        guard word.elementsEqual("true".utf8) || word.elementsEqual("false".utf8) || Self.isNumber(word) else {
            throw Stop(code: .malformed, index: start)
        }
        return ValuePieces(start..<index)
    }

    private static func isNumber(_ word: UnsafeRawBufferPointer) -> Bool {
        var rest = word[...]
        func takeDigits() -> Bool {
            let digits = rest.prefix { $0.isDigit }
            rest = rest.dropFirst(digits.count)
            return !digits.isEmpty
        }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        if rest.first == UInt8(ascii: "0") {
            rest = rest.dropFirst()
        } else if !takeDigits() {
            return false
        }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            if !takeDigits() { return false }
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
            if !takeDigits() { return false }
        }
        return rest.isEmpty
    }

    /// Reads the text whose quote stands at the index.
    private mutating func readText() throws(Stop) -> ValuePieces {
        var pieces = ValuePieces()
        index += 1
        while index < text.count, text[index] != Byte.quote {
            guard text[index] >= 0x20 else { throw malformed }
            if text[index] == Byte.backslash {
                try readEscape(into: &pieces)
            } else {
                pieces.append(index..<(index + 1))
                index += 1
            }
        }
        guard index < text.count else { throw malformed }
        index += 1
        return pieces
    }

    private mutating func readEscape(into pieces: inout ValuePieces) throws(Stop) {
        let start = index
        guard start + 1 < text.count else { throw malformed }
        index += 2
        switch text[start + 1] {
        case Byte.quote, Byte.backslash, UInt8(ascii: "/"): pieces.append(text[start + 1])
        case UInt8(ascii: "b"): pieces.append(0x08)
        case UInt8(ascii: "f"): pieces.append(0x0C)
        case UInt8(ascii: "n"): pieces.append(Byte.lineFeed)
        case UInt8(ascii: "r"): pieces.append(Byte.carriageReturn)
        case UInt8(ascii: "t"): pieces.append(Byte.tab)
        case UInt8(ascii: "u"):
            guard var code = text.hexadecimal(at: index, digits: 4) else { throw Stop(code: .malformed, index: start) }
            index += 4
            if code & 0xFC00 == 0xD800, text.has("\\u", at: index, before: text.count),
                let low = text.hexadecimal(at: index + 2, digits: 4), low & 0xFC00 == 0xDC00
            {
                code = 0x1_0000 + (code & 0x3FF) << 10 + (low & 0x3FF)
                index += 6
            }
            // Half of a pair is no character.
            guard let scalar = Unicode.Scalar(code) else { throw Stop(code: .malformed, index: start) }
            pieces.append(scalar)
        default: throw Stop(code: .malformed, index: start)
        }
    }

    private var isAtEnd: Bool { index >= text.count }
    private var malformed: Stop { Stop(code: .malformed, index: index) }
    private var notFlat: Stop { Stop(code: .notFlat, index: index) }

    /// The next byte that is no white space; nil at the end.
    private mutating func next() -> UInt8? {
        while index < text.count {
            switch text[index] {
            case Byte.space, Byte.tab, Byte.lineFeed, Byte.carriageReturn: index += 1
            default: return text[index]
            }
        }
        return nil
    }
}

extension ValuePieces {
    mutating func append(_ scalar: Unicode.Scalar) {
        for byte in UTF8.encode(scalar) ?? UTF8.EncodedScalar() { append(byte) }
    }
}

extension UnsafeRawBufferPointer {
    /// The number that so many hexadecimal digits make; nil where others stand there.
    func hexadecimal(at start: Int, digits: Int) -> UInt32? {
        guard start + digits <= count else { return nil }
        var number: UInt32 = 0
        for byte in self[start..<(start + digits)] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            number = number << 4 | UInt32(digit)
        }
        return number
    }
}

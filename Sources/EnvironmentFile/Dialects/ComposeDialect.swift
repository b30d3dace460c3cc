// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// What Docker Compose 2 and later read from an `env_file` (compose-go).
///
/// References are replaced outside of single quotes. A name without `=` would be taken from the environment of the
/// caller.
struct ComposeDialect: DialectReader {
    private let text: UnsafeRawBufferPointer
    private var index = 0

    static func read(_ text: UnsafeRawBufferPointer, into reading: inout DialectReading) {
        var reader = ComposeDialect(text: text)
        while reader.skipToStatement(), !reading.isOver { reader.readStatement(into: &reading) }
    }

    private init(text: UnsafeRawBufferPointer) { self.text = text }

    /// Passes over white space and comments; false at the end.
    private mutating func skipToStatement() -> Bool {
        while index < text.count {
            let length = text.spaceLength(at: index, before: text.count)
            if length > 0 {
                index += length
            } else if text[index] == Byte.hash {
                index = text.endOfLine(from: index)
            } else {
                return true
            }
        }
        return false
    }

    /// White space that is no line end; 0 where there is none.
    private func blankLength(at index: Int) -> Int {
        guard index < text.count, text[index] != Byte.lineFeed else { return 0 }
        if text[index] < 0x80 { return text.spaceLength(at: index, before: text.count) }
        // U+0085 and U+00A0.
        return text.has("\u{85}", at: index, before: text.count) || text.has("\u{A0}", at: index, before: text.count)
            ? 2 : 0
    }

    private mutating func skipBlanks() {
        while case let length = blankLength(at: index), length > 0 { index += length }
    }

    private mutating func readStatement(into reading: inout DialectReading) {
        let start = index
        if text.has("export", at: index, before: text.count), index + 6 < text.count,
            text[index + 6] == Byte.space || [0x09, 0x0A, 0x0C, 0x0D].contains(text[index + 6])
        {
            index += 6
            skipBlanks()
        }
        guard index < text.count else { return reading.refuse(.refusedByReader, at: start) }
        let nameStart = index
        while index < text.count {
            let byte = text[index]
            if byte == Byte.equals || byte == Byte.colon || byte == Byte.lineFeed { break }
            let length = blankLength(at: index)
            if length > 0 {
                index += length
            } else if byte.isNameByte || "-.[]".utf8.contains(byte) {
                index += 1
            } else if let sequence = UTF8Sequence(text, at: index, before: text.count),
                sequence.scalar.properties.isAlphabetic || sequence.scalar.properties.numericType != nil
            {
                index += sequence.length
            } else {
                return reading.refuse(.refusedByReader, at: index)
            }
        }
        let name = nameStart..<text.endWithoutSpace(of: nameStart..<index)
        guard !text[name].contains(Byte.space) else { return reading.refuse(.refusedByReader, at: nameStart) }
        guard index < text.count, text[index] != Byte.lineFeed else {
            return reading.report(.environment, at: nameStart)
        }
        index += 1
        skipBlanks()
        readValue(of: name, into: &reading)
    }

    // MARK: - Values

    private mutating func readValue(of name: Range<Int>, into reading: inout DialectReading) {
        let start = index
        guard index < text.count, text[index] == Byte.quote || text[index] == Byte.apostrophe else {
            let lineEnd = text.endOfLine(from: start)
            index = min(lineEnd + 1, text.count)
            var end = start
            while end < lineEnd, !text.has(" #", at: end, before: lineEnd) { end += 1 }
            let value = start..<text.endWithoutSpace(of: start..<end)
            return assign(text.slice(value), to: name, into: &reading)
        }
        let quote = text[start]
        var pieces = ValuePieces()
        index += 1
        while index < text.count, text[index] != quote {
            if text[index] == Byte.backslash, index + 1 < text.count {
                // Only an escaped quote loses its backslash here.
                pieces.append((text[index + 1] == quote ? index + 1 : index)..<(index + 2))
                index += 2
            } else {
                pieces.append(index..<(index + 1))
                index += 1
            }
        }
        guard index < text.count else { return reading.refuse(.unterminated, at: start) }
        index += 1
        guard quote == Byte.quote else {
            return reading.assign(pieces, from: text, to: text.slice(name), at: name.lowerBound)
        }
        let content = pieces.value(from: text)
        content.withBytes { content in
            let decoded = Self.decodingEscapes(content).value(from: content)
            decoded.withBytes { assign($0, to: name, into: &reading) }
        }
    }

    /// Assigns a value after its references were replaced.
    private func assign(_ value: UnsafeRawBufferPointer, to name: Range<Int>, into reading: inout DialectReading) {
        var template = ComposeTemplate(value)
        switch template.replaced(0..<value.count, depth: 0, given: reading) {
        case .success(let pieces):
            guard !pieces.isTooLong else { return reading.report(.tooLong, at: name.lowerBound) }
            let replaced = pieces.value(from: value)
            guard !replaced.withBytes({ $0.contains(0) }) else { return reading.report(.nul, at: name.lowerBound) }
            reading.assign(replaced, to: text.slice(name), at: name.lowerBound)
        case .failure(let problem): reading.report(problem.code, at: name.lowerBound)
        }
    }

    private static func decodingEscapes(_ value: UnsafeRawBufferPointer) -> ValuePieces {
        var pieces = ValuePieces()
        var index = 0
        while index < value.count {
            guard value[index] == Byte.backslash, index + 1 < value.count else {
                pieces.append(index..<(index + 1))
                index += 1
                continue
            }
            let end: Int
            switch value[index + 1] {
            case UInt8(ascii: "a"): (end) = append(0x07)
            case UInt8(ascii: "b"): (end) = append(0x08)
            case UInt8(ascii: "f"): (end) = append(0x0C)
            case UInt8(ascii: "n"): (end) = append(Byte.lineFeed)
            case UInt8(ascii: "r"): (end) = append(Byte.carriageReturn)
            case UInt8(ascii: "t"): (end) = append(Byte.tab)
            case UInt8(ascii: "v"): (end) = append(0x0B)
            case Byte.quote, Byte.backslash: (end) = append(value[index + 1])
            case Byte.dollar:
                // Two dollars stand for one when references are replaced.
                pieces.append(Byte.dollar)
                end = append(Byte.dollar)
            case UInt8(ascii: "0"):
                var digits = index + 2
                while digits < value.count, digits < index + 5, value[digits].isDigit { digits += 1 }
                if let scalar = octal(value.slice((index + 2)..<digits)) {
                    for byte in String(scalar).utf8 { pieces.append(byte) }
                } else {
                    pieces.append(index..<digits)
                }
                end = digits
            default:
                pieces.append(index..<(index + 1))
                end = index + 1
            }
            index = end

            func append(_ byte: UInt8) -> Int {
                pieces.append(byte)
                return index + 2
            }
        }
        return pieces
    }

    /// The character with that number of three octal digits, at most 255.
    private static func octal(_ digits: UnsafeRawBufferPointer) -> Character? {
        guard digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) }) else { return nil }
        let number = digits.reduce(0) { $0 * 8 + UInt32($1 & 7) }
        return number <= 255 ? Unicode.Scalar(number).map(Character.init) : nil
    }
}

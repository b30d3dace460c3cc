// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// What `dotenv_values` of python-dotenv 1.2 gives.
///
/// `${NAME}` and `${NAME:-default}` are replaced in every value, in single quotes too. A line that is not an assignment
/// is passed over.
struct PythonDialect: DialectReader {
    private let text: UnsafeRawBufferPointer
    private var index = 0

    static func read(_ text: UnsafeRawBufferPointer, into reading: inout DialectReading) {
        var reader = PythonDialect(text: text)
        while reader.index < text.count, !reading.isOver { reader.readBinding(into: &reading) }
    }

    private init(text: UnsafeRawBufferPointer) { self.text = text }

    private mutating func readBinding(into reading: inout DialectReading) {
        while let length = space(at: index, lineEnds: true) { index += length }
        guard index < text.count else { return }
        let start = index
        readExport()
        guard let name = readName(), readAssignment(of: name, at: start, into: &reading) else {
            reading.report(.skippedLine, at: start)
            index = min(text.endOfLine(from: index) + 1, text.count)
            return
        }
    }

    /// Reads what follows a name; false when the line is not an assignment.
    private mutating func readAssignment(of name: Range<Int>, at start: Int, into reading: inout DialectReading) -> Bool
    {
        skipSpace()
        guard index < text.count, text[index] == Byte.equals else {
            guard readEndOfLine() else { return false }
            // A comment has no name either.
            if !name.isEmpty {
                reading.report(.skippedLine, at: start)
                reading.remove(text.slice(name))
            }
            return true
        }
        index += 1
        skipSpace()
        guard let value = readValue(), readEndOfLine() else { return false }
        guard !value.isTooLong else {
            reading.report(.tooLong, at: start)
            return true
        }
        let decoded = value.value(from: text)
        decoded.withBytes { decoded in
            guard let pieces = Self.replacingReferences(decoded, at: start, in: &reading) else { return }
            reading.assign(pieces, from: decoded, to: text.slice(name), at: start)
        }
        return true
    }

    /// The length of the white space at an index; nil where there is none.
    private func space(at index: Int, lineEnds: Bool) -> Int? {
        guard index < text.count, lineEnds || text[index] != Byte.lineFeed else { return nil }
        let length = text.spaceLength(at: index, before: text.count, separators: true)
        return length > 0 ? length : nil
    }

    private mutating func skipSpace() {
        while let length = space(at: index, lineEnds: false) { index += length }
    }

    private mutating func readExport() {
        guard text.has("export", at: index, before: text.count), space(at: index + 6, lineEnds: false) != nil else {
            return
        }
        index += 6
        skipSpace()
    }

    /// The range of the name; empty before a comment, nil where there is none.
    private mutating func readName() -> Range<Int>? {
        guard index < text.count else { return nil }
        if text[index] == Byte.hash { return index..<index }
        if text[index] == Byte.apostrophe {
            guard let close = text.index(of: Byte.apostrophe, from: index + 1), close > index + 1 else { return nil }
            defer { index = close + 1 }
            return (index + 1)..<close
        }
        let start = index
        while index < text.count, text[index] != Byte.equals, text[index] != Byte.hash,
            space(at: index, lineEnds: true) == nil
        {
            index += 1
        }
        return index > start ? start..<index : nil
    }

    /// Passes over a comment and the line end; false when something else stands there.
    private mutating func readEndOfLine() -> Bool {
        var next = index
        while let length = space(at: next, lineEnds: false) { next += length }
        if next < text.count, text[next] == Byte.hash { next = text.endOfLine(from: next) }
        guard next == text.count || text[next] == Byte.lineFeed else { return false }
        index = min(next + 1, text.count)
        return true
    }

    // MARK: - Values

    private mutating func readValue() -> ValuePieces? {
        guard index < text.count, text[index] != Byte.lineFeed else { return ValuePieces() }
        let first = text[index]
        guard first == Byte.apostrophe || first == Byte.quote else { return readUnquoted() }
        let content = index + 1
        guard let close = QuotedRun.close(text, from: content, quote: first) else { return nil }
        index = close + 1
        return decode(content..<close, isDouble: first == Byte.quote)
    }

    private mutating func readUnquoted() -> ValuePieces {
        let start = index
        let lineEnd = text.endOfLine(from: start)
        index = lineEnd
        var end = lineEnd
        var next = start
        while next < lineEnd {
            let length = space(at: next, lineEnds: false) ?? 0
            if length > 0, next + length < lineEnd {
                var after = next
                while let more = space(at: after, lineEnds: false), after < lineEnd { after += more }
                if after < lineEnd, text[after] == Byte.hash {
                    end = next
                    break
                }
                next = max(after, next + length)
            } else {
                next += 1
            }
        }
        return ValuePieces(start..<text.endWithoutSpace(of: start..<end, separators: true))
    }

    private func decode(_ range: Range<Int>, isDouble: Bool) -> ValuePieces {
        var pieces = ValuePieces()
        var literal = range.lowerBound
        var index = literal
        while index < range.upperBound {
            if text[index] == Byte.backslash, index + 1 < range.upperBound,
                let decoded = Self.decoded(text[index + 1], isDouble: isDouble)
            {
                pieces.append(literal..<index)
                pieces.append(decoded)
                index += 2
                literal = index
            } else {
                index += 1
            }
        }
        pieces.append(literal..<range.upperBound)
        return pieces
    }

    private static func decoded(_ byte: UInt8, isDouble: Bool) -> UInt8? {
        switch byte {
        case Byte.backslash, Byte.apostrophe: return byte
        case Byte.quote where isDouble: return byte
        default: break
        }
        guard isDouble else { return nil }
        switch byte {
        case UInt8(ascii: "a"): return 0x07
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "n"): return Byte.lineFeed
        case UInt8(ascii: "r"): return Byte.carriageReturn
        case UInt8(ascii: "t"): return Byte.tab
        case UInt8(ascii: "v"): return 0x0B
        default: return nil
        }
    }

    /// Replaces `${NAME}` and `${NAME:-default}`; the default stands for a name that is not given, not for an empty one.
    private static func replacingReferences(
        _ value: UnsafeRawBufferPointer,
        at place: Int,
        in reading: inout DialectReading
    ) -> ValuePieces? {
        var pieces = ValuePieces()
        var literal = 0
        var index = 0
        while index < value.count {
            guard value.has("${", at: index, before: value.count),
                let nameEnd = value[(index + 2)...].firstIndex(where: { $0 == Byte.colon || $0 == UInt8(ascii: "}") }),
                let close = value.index(of: UInt8(ascii: "}"), from: nameEnd),
                nameEnd == close || value.has(":-", at: nameEnd, before: close)
            else {
                index += 1
                continue
            }
            pieces.append(literal..<index)
            if let given = reading.value(of: value.slice((index + 2)..<nameEnd)) {
                pieces.append(given)
            } else if nameEnd < close {
                pieces.append((nameEnd + 2)..<close)
            } else {
                reading.report(.undefined, at: place)
                return nil
            }
            guard !pieces.isTooLong else {
                reading.report(.tooLong, at: place)
                return nil
            }
            index = close + 1
            literal = index
        }
        pieces.append(literal..<value.count)
        return pieces
    }
}

/// A run in quotes where a backslash keeps the quote after it from closing, if another one closes later.
enum QuotedRun {
    /// The index of the closing quote of the run that begins at `start`; nil where there is none.
    static func close(_ text: UnsafeRawBufferPointer, from start: Int, quote: UInt8) -> Int? {
        var lastEscaped: Int?
        var index = start
        while index < text.count {
            if text[index] == Byte.backslash, index + 1 < text.count, text[index + 1] == quote {
                lastEscaped = index + 1
                index += 2
            } else if text[index] == quote {
                return index
            } else {
                index += 1
            }
        }
        return lastEscaped
    }
}

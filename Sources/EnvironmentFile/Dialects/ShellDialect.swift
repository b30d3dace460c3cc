// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// What `set -a; . FILE` gives in bash, for files that only assign.
///
/// Where a shell would run a command, look into its environment or split and expand in ways that depend on the machine,
/// there is a problem in the place of a value.
struct ShellDialect: DialectReader {
    private enum Stop: Error { case problem(FindingCode, Int) }

    /// A value that is put together from the text and from values that were given before.
    private static let maximumDepth = 32

    private let text: UnsafeRawBufferPointer
    private var index = 0

    static func read(_ text: UnsafeRawBufferPointer, into reading: inout DialectReading) {
        var reader = ShellDialect(text: text)
        while !reading.isOver {
            do throws(Stop) {
                guard try reader.readStatement(into: &reading) else { return }
            } catch {
                switch error {
                case .problem(let code, let index): reading.refuse(code, at: index)
                }
            }
        }
    }

    private init(text: UnsafeRawBufferPointer) { self.text = text }

    // MARK: - Statements

    /// Reads the assignments up to a line end or `;`; false at the end of the text.
    private mutating func readStatement(into reading: inout DialectReading) throws(Stop) -> Bool {
        while skipBlanks(), text[index] == Byte.lineFeed || text[index] == Byte.hash {
            index = text[index] == Byte.hash ? text.endOfLine(from: index) : index + 1
        }
        guard index < text.count else { return false }
        let isExport =
            text.has("export", at: index, before: text.count) && index + 6 < text.count && text[index + 6].isBlank
        if isExport { index += 6 }
        // A builtin gets its words when all of them were expanded, so they do not see each other.
        var exported: [(value: ValuePieces, name: Range<Int>)] = []
        var words = 0
        while skipBlanks(), !isEndOfStatement {
            let start = index
            let name = readName()
            words += 1
            if isExport, !name.isEmpty, isEndOfWord {
                guard reading.value(of: text.slice(name)) != nil else { throw .problem(.environment, start) }
                continue
            }
            guard !name.isEmpty, index < text.count, text[index] == Byte.equals else { throw .problem(.command, start) }
            index += 1
            let value = try readWord(given: reading, isExport: isExport)
            if isExport {
                exported.append((value, name))
            } else {
                reading.assign(value, from: text, to: text.slice(name), at: start)
            }
        }
        guard words > 0 else { throw .problem(.command, min(index, text.count - 1)) }
        for (value, name) in exported { reading.assign(value, from: text, to: text.slice(name), at: name.lowerBound) }
        if index < text.count, text[index] == UInt8(ascii: ";") { index += 1 }
        return true
    }

    /// Passes over blanks and joined lines; false at the end of the text.
    private mutating func skipBlanks() -> Bool {
        while index < text.count {
            if text[index].isBlank {
                index += 1
            } else if text.has("\\\n", at: index, before: text.count) {
                index += 2
            } else {
                return true
            }
        }
        return false
    }

    private var isEndOfStatement: Bool {
        text[index] == Byte.lineFeed || text[index] == UInt8(ascii: ";") || text[index] == Byte.hash
    }

    private var isEndOfWord: Bool {
        index == text.count || text[index].isBlank || text[index] == Byte.lineFeed || text[index] == UInt8(ascii: ";")
    }

    private mutating func readName() -> Range<Int> {
        let start = index
        guard index < text.count, !text[index].isDigit else { return start..<start }
        while index < text.count, text[index].isNameByte { index += 1 }
        return start..<index
    }

    // MARK: - Words

    private mutating func readWord(given reading: DialectReading, isExport: Bool) throws(Stop) -> ValuePieces {
        var pieces = ValuePieces()
        var mayBeHome = true
        while !isEndOfWord {
            let byte = text[index]
            switch byte {
            case UInt8(ascii: "~") where mayBeHome: throw .problem(.environment, index)
            case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "|"), UInt8(ascii: "&"), UInt8(ascii: "("),
                UInt8(ascii: ")"):
                throw .problem(.command, index)
            // Words of a builtin are made several by braces.
            case UInt8(ascii: "{") where isExport: throw .problem(.reference, index)
            default: try readPart(into: &pieces, given: reading, depth: 0)
            }
            mayBeHome = byte == Byte.colon
        }
        return pieces
    }

    /// Reads one character, quoted run or reference outside of quotes.
    private mutating func readPart(
        into pieces: inout ValuePieces,
        given reading: DialectReading,
        depth: Int
    ) throws(Stop) {
        switch text[index] {
        case Byte.apostrophe:
            guard let close = text.index(of: Byte.apostrophe, from: index + 1) else {
                throw .problem(.unterminated, index)
            }
            pieces.append((index + 1)..<close)
            index = close + 1
        case Byte.quote: try readDouble(into: &pieces, given: reading, depth: depth)
        case Byte.backslash:
            if index + 1 == text.count {
                pieces.append(index..<(index + 1))
                index += 1
            } else {
                if text[index + 1] != Byte.lineFeed { pieces.append((index + 1)..<(index + 2)) }
                index += 2
            }
        case Byte.backtick: throw .problem(.command, index)
        case Byte.dollar:
            if text.has("$'", at: index, before: text.count) { throw .problem(.reference, index) }
            if text.has("$\"", at: index, before: text.count) {
                index += 1
            } else {
                try readReference(into: &pieces, given: reading, depth: depth, isQuoted: false)
            }
        default:
            pieces.append(index..<(index + 1))
            index += 1
        }
    }

    private mutating func readDouble(
        into pieces: inout ValuePieces,
        given reading: DialectReading,
        depth: Int
    ) throws(Stop) {
        let opening = index
        index += 1
        while true {
            guard index < text.count else { throw .problem(.unterminated, opening) }
            if text[index] == Byte.quote { break }
            try readQuotedPart(into: &pieces, given: reading, depth: depth)
        }
        index += 1
    }

    /// Reads one character or reference inside double quotes.
    private mutating func readQuotedPart(
        into pieces: inout ValuePieces,
        given reading: DialectReading,
        depth: Int
    ) throws(Stop) {
        switch text[index] {
        case Byte.backslash where index + 1 < text.count:
            let next = text[index + 1]
            let isEscape = next == Byte.dollar || next == Byte.backtick || next == Byte.quote || next == Byte.backslash
            if next != Byte.lineFeed { pieces.append((isEscape ? index + 1 : index)..<(index + 2)) }
            index += 2
        case Byte.backtick: throw .problem(.command, index)
        case Byte.dollar: try readReference(into: &pieces, given: reading, depth: depth, isQuoted: true)
        default:
            pieces.append(index..<(index + 1))
            index += 1
        }
    }

    // MARK: - References

    private mutating func readReference(
        into pieces: inout ValuePieces,
        given reading: DialectReading,
        depth: Int,
        isQuoted: Bool
    ) throws(Stop) {
        let dollar = index
        index += 1
        guard index < text.count else { return pieces.append(dollar..<index) }
        switch text[index] {
        case UInt8(ascii: "("): throw .problem(.command, dollar)
        case UInt8(ascii: "["): throw .problem(.reference, dollar)
        case UInt8(ascii: "{"):
            guard depth < Self.maximumDepth else { throw .problem(.reference, dollar) }
            index += 1
            try readBraces(from: dollar, into: &pieces, given: reading, depth: depth + 1, isQuoted: isQuoted)
        case let byte where byte.isDigit || "$?!#@*-".utf8.contains(byte): throw .problem(.environment, dollar)
        default:
            let name = readName()
            guard !name.isEmpty else { return pieces.append(dollar..<index) }
            guard let value = reading.value(of: text.slice(name)) else { throw .problem(.undefined, dollar) }
            pieces.append(value)
        }
        guard !pieces.isTooLong else { throw .problem(.tooLong, dollar) }
    }

    private mutating func readBraces(
        from dollar: Int,
        into pieces: inout ValuePieces,
        given reading: DialectReading,
        depth: Int,
        isQuoted: Bool
    ) throws(Stop) {
        let name = readName()
        guard !name.isEmpty, index < text.count else { throw .problem(.reference, dollar) }
        let value = reading.value(of: text.slice(name))
        if text[index] == UInt8(ascii: "}") {
            guard let value else { throw .problem(.undefined, dollar) }
            index += 1
            return pieces.append(value)
        }
        let countsEmpty = text[index] != Byte.colon
        if !countsEmpty { index += 1 }
        guard index < text.count, "-+?".utf8.contains(text[index]) else { throw .problem(.reference, dollar) }
        let sign = text[index]
        index += 1
        var word = ValuePieces()
        while true {
            guard index < text.count else { throw .problem(.unterminated, dollar) }
            if text[index] == UInt8(ascii: "}") { break }
            // Inside quotes, quotes and backslashes of a word follow rules of their own.
            let isQuote = text[index] == Byte.apostrophe || text[index] == Byte.quote || text[index] == Byte.backslash
            guard !isQuoted || !isQuote else { throw .problem(.reference, index) }
            if text[index] == UInt8(ascii: "~") { throw .problem(.environment, index) }
            if isQuoted {
                try readQuotedPart(into: &word, given: reading, depth: depth)
            } else {
                try readPart(into: &word, given: reading, depth: depth)
            }
        }
        index += 1
        let isThere = value.map { countsEmpty || !$0.bytes.isEmpty } ?? false
        switch (sign, isThere) {
        case (UInt8(ascii: "-"), false), (UInt8(ascii: "+"), true): pieces.append(word)
        case (UInt8(ascii: "+"), false): break
        case (UInt8(ascii: "?"), false): throw .problem(.undefined, dollar)
        default: if let value { pieces.append(value) }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// What the gem dotenv 3.2 for Ruby gives, with `overwrite: true`.
///
/// A backslash drops out outside of single quotes, except before `$` and, in double quotes, before `n` and `r`. `$NAME`
/// and `${NAME}` are replaced; where `$(…)` would run a command, the value is a problem.
struct RubyDialect: DialectReader {
    private let text: UnsafeRawBufferPointer

    static func read(_ text: UnsafeRawBufferPointer, into reading: inout DialectReading) {
        let reader = RubyDialect(text: text)
        var index = 0
        while index < text.count, !reading.isOver {
            let start = reader.skippingSpace(from: index)
            guard start < text.count else { return }
            if let line = reader.match(at: start) {
                reader.assign(line, into: &reading)
                index = text.endOfLine(from: line.end) + 1
            } else {
                if text[start] != Byte.hash { reading.report(.skippedLine, at: start) }
                index = text.endOfLine(from: start) + 1
            }
        }
    }

    // MARK: - Lines

    private struct Line {
        let name: Range<Int>
        let isExport: Bool
        /// Empty where there is no `=` or `:`.
        let value: Range<Int>
        /// Where the value ends, or the name.
        let end: Int
    }

    private func match(at start: Int) -> Line? {
        if text.has("export", at: start, before: text.count), isSpace(start + 6) {
            let afterExport = skippingSpace(from: start + 6)
            if let line = match(nameAt: afterExport, isExport: true) { return line }
        }
        return match(nameAt: start, isExport: false)
    }

    private func match(nameAt start: Int, isExport: Bool) -> Line? {
        var end = start
        while end < text.count, text[end].isNameByte || text[end] == UInt8(ascii: ".") { end += 1 }
        guard end > start else { return nil }
        let name = start..<end
        let next = skippingSpace(from: end)
        if next < text.count, text[next] == Byte.equals {
            let value = self.value(from: next + 1)
            return Line(name: name, isExport: isExport, value: value, end: value.upperBound)
        }
        if end < text.count, text[end] == Byte.colon, isSpace(end + 1) {
            let value = self.value(from: end + 2)
            return Line(name: name, isExport: isExport, value: value, end: value.upperBound)
        }
        return isEndOfLine(end) ? Line(name: name, isExport: isExport, value: end..<end, end: end) : nil
    }

    /// The range of a value: in quotes, if nothing but a comment follows them, or up to `#` or the end of the line.
    private func value(from start: Int) -> Range<Int> {
        let first = skippingSpace(from: start)
        if first < text.count, text[first] == Byte.quote || text[first] == Byte.apostrophe,
            let close = closingQuote(of: text[first], from: first + 1)
        {
            return start..<(close + 1)
        }
        var end = start
        while end < text.count, text[end] != Byte.hash, text[end] != Byte.lineFeed { end += 1 }
        return start..<end
    }

    /// The quote that nothing but a comment follows on its line: the first that no backslash escapes, or else the last
    /// one before it that is escaped.
    private func closingQuote(of quote: UInt8, from start: Int) -> Int? {
        var candidate: Int?
        var index = start
        while index < text.count {
            if text[index] == Byte.backslash, index + 1 < text.count, text[index + 1] == quote {
                if isEndOfLine(index + 2) { candidate = index + 1 }
                index += 2
            } else if text[index] == quote {
                return isEndOfLine(index + 1) ? index : candidate
            } else {
                index += 1
            }
        }
        return candidate
    }

    private func isSpace(_ index: Int) -> Bool {
        index < text.count && (text[index] == Byte.space || (0x09...0x0D).contains(text[index]))
    }

    private func skippingSpace(from start: Int) -> Int {
        var index = start
        while isSpace(index) { index += 1 }
        return index
    }

    /// Whether nothing but blanks and a comment stand between `index` and the end of its line.
    private func isEndOfLine(_ index: Int) -> Bool {
        var next = index
        while isSpace(next), text[next] != Byte.lineFeed { next += 1 }
        return next >= text.count || text[next] == Byte.lineFeed || text[next] == Byte.hash
    }

    // MARK: - Values

    private func assign(_ line: Line, into reading: inout DialectReading) {
        let name = text.slice(line.name)
        let place = line.name.lowerBound
        let range = line.value
        guard !range.isEmpty else {
            guard line.isExport else { return reading.assign(ValuePieces(), from: text, to: name, at: place) }
            if reading.value(of: name) == nil { reading.refuse(.refusedByReader, at: place) }
            return
        }
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, isSpace(start) { start += 1 }
        while end > start, isSpace(end - 1) { end -= 1 }
        var quote: UInt8?
        if end - start >= 2, text[start] == text[end - 1], text[start] == Byte.quote || text[start] == Byte.apostrophe {
            quote = text[start]
            start += 1
            end -= 1
        }
        if quote == Byte.apostrophe { return reading.assign(ValuePieces(start..<end), from: text, to: name, at: place) }
        let isDouble = quote == Byte.quote
        let isLegacy = isDouble && reading.isRubyLegacy
        let expanded = (isLegacy ? Self.expandingLineEnds(text, start..<end) : ValuePieces(start..<end)).value(
            from: text
        )
        expanded.withBytes { expanded in
            let unescaped = Self.unescaping(expanded, keepsLineEnds: isDouble && !isLegacy).value(from: expanded)
            unescaped.withBytes { unescaped in
                guard let commands = Self.withoutCommands(unescaped) else { return reading.report(.command, at: place) }
                let rest = commands.value(from: unescaped)
                rest.withBytes { rest in
                    guard let pieces = Self.replacingReferences(rest, at: place, in: &reading) else { return }
                    reading.assign(pieces, from: rest, to: name, at: place)
                }
            }
        }
    }

    private static func expandingLineEnds(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> ValuePieces {
        var pieces = ValuePieces()
        var index = range.lowerBound
        while index < range.upperBound {
            let isNewline = text.has("\\n", at: index, before: range.upperBound)
            if isNewline || text.has("\\r", at: index, before: range.upperBound) {
                pieces.append(isNewline ? Byte.lineFeed : Byte.carriageReturn)
                index += 2
            } else {
                pieces.append(index..<(index + 1))
                index += 1
            }
        }
        return pieces
    }

    private static func unescaping(_ value: UnsafeRawBufferPointer, keepsLineEnds: Bool) -> ValuePieces {
        var pieces = ValuePieces()
        var index = 0
        while index < value.count {
            if value[index] == Byte.backslash, index + 1 < value.count {
                let next = value[index + 1]
                let isLineEnd = next == UInt8(ascii: "n") || next == UInt8(ascii: "r")
                // A backslash before `$` stays for the replacement of references.
                if next == Byte.dollar {
                    pieces.append(index..<(index + 1))
                    index += 1
                    continue
                }
                pieces.append((keepsLineEnds && isLineEnd ? index : index + 1)..<(index + 2))
                index += 2
            } else {
                pieces.append(index..<(index + 1))
                index += 1
            }
        }
        return pieces
    }

    /// The value with the backslash dropped from each escaped command; nil when it has a command that would be run.
    private static func withoutCommands(_ value: UnsafeRawBufferPointer) -> ValuePieces? {
        var closes: [Int: Int] = [:]
        var open: [Int] = []
        for index in value.indices {
            if value[index] == UInt8(ascii: "(") { open.append(index) }
            if value[index] == UInt8(ascii: ")"), let start = open.popLast(), index > start + 1 {
                closes[start] = index
            }
        }
        var pieces = ValuePieces()
        var index = 0
        while index < value.count {
            let isEscaped = value[index] == Byte.backslash
            let dollar = isEscaped ? index + 1 : index
            if dollar < value.count, value[dollar] == Byte.dollar, let close = closes[dollar + 1] {
                guard isEscaped else { return nil }
                pieces.append(dollar..<(close + 1))
                index = close + 1
            } else {
                pieces.append(index..<(index + 1))
                index += 1
            }
        }
        return pieces
    }

    private static func replacingReferences(
        _ value: UnsafeRawBufferPointer,
        at place: Int,
        in reading: inout DialectReading
    ) -> ValuePieces? {
        var pieces = ValuePieces()
        var index = 0
        while index < value.count {
            let isEscaped = value[index] == Byte.backslash
            let dollar = isEscaped ? index + 1 : index
            guard dollar < value.count, value[dollar] == Byte.dollar,
                !value.has("(", at: dollar + 1, before: value.count)
            else {
                pieces.append(index..<(index + 1))
                index += 1
                continue
            }
            var start = dollar + 1
            if value.has("{", at: start, before: value.count) { start += 1 }
            var end = start
            while end < value.count, value[end].isNameByte { end += 1 }
            let after = value.has("}", at: end, before: value.count) ? end + 1 : end
            if isEscaped || end == start {
                pieces.append(dollar..<after)
            } else if let given = reading.value(of: value.slice(start..<end)) {
                pieces.append(given)
            } else if !value[start].isDigit {
                // A name that begins with a digit is in no environment: it stands for nothing.
                reading.report(.undefined, at: place)
                return nil
            }
            guard !pieces.isTooLong else {
                reading.report(.tooLong, at: place)
                return nil
            }
            index = after
        }
        return pieces
    }
}

extension DialectReading {
    /// Whether the file asks for the line ends of dotenv 2.
    fileprivate var isRubyLegacy: Bool {
        let name: StaticString = "DOTENV_LINEBREAK_MODE"
        let bytes = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        return value(of: bytes)?.bytes.withBytes { $0.elementsEqual("legacy".utf8) } ?? false
    }
}

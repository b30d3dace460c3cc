// SPDX-License-Identifier: Apache-2.0

/// What `util.parseEnv` and `--env-file` of Node.js 20 give.
///
/// A line without `=` becomes a part of the next name, a value in quotes ends at the first quote of its kind, and `#`
/// ends every value without quotes.
enum NodeDialect: DialectReader {
    static func read(_ text: UnsafeRawBufferPointer, into reading: inout DialectReading) {
        let whole = trimmed(text, 0..<text.count)
        var index = whole.lowerBound
        let end = whole.upperBound
        while index < end, !reading.isOver {
            if text[index] == Byte.lineFeed || text[index] == Byte.hash {
                guard let lineEnd = text[index..<end].firstIndex(of: Byte.lineFeed) else { return }
                index = lineEnd + 1
                continue
            }
            guard let equals = text[index..<end].firstIndex(of: Byte.equals) else {
                return reading.report(.skippedLine, at: index)
            }
            var name = trimmed(text, index..<equals)
            guard !name.isEmpty else { return reading.report(.skippedLine, at: index) }
            if text.has("export ", at: name.lowerBound, before: name.upperBound) {
                name = (name.lowerBound + 7)..<name.upperBound
            }
            let start = equals + 1
            let (value, rest) = readValue(text, from: start, before: end)
            if let value {
                reading.assign(value, from: text, to: text.slice(name), at: name.lowerBound)
            } else {
                reading.report(.skippedLine, at: name.lowerBound)
            }
            index = rest
        }
    }

    /// Reads the value that begins at `start`, after the `=`; returns where the text goes on.
    private static func readValue(
        _ text: UnsafeRawBufferPointer,
        from start: Int,
        before end: Int
    ) -> (ValuePieces?, Int) {
        var first = start
        while first < end, text[first] == Byte.space { first += 1 }
        guard first < end else { return (ValuePieces(), end) }
        let lineEnd = text[first..<end].firstIndex(of: Byte.lineFeed)
        let quote = text[first]
        if quote == Byte.quote || quote == Byte.apostrophe || quote == Byte.backtick {
            let content = first + 1
            if let close = text[content..<end].firstIndex(of: quote) {
                let rest = text[close..<end].firstIndex(of: Byte.lineFeed) ?? end
                let range = content..<close
                return (quote == Byte.quote ? expandingLineFeeds(text, range) : ValuePieces(range), rest)
            }
            // On the last line it is lost with its name.
            guard let lineEnd else { return (nil, first) }
            return (ValuePieces(first..<lineEnd), lineEnd)
        }
        let line = first..<(lineEnd ?? end)
        let valueEnd = text[line].firstIndex(of: Byte.hash) ?? line.upperBound
        return (ValuePieces(trimmed(text, first..<valueEnd)), line.upperBound)
    }

    private static func expandingLineFeeds(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> ValuePieces {
        var pieces = ValuePieces()
        var literal = range.lowerBound
        var index = literal
        while index < range.upperBound {
            if text.has("\\n", at: index, before: range.upperBound) {
                pieces.append(literal..<index)
                pieces.append(Byte.lineFeed)
                index += 2
                literal = index
            } else {
                index += 1
            }
        }
        pieces.append(literal..<range.upperBound)
        return pieces
    }

    /// The range without spaces at both ends; a tab stays.
    private static func trimmed(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Range<Int> {
        func isSpace(_ byte: UInt8) -> Bool { byte == Byte.space }
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, isSpace(text[start]) { start += 1 }
        while end > start, isSpace(text[end - 1]) { end -= 1 }
        return start..<end
    }
}

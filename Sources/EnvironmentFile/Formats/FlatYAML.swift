// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// One flat mapping of YAML 1.2: a name and a text on each line, plain, in quotes, or as a literal block.
///
/// What stands for other types in YAML, as `yes`, `012` or `1e3`, is the text that is written. Forms that a person cannot
/// read without the specification (anchors, tags, folding, flow) are refused, and so are maps in maps.
struct FlatYAML: DialectReader {
    private struct Stop: Error {
        let code: FindingCode
        let index: Int
    }

    private let text: UnsafeRawBufferPointer
    private var index = 0
    private var hasContent = false

    static func read(_ text: UnsafeRawBufferPointer, into reading: inout DialectReading) {
        var reader = FlatYAML(text: text)
        while reader.index < text.count, !reading.isOver {
            do throws(Stop) {
                guard try reader.readLine(into: &reading) else { return }
            } catch {
                reading.report(error.code, at: error.index)
                reader.skipEntry()
            }
        }
    }

    private init(text: UnsafeRawBufferPointer) { self.text = text }

    /// Passes over the line and what is indented below it, which belongs to it.
    private mutating func skipEntry() {
        repeat {
            index = min(text.endOfLine(from: index) + 1, text.count)
        } while index < text.count
            && (text[index].isBlank || text.has("- ", at: index, before: text.count))
    }

    /// The end of the line at `index`, without a CR.
    private func lineEnd(from index: Int) -> Int {
        let end = text.endOfLine(from: index)
        return end > index && text[end - 1] == Byte.carriageReturn ? end - 1 : end
    }

    /// Whether nothing but a comment follows; a comment needs a blank before it.
    private func isEmptyRest(_ start: Int, before end: Int) -> Bool {
        let next = text.skippingBlanks(from: start, to: end)
        return next == end || text[next] == Byte.hash && (next > start || next == 0 || text[next - 1].isBlank)
    }

    // MARK: - Lines

    /// Reads one line, or an entry of several; false at the end of the document.
    private mutating func readLine(into reading: inout DialectReading) throws(Stop) -> Bool {
        let start = index
        let end = lineEnd(from: start)
        let first = text.skippingBlanks(from: start, to: end)
        if first == end || text[first] == Byte.hash {
            index = text.endOfLine(from: start) + 1
            return true
        }
        if text.has("---", at: start, before: end), isEmptyRest(start + 3, before: end), !hasContent {
            hasContent = true
            index = text.endOfLine(from: start) + 1
            return true
        }
        if text.has("...", at: start, before: end), isEmptyRest(start + 3, before: end) {
            try checkNothingFollows(text.endOfLine(from: start) + 1)
            return false
        }
        guard first == start else { throw Stop(code: .notFlat, index: first) }
        switch text[start] {
        case UInt8(ascii: "-") where !text.has("---", at: start, before: end): throw Stop(code: .notFlat, index: start)
        case UInt8(ascii: "{"), UInt8(ascii: "["): throw Stop(code: .unreadForm, index: start)
        case UInt8(ascii: "%"), UInt8(ascii: "?"), UInt8(ascii: "&"), UInt8(ascii: "*"), UInt8(ascii: "!"),
            UInt8(ascii: "<"), UInt8(ascii: "-"):
            throw Stop(code: .unreadForm, index: start)
        default: break
        }
        hasContent = true
        let (name, afterColon) = try readName(from: start, before: end)
        let valueStart = text.skippingBlanks(from: afterColon, to: end)
        let value = try readValue(from: valueStart, before: end)
        guard !value.isTooLong else {
            reading.report(.tooLong, at: start)
            return true
        }
        let secret = value.value(from: text)
        if secret.withBytes({ $0.contains(0) }) {
            reading.report(.nul, at: start)
        } else {
            reading.assign(secret, to: text.slice(name), at: start)
        }
        return true
    }

    private func checkNothingFollows(_ start: Int) throws(Stop) {
        var next = start
        while next < text.count {
            let end = lineEnd(from: next)
            guard isEmptyRest(next, before: end) else { throw Stop(code: .notFlat, index: next) }
            next = text.endOfLine(from: next) + 1
        }
    }

    /// The range of the name, and the index after its colon.
    private func readName(from start: Int, before end: Int) throws(Stop) -> (Range<Int>, Int) {
        let quote = text[start]
        let name: Range<Int>
        var after: Int
        if quote == Byte.quote || quote == Byte.apostrophe {
            guard let close = text[(start + 1)..<end].firstIndex(of: quote) else {
                throw Stop(code: .malformed, index: start)
            }
            (name, after) = ((start + 1)..<close, close + 1)
        } else {
            after = start
            while after < end, !text[after].isBlank, text[after] != Byte.colon { after += 1 }
            name = start..<after
        }
        after = text.skippingBlanks(from: after, to: end)
        guard after < end, text[after] == Byte.colon, after + 1 == end || text[after + 1].isBlank else {
            throw Stop(code: .malformed, index: after)
        }
        return (name, after + 1)
    }

    // MARK: - Values

    /// Reads the value and moves to the line after it.
    private mutating func readValue(from start: Int, before end: Int) throws(Stop) -> ValuePieces {
        let next = text.endOfLine(from: start) + 1
        guard !isEmptyRest(start, before: end) else { throw Stop(code: .notFlat, index: start) }
        let value: ValuePieces
        switch text[start] {
        case UInt8(ascii: "|"): return try readBlock(from: start, before: end)
        case Byte.apostrophe: value = try readSingle(from: start, before: end)
        case Byte.quote: value = try readDouble(from: start, before: end)
        default: value = try readPlain(from: start, before: end)
        }
        // A text goes on on lines that are indented, with rules of its own for their ends.
        if next < text.count, text[next].isBlank {
            let following = text.skippingBlanks(from: next, to: text.count)
            let lineEnd = lineEnd(from: next)
            guard following >= lineEnd || text[following] == Byte.hash else {
                throw Stop(code: .unreadForm, index: start)
            }
        }
        index = min(next, text.count)
        return value
    }

    private func readPlain(from start: Int, before end: Int) throws(Stop) -> ValuePieces {
        let first = text[start]
        if "[]{},&*!>%@`".utf8.contains(first) { throw Stop(code: .unreadForm, index: start) }
        if first == UInt8(ascii: "-") || first == UInt8(ascii: "?") || first == Byte.colon,
            start + 1 == end || text[start + 1].isBlank
        {
            throw Stop(code: .notFlat, index: start)
        }
        var stop = start
        while stop < end {
            if text[stop] == Byte.hash, text[stop - 1].isBlank { break }
            if text[stop] == Byte.colon, stop + 1 == end || text[stop + 1].isBlank {
                throw Stop(code: .malformed, index: stop)
            }
            stop += 1
        }
        while text[stop - 1].isBlank { stop -= 1 }
        let word = text.slice(start..<stop)
        let isNull = ["~", "null", "Null", "NULL"].contains { word.elementsEqual($0.utf8) }
        guard !isNull else { throw Stop(code: .notFlat, index: start) }
        return ValuePieces(start..<stop)
    }

    private func readSingle(from start: Int, before end: Int) throws(Stop) -> ValuePieces {
        var pieces = ValuePieces()
        var next = start + 1
        while next < end {
            if text[next] != Byte.apostrophe {
                pieces.append(next..<(next + 1))
                next += 1
            } else if text.has("''", at: next, before: end) {
                pieces.append(next..<(next + 1))
                next += 2
            } else {
                guard isEmptyRest(next + 1, before: end) else { throw Stop(code: .trailing, index: next + 1) }
                return pieces
            }
        }
        throw Stop(code: .unreadForm, index: start)
    }

    private func readDouble(from start: Int, before end: Int) throws(Stop) -> ValuePieces {
        var pieces = ValuePieces()
        var next = start + 1
        while next < end {
            switch text[next] {
            case Byte.quote:
                guard isEmptyRest(next + 1, before: end) else { throw Stop(code: .trailing, index: next + 1) }
                return pieces
            case Byte.backslash where next + 1 < end:
                guard let (scalar, length) = Self.escape(text, at: next + 1, before: end) else {
                    throw Stop(code: .malformed, index: next)
                }
                pieces.append(scalar)
                next += 1 + length
            default:
                pieces.append(next..<(next + 1))
                next += 1
            }
        }
        throw Stop(code: .unreadForm, index: start)
    }

    /// The character that a backslash and what stands at `index` mean, and how many bytes that is (YAML 1.2.2 §5.7).
    private static func escape(
        _ text: UnsafeRawBufferPointer,
        at index: Int,
        before end: Int
    ) -> (Unicode.Scalar, Int)? {
        let single: [UInt8: Unicode.Scalar] = [
            UInt8(ascii: "0"): "\0", UInt8(ascii: "a"): "\u{7}", UInt8(ascii: "b"): "\u{8}", UInt8(ascii: "t"): "\t",
            UInt8(ascii: "n"): "\n", UInt8(ascii: "v"): "\u{B}", UInt8(ascii: "f"): "\u{C}", UInt8(ascii: "r"): "\r",
            UInt8(ascii: "e"): "\u{1B}", Byte.space: " ", Byte.tab: "\t", Byte.quote: "\"", UInt8(ascii: "/"): "/",
            Byte.backslash: "\\", UInt8(ascii: "N"): "\u{85}", Byte.underscore: "\u{A0}",
            UInt8(ascii: "L"): "\u{2028}", UInt8(ascii: "P"): "\u{2029}",
        ]
        if let scalar = single[text[index]] { return (scalar, 1) }
        let digits: Int
        switch text[index] {
        case UInt8(ascii: "x"): digits = 2
        case UInt8(ascii: "u"): digits = 4
        case UInt8(ascii: "U"): digits = 8
        default: return nil
        }
        guard index + digits < end, let number = text.hexadecimal(at: index + 1, digits: digits) else { return nil }
        return Unicode.Scalar(number).map { ($0, 1 + digits) }
    }

    /// Reads a literal block: `|` keeps one line end at the end, `|-` none, `|+` all.
    private mutating func readBlock(from start: Int, before end: Int) throws(Stop) -> ValuePieces {
        let sign = start + 1 < end ? text[start + 1] : Byte.space
        let isSigned = sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+")
        guard isEmptyRest(isSigned ? start + 2 : start + 1, before: end) else {
            throw Stop(code: .unreadForm, index: start)
        }
        var pieces = ValuePieces()
        var pendingLineEnds = 0
        var indent: Int?
        index = min(text.endOfLine(from: start) + 1, text.count)
        while index < text.count {
            let lineEnd = lineEnd(from: index)
            var first = index
            while first < lineEnd, text[first] == Byte.space, indent.map({ first - index < $0 }) ?? true { first += 1 }
            if first == lineEnd {
                pendingLineEnds += 1
            } else {
                if text[first] == Byte.tab, indent.map({ first - index < $0 }) ?? true {
                    throw Stop(code: .malformed, index: first)
                }
                guard first > index, first - index == indent ?? (first - index) else { break }
                indent = first - index
                for _ in 0..<pendingLineEnds { pieces.append(Byte.lineFeed) }
                pieces.append(first..<lineEnd)
                pendingLineEnds = 1
            }
            index = min(text.endOfLine(from: index) + 1, text.count)
        }
        guard indent != nil else { throw Stop(code: .notFlat, index: start) }
        if index < text.count, text[index].isBlank { throw Stop(code: .malformed, index: index) }
        if !isSigned {
            pieces.append(Byte.lineFeed)
        } else if sign == UInt8(ascii: "+") {
            for _ in 0..<pendingLineEnds { pieces.append(Byte.lineFeed) }
        }
        return pieces
    }
}

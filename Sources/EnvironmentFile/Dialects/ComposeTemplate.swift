// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// A text with references as Compose replaces them: `$$`, `$NAME`, `${NAME}` and `${NAME` `:-` `-` `:+` `+` `:?` `?`
/// `word}`.
struct ComposeTemplate {
    struct Problem: Error {
        let code: FindingCode
    }

    /// A word may hold references that hold words, down to this depth.
    private static let maximumDepth = 32

    private let text: UnsafeRawBufferPointer

    init(_ text: UnsafeRawBufferPointer) { self.text = text }

    mutating func replaced(
        _ range: Range<Int>,
        depth: Int,
        given reading: DialectReading
    ) -> Result<ValuePieces, Problem> {
        guard depth <= Self.maximumDepth else { return .failure(Problem(code: .reference)) }
        var pieces = ValuePieces()
        var index = range.lowerBound
        var lastBrace = LastBrace()
        while index < range.upperBound, !pieces.isTooLong {
            guard text[index] == Byte.dollar, index + 1 < range.upperBound else {
                pieces.append(index..<(index + 1))
                index += 1
                continue
            }
            let next = index + 1
            if text[next] == Byte.dollar {
                pieces.append(Byte.dollar)
                index += 2
            } else if text[next] == UInt8(ascii: "{") {
                guard let braced = braced(at: index, before: range.upperBound, &lastBrace) else {
                    return .failure(Problem(code: .reference))
                }
                switch value(of: braced, depth: depth, given: reading) {
                case .success(let value): pieces.append(value)
                case .failure(let problem): return .failure(problem)
                }
                index = braced.end
            } else {
                let end = endOfName(from: next, before: range.upperBound)
                if end == next {
                    pieces.append(index..<next)
                } else if let given = reading.value(of: text.slice(next..<end)) {
                    pieces.append(given)
                } else {
                    return .failure(Problem(code: .undefined))
                }
                index = end
            }
        }
        return .success(pieces)
    }

    private struct Braced {
        let name: Range<Int>
        /// Empty, or one of the operators.
        let operation: Range<Int>
        let word: Range<Int>
        /// The index after the brace.
        let end: Int
    }

    /// The last closing brace of the line that was looked at last.
    private struct LastBrace {
        var lineEnd = -1
        var index: Int?
    }

    private func endOfName(from start: Int, before end: Int) -> Int {
        guard start < end, !text[start].isDigit else { return start }
        var index = start
        while index < end, text[index].isNameByte { index += 1 }
        return index
    }

    private func braced(at dollar: Int, before end: Int, _ lastBrace: inout LastBrace) -> Braced? {
        let start = dollar + 2
        let nameEnd = endOfName(from: start, before: end)
        guard nameEnd > start, nameEnd < end else { return nil }
        if text[nameEnd] == UInt8(ascii: "}") {
            return Braced(
                name: start..<nameEnd,
                operation: nameEnd..<nameEnd,
                word: nameEnd..<nameEnd,
                end: nameEnd + 1
            )
        }
        let sign = text[nameEnd] == Byte.colon ? nameEnd + 1 : nameEnd
        guard sign < end, "-+?".utf8.contains(text[sign]) else { return nil }
        if sign >= lastBrace.lineEnd {
            lastBrace.lineEnd = text[sign..<end].firstIndex(of: Byte.lineFeed) ?? end
            lastBrace.index = text[sign..<lastBrace.lineEnd].lastIndex(of: UInt8(ascii: "}"))
        }
        guard let last = lastBrace.index, last > sign else { return nil }
        let close = closingBrace(from: dollar, through: last) ?? last
        return Braced(name: start..<nameEnd, operation: nameEnd..<(sign + 1), word: (sign + 1)..<close, end: close + 1)
    }

    /// The brace that closes the first one; the byte after an opening brace is not looked at.
    private func closingBrace(from start: Int, through last: Int) -> Int? {
        var open = 0
        var index = start
        while index <= last {
            if text[index] == UInt8(ascii: "}") {
                open -= 1
                if open == 0 { return index }
            }
            if text[index] == UInt8(ascii: "{") {
                open += 1
                index += 1
            }
            index += 1
        }
        return nil
    }

    private mutating func value(
        of braced: Braced,
        depth: Int,
        given reading: DialectReading
    ) -> Result<ValuePieces, Problem> {
        let given = reading.value(of: text.slice(braced.name))
        var pieces = ValuePieces()
        if let given { pieces.append(given) }
        guard let sign = braced.operation.last.map({ text[$0] }) else {
            return given == nil ? .failure(Problem(code: .undefined)) : .success(pieces)
        }
        let countsEmpty = braced.operation.count == 1
        let isThere = given.map { countsEmpty || !$0.bytes.isEmpty } ?? false
        switch sign {
        case UInt8(ascii: "-"):
            return isThere ? .success(pieces) : replaced(braced.word, depth: depth + 1, given: reading)
        case UInt8(ascii: "+"):
            return isThere ? replaced(braced.word, depth: depth + 1, given: reading) : .success(pieces)
        default: return isThere ? .success(pieces) : .failure(Problem(code: .undefined))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// A value in quotes, which may span lines: where it ends, what is wrong in it, and what it says.
struct QuotedValue {
    private let isDouble: Bool
    /// What stands between the quotes.
    private(set) var content: Range<Int>
    /// Bytes that decoding leaves out: a backslash of each escape, the CR of each CR LF.
    private var omittedBytes = 0

    /// The line of the closing quote.
    private(set) var lastLine: SourceLines.Line
    private(set) var traits: ValueTraits = []
    private(set) var problems: [(code: FindingCode, place: FindingPlace)] = []

    /// The index after the closing quote.
    var end: Int { content.upperBound + 1 }

    /// Finds the closing quote; nil when there is none.
    ///
    /// Takes from `lines` what it reads, to the end of the file if need be.
    init?(openedAt opening: Int, on first: SourceLines.Line, from lines: inout SourceLines, log: inout FindingLog) {
        let bytes = lines.bytes
        let quote = bytes[opening]
        isDouble = quote == Byte.quote
        content = (opening + 1)..<(opening + 1)
        lastLine = first
        var line = first
        var index = opening + 1
        var isInPEM = bytes.has("-----BEGIN ", at: index, before: line.end)
        search: while true {
            while index < line.end {
                let byte = bytes[index]
                if byte == quote { break search }
                if byte == Byte.backslash {
                    if isDouble {
                        index += noteEscape(bytes, at: index, on: line)
                    } else if index + 1 < line.end, bytes[index + 1] == quote {
                        problems.append((.singleQuoteEscape, line.place(of: index)))
                        index += 1
                        // After a path such as 'C:\dir\' the quote is the closing one.
                        if !bytes[(index + 1)..<line.end].contains(quote) { break search }
                    }
                } else if isDouble, byte == Byte.dollar {
                    traits.insert(.dollar)
                }
                index = bytes.skippingOrdinary(from: index + 1, to: line.end)
            }
            let previous = line
            guard let next = lines.next(reportingTo: &log) else { return nil }
            traits.insert(.multiline)
            omittedBytes += previous.next - previous.end - 1
            line = next
            index = line.start
            if bytes.has("-----BEGIN ", at: index, before: line.end) {
                isInPEM = true
            } else if bytes.has("-----END ", at: index, before: line.end) {
                isInPEM = false
            } else if !isInPEM, AssignmentHead(bytes, line) != nil {
                // In a PEM block the last line of base64 often ends in `=`.
                traits.insert(.swallowsAssignment)
            }
        }
        content = (opening + 1)..<index
        lastLine = line
    }

    /// Notes what the backslash at `index` does; how many bytes after it belong to it.
    private mutating func noteEscape(
        _ bytes: UnsafeRawBufferPointer,
        at index: Int,
        on line: SourceLines.Line
    ) -> Int {
        guard index + 1 < line.end else {
            problems.append((.continuation, line.place(of: index)))
            return 0
        }
        guard Self.decoded(bytes[index + 1]) != nil else {
            traits.insert(.unknownEscape)
            return 0
        }
        traits.insert(.escape)
        omittedBytes += 1
        return 1
    }

    /// The value with escapes decoded and line ends as LF, in wiped memory.
    func value(in bytes: UnsafeRawBufferPointer) -> SecretBytes {
        guard omittedBytes == 0 else { return decoded(bytes, content).value(from: bytes) }
        return SecretBytes(count: content.count) { buffer in
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[content]))
        }
    }

    /// What a part of the content says.
    func decoded(_ bytes: UnsafeRawBufferPointer, _ part: Range<Int>) -> ValuePieces {
        var pieces = ValuePieces()
        var index = part.lowerBound
        var literal = index
        while index < part.upperBound {
            let next = index + 1
            if bytes[index] == Byte.carriageReturn, next < part.upperBound, bytes[next] == Byte.lineFeed {
                pieces.append(literal..<index)
                literal = next
            } else if isDouble, bytes[index] == Byte.backslash, next < part.upperBound {
                if let decoded = Self.decoded(bytes[next]) {
                    pieces.append(literal..<index)
                    pieces.append(decoded)
                    literal = next + 1
                    index = next
                }
            }
            index += 1
        }
        pieces.append(literal..<part.upperBound)
        return pieces
    }

    /// What a backslash and `byte` stand for in double quotes.
    private static func decoded(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "n"): Byte.lineFeed
        case UInt8(ascii: "r"): Byte.carriageReturn
        case UInt8(ascii: "t"): Byte.tab
        case Byte.backslash, Byte.quote, Byte.dollar: byte
        default: nil
        }
    }
}

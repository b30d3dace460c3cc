// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// A value in quotes: where it ends, what is wrong in it, and what it says.
struct QuotedValue {
    struct Problem {
        let code: FindingCode
        let index: Int
        /// Line feeds between the opening quote and the problem.
        let lineFeeds: Int
        /// Counted from 1, on the problem's own line.
        let column: Int
    }

    private let opening: Int
    private let isDouble: Bool
    /// The index after the closing quote.
    let end: Int
    let lineFeeds: Int
    let lastLineStart: Int
    let problems: [Problem]
    let hasEscape: Bool
    let hasUnknownEscape: Bool
    let hasDollar: Bool
    let swallowsAssignment: Bool

    /// Finds the closing quote; nil when there is none.
    init?(bytes: UnsafeRawBufferPointer, opening: Int) {
        let isDouble = bytes[opening] == Byte.quote
        let close = bytes[opening]
        var index = opening + 1
        var lineFeeds = 0
        var lineStart = opening
        var problems: [Problem] = []
        var hasEscape = false
        var hasUnknownEscape = false
        var hasDollar = false
        var swallows = false
        func problem(_ code: FindingCode) -> Problem {
            Problem(code: code, index: index, lineFeeds: lineFeeds, column: index - lineStart + 1)
        }
        scan: while true {
            guard index < bytes.count else { return nil }
            let byte = bytes[index]
            switch byte {
            case close: break scan
            case Byte.lineFeed:
                lineFeeds += 1
                lineStart = index + 1
                if Self.looksLikeAssignment(bytes, at: lineStart) { swallows = true }
            case Byte.dollar: if isDouble { hasDollar = true }
            case Byte.backslash:
                guard index + 1 < bytes.count else { return nil }
                let next = bytes[index + 1]
                if isDouble {
                    switch next {
                    case Byte.lineFeed, Byte.carriageReturn: problems.append(problem(.continuation))
                    case _ where Self.decode(next) != nil:
                        hasEscape = true
                        index += 1
                    default: hasUnknownEscape = true
                    }
                } else if next == Byte.apostrophe {
                    problems.append(problem(.singleQuoteEscape))
                    index += 1
                }
            default: break
            }
            index += 1
        }
        self.opening = opening
        self.isDouble = isDouble
        end = index + 1
        self.lineFeeds = lineFeeds
        lastLineStart = lineStart
        self.problems = problems
        self.hasEscape = hasEscape
        self.hasUnknownEscape = hasUnknownEscape
        self.hasDollar = hasDollar
        swallowsAssignment = swallows
    }

    /// The value with escapes decoded and line ends as LF, in wiped memory.
    func decoded(from bytes: UnsafeRawBufferPointer) -> SecretBytes {
        var count = 0
        forEachByte(of: bytes) { _ in count += 1 }
        return SecretBytes(count: count) { buffer in
            var offset = 0
            forEachByte(of: bytes) { byte in
                buffer[offset] = byte
                offset += 1
            }
        }
    }

    private func forEachByte(of bytes: UnsafeRawBufferPointer, _ body: (UInt8) -> Void) {
        var index = opening + 1
        while index < end - 1 {
            let byte = bytes[index]
            index += 1
            if byte == Byte.carriageReturn, bytes[index] == Byte.lineFeed { continue }
            if isDouble, byte == Byte.backslash, let decoded = Self.decode(bytes[index]) {
                body(decoded)
                index += 1
            } else {
                body(byte)
            }
        }
    }

    /// What a backslash and `byte` stand for in double quotes.
    private static func decode(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "n"): Byte.lineFeed
        case UInt8(ascii: "r"): Byte.carriageReturn
        case UInt8(ascii: "t"): Byte.tab
        case Byte.backslash, Byte.quote, Byte.dollar: byte
        default: nil
        }
    }

    private static func looksLikeAssignment(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Bool {
        var index = start
        while index < bytes.count, bytes[index].isBlank { index += 1 }
        let nameStart = index
        while index < bytes.count, index - nameStart <= EnvironmentName.maximumBytes {
            if bytes[index] == Byte.equals {
                return (try? EnvironmentName(String(decoding: bytes[nameStart..<index], as: UTF8.self))) != nil
            }
            if bytes[index] == Byte.lineFeed { return false }
            index += 1
        }
        return false
    }
}

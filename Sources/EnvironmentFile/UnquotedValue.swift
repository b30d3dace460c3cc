// SPDX-License-Identifier: Apache-2.0

/// A value without quotes: up to the end of the line or a comment, without the blanks at either end.
struct UnquotedValue {
    let range: Range<Int>
    let traits: ValueTraits
    /// Why it cannot be taken.
    let problem: (code: FindingCode, index: Int)?

    /// Reads the value that begins at `start`, the first index after the `=` and blanks.
    init(_ bytes: UnsafeRawBufferPointer, start: Int, line: SourceLines.Line) {
        var traits: ValueTraits = []
        var end = start
        var hasComment = false
        var index = start
        scan: while index < line.end {
            let byte = bytes[index]
            switch byte {
            case Byte.space, Byte.tab:
                index += 1
                continue
            case Byte.hash:
                // At the start the byte before is a blank or the `=`; after that a color or a password may begin so.
                if bytes[index - 1].isBlank {
                    hasComment = true
                    break scan
                }
                traits.insert(.hashInValue)
            case Byte.dollar: traits.insert(.dollar)
            case Byte.backslash: traits.insert(.backslash)
            case Byte.quote, Byte.apostrophe: traits.insert(.innerQuote)
            default: break
            }
            if index > end { traits.insert(.unquotedSpace) }
            index = bytes.skippingOrdinary(from: index + 1, to: line.end)
            end = index
        }
        if hasComment {
            traits.insert(.inlineComment)
        } else if end < line.end {
            traits.insert(.spaceAroundEquals)
        }
        range = start..<end
        self.traits = traits
        if start < end, bytes[start] == Byte.backtick {
            problem = (.backtick, start)
        } else if bytes.has("-----BEGIN ", at: start, before: end) {
            problem = (.unquotedPEM, start)
        } else if start < end, end == line.end, bytes[end - 1] == Byte.backslash {
            problem = (.continuation, end - 1)
        } else {
            problem = nil
        }
    }
}

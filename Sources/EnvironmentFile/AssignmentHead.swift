// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// The part of a line up to its `=`: blanks, `export`, a name that can be used, blanks.
struct AssignmentHead {
    let name: Range<Int>
    /// The index of the `=`.
    let equals: Int

    /// Whether blanks stand between the name and the `=`.
    var hasBlankBeforeEquals: Bool { name.upperBound < equals }

    /// Reads the head of `line`; nil when the line does not begin as an assignment.
    init?(_ bytes: UnsafeRawBufferPointer, _ line: SourceLines.Line) {
        let first = bytes.skippingBlanks(from: line.start, to: line.end)
        let start = Self.skippingExport(bytes, from: first, to: line.end)
        guard start < line.end, !bytes[start].isDigit else { return nil }
        var end = start
        while end < line.end, bytes[end].isNameByte { end += 1 }
        let equals = bytes.skippingBlanks(from: end, to: line.end)
        guard end > start, end - start <= EnvironmentName.maximumBytes, equals < line.end,
            bytes[equals] == Byte.equals
        else { return nil }
        name = start..<end
        self.equals = equals
    }

    /// Where the text after `export` and blanks begins, or `start`.
    static func skippingExport(_ bytes: UnsafeRawBufferPointer, from start: Int, to end: Int) -> Int {
        let afterWord = start + 6
        guard bytes.has("export", at: start, before: end), afterWord < end, bytes[afterWord].isBlank else {
            return start
        }
        let next = bytes.skippingBlanks(from: afterWord, to: end)
        // `export = 1` assigns to the name `export`.
        return next < end && bytes[next] != Byte.equals ? next : start
    }
}

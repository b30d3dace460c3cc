// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// A line that is no assignment: what is wrong with it, and what it was probably meant to be.
struct RefusedLine {
    let code: FindingCode
    let hint: FindingHint?
    /// Where the text begins that is wrong.
    let start: Int
    /// Where a value would begin, to be passed over if it is in quotes; nil where there is none.
    let value: Int?

    init(_ bytes: UnsafeRawBufferPointer, _ line: SourceLines.Line) {
        let first = bytes.skippingBlanks(from: line.start, to: line.end)
        start = AssignmentHead.skippingExport(bytes, from: first, to: line.end)
        let text = UnsafeRawBufferPointer(rebasing: bytes[start..<line.end])
        let equals = text.firstIndex(of: Byte.equals)
        if let colon = Self.colonOfYAML(text) {
            code = .yamlStyle
            hint = nil
            value = start + colon + 1
        } else if let equals {
            code = .name
            hint = Self.hint(forName: UnsafeRawBufferPointer(rebasing: text[..<equals]))
            value = start + equals + 1
        } else {
            code = .noEquals
            hint = start > first ? .exportWithoutValue : Self.hint(forFirstByteOf: text)
            value = nil
        }
    }

    /// The index of the colon of `NAME: value` or `NAME:`.
    private static func colonOfYAML(_ text: UnsafeRawBufferPointer) -> Int? {
        guard let first = text.first, !first.isDigit else { return nil }
        let end = text.firstIndex { !$0.isNameByte } ?? text.count
        let colon = text.skippingBlanks(from: end, to: text.count)
        guard end > 0, colon < text.count, text[colon] == Byte.colon else { return nil }
        return colon + 1 == text.count || text[colon + 1].isBlank ? colon : nil
    }

    private static func hint(forFirstByteOf text: UnsafeRawBufferPointer) -> FindingHint? {
        if text.first == UInt8(ascii: ";") || text.has("//", at: 0, before: text.count) { return .comment }
        return text.first == UInt8(ascii: "[") ? .section : nil
    }

    private static func hint(forName untrimmed: UnsafeRawBufferPointer) -> FindingHint? {
        var end = untrimmed.count
        while end > 0, untrimmed[end - 1].isBlank { end -= 1 }
        let name = UnsafeRawBufferPointer(rebasing: untrimmed[..<end])
        guard let first = name.first, let last = name.last else { return .missingName }
        if let hint = hint(forFirstByteOf: name) { return hint }
        let small = name.lazy.map(\.lowercased)
        if small.starts(with: "$env:".utf8) { return .powerShell }
        if small.starts(with: "set ".utf8) { return .windowsSet }
        if first == Byte.quote || first == Byte.apostrophe { return .quotedName }
        if last == UInt8(ascii: "+") { return .addition }
        if name.contains(UInt8(ascii: "[")) { return .arrayElement }
        if name.contains(where: { $0 >= 0x80 }) { return .nonASCIIName }
        if name.contains(where: \.isBlank) { return .wordsBeforeName }
        if name.allSatisfy({ $0.isNameByte || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }) {
            if name.contains(where: { !$0.isNameByte }) { return .punctuatedName }
            return first.isDigit ? .leadingDigit : .longName
        }
        return nil
    }
}

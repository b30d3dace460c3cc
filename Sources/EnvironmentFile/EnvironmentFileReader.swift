// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// Reads a `.env` file in the dialect that `docs/env-files.md` specifies.
///
/// The rules follow what all common readers agree on; where they disagree the reader keeps the characters that were
/// typed and flags the place; what has no single sensible reading is an error. Nothing is looked up in an environment
/// and nothing is run. All or nothing: a file with an error gives no entries. The time is linear in the file's size.
package struct EnvironmentFileReader {
    package static let maximumFileBytes = 1 << 20
    package static let maximumEntries = 2_000
    package static let maximumFindings = 100

    private let bytes: UnsafeRawBufferPointer
    private var lines: SourceLines
    private var log: FindingLog
    private var entries = EntryList()
    private let interpolatesFile: Bool

    /// Reads `file` to its end.
    ///
    /// With `strict`, what is ambiguous or a risk is an error too, except for the codes in `accepting`, which are not
    /// reported at all. An error is never accepted.
    package static func parse(
        _ file: borrowing SecretBytes,
        strict: Bool = false,
        accepting: Set<FindingCode> = []
    ) -> ParsedEnvironment {
        file.withBytes { parse($0, strict: strict, accepting: accepting) }
    }

    /// Reads `bytes` to their end, as for a ``SecretBytes``; keeps no pointer to them.
    package static func parse(
        _ bytes: UnsafeRawBufferPointer,
        strict: Bool = false,
        accepting: Set<FindingCode> = []
    ) -> ParsedEnvironment {
        var options = ReadingOptions()
        options.isStrict = strict
        options.accepted = accepting
        return parse(bytes, options)
    }

    /// Reads `file` to its end, as the options say.
    package static func parse(_ file: borrowing SecretBytes, _ options: ReadingOptions) -> ParsedEnvironment {
        file.withBytes { parse($0, options) }
    }

    /// Reads `bytes` to their end, as the options say; keeps no pointer to them.
    package static func parse(_ bytes: UnsafeRawBufferPointer, _ options: ReadingOptions) -> ParsedEnvironment {
        guard options.format == .env, options.dialect == .attache else { return ForeignFile.parse(bytes, options) }
        var reader = EnvironmentFileReader(bytes, options)
        reader.readFile()
        return ParsedEnvironment(entries: reader.entries, log: reader.log)
    }

    /// What the own dialect makes of each name of `bytes` by itself, errors in other lines or not.
    static func ownValues(of bytes: UnsafeRawBufferPointer) -> EntryList {
        var reader = EnvironmentFileReader(bytes, ReadingOptions())
        reader.readFile()
        return reader.entries
    }

    private init(_ bytes: UnsafeRawBufferPointer, _ options: ReadingOptions) {
        self.bytes = bytes
        log = FindingLog(isStrict: options.isStrict, accepted: options.accepted)
        interpolatesFile = options.interpolatesFile
        lines = SourceLines(bytes, from: bytes.starts(with: Self.byteOrderMark) ? Self.byteOrderMark.count : 0)
    }

    static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    /// Of UTF-16 and UTF-32, each in both byte orders.
    static let foreignByteOrderMarks: [[UInt8]] = [[0xFF, 0xFE], [0xFE, 0xFF], [0, 0, 0xFE, 0xFF]]

    // MARK: - The file

    private mutating func readFile() {
        let top = FindingPlace(line: 1, column: 1)
        guard bytes.count <= Self.maximumFileBytes else { return log.report(.fileTooLarge, at: top) }
        guard !Self.foreignByteOrderMarks.contains(where: bytes.starts) else { return log.report(.encoding, at: top) }
        if bytes.starts(with: Self.byteOrderMark) { log.report(.byteOrderMark, at: top) }
        while let line = lines.next(reportingTo: &log) { read(line) }
        entries.flagNamesThatDifferInCaseOnly(reportingTo: &log)
    }

    // MARK: - Lines

    private mutating func read(_ line: SourceLines.Line) {
        let start = bytes.skippingBlanks(from: line.start, to: line.end)
        if start == line.end || bytes[start] == Byte.hash { return }
        guard let head = AssignmentHead(bytes, line) else { return refuse(line) }
        // The text of a head is a name; nothing else of a file ever becomes a string.
        guard let name = try? EnvironmentName(String(decoding: bytes[head.name], as: UTF8.self)) else {
            return refuse(line)
        }
        let valueStart = bytes.skippingBlanks(from: head.equals + 1, to: line.end)
        var traits: ValueTraits = name.isDangerous ? .dangerousName : []
        if head.hasBlankBeforeEquals || valueStart > head.equals + 1 { traits.insert(.spaceAroundEquals) }
        let value =
            isQuote(at: valueStart, before: line.end)
            ? readQuoted(openedAt: valueStart, on: line, &traits)
            : readUnquoted(from: valueStart, on: line, &traits)
        guard let value else { return }
        let place = line.place(of: head.name.lowerBound)
        entries.store(value, as: name, at: place, traits, reportingTo: &log)
    }

    private func isQuote(at index: Int, before end: Int) -> Bool {
        index < end && (bytes[index] == Byte.quote || bytes[index] == Byte.apostrophe)
    }

    /// Reports a line that is no assignment and passes over its value, so that the lines of a quoted value are not read
    /// as lines of the file.
    private mutating func refuse(_ line: SourceLines.Line) {
        let refused = RefusedLine(bytes, line)
        // Where a character may not be there, that character is the reason, and reported.
        if line.isClean { log.report(refused.code, at: line.place(of: refused.start), hint: refused.hint) }
        guard let value = refused.value else { return }
        let start = bytes.skippingBlanks(from: value, to: line.end)
        guard isQuote(at: start, before: line.end) else { return }
        if QuotedValue(openedAt: start, on: line, from: &lines, log: &log) == nil { lines.goBack(toAfter: line) }
    }

    // MARK: - Values

    private mutating func readUnquoted(
        from start: Int,
        on line: SourceLines.Line,
        _ traits: inout ValueTraits
    ) -> SecretBytes? {
        let value = UnquotedValue(bytes, start: start, line: line)
        guard let problem = value.problem else {
            traits.formUnion(value.traits)
            let pieces = replacing(value.traits, in: value.range, on: line) { ValuePieces($0) }
            return pieces?.value(from: bytes)
        }
        log.report(problem.code, at: line.place(of: problem.index))
        switch problem.code {
        case .unquotedPEM: skipLines { $0.has("-----END ", at: $1.start, before: $1.end) }
        case .continuation: skipLines { $1.end == $1.start || $0[$1.end - 1] != Byte.backslash }
        default: break
        }
        return nil
    }

    private mutating func readQuoted(
        openedAt opening: Int,
        on line: SourceLines.Line,
        _ traits: inout ValueTraits
    ) -> SecretBytes? {
        guard let quoted = QuotedValue(openedAt: opening, on: line, from: &lines, log: &log) else {
            log.report(.unterminated, at: line.place(of: opening))
            lines.goBack(toAfter: line)
            skipLines { _, _ in false }
            return nil
        }
        for problem in quoted.problems { log.report(problem.code, at: problem.place) }
        let last = quoted.lastLine
        let rest = bytes.skippingBlanks(from: quoted.end, to: last.end)
        let hasTrailingText = rest < last.end && bytes[rest] != Byte.hash
        if hasTrailingText { reportTrailingText(at: rest, after: quoted, openedAt: opening) }
        guard quoted.problems.isEmpty, !hasTrailingText else { return nil }
        traits.formUnion(quoted.traits)
        if rest < last.end { traits.insert(.inlineComment) }
        guard interpolatesFile, quoted.traits.contains(.dollar) else { return quoted.value(in: bytes) }
        let text = bytes
        let pieces = replacing(quoted.traits, in: quoted.content, on: line) { quoted.decoded(text, $0) }
        return pieces?.value(from: text)
    }

    private mutating func reportTrailingText(at index: Int, after quoted: QuotedValue, openedAt opening: Int) {
        let line = quoted.lastLine
        let isTriple =
            quoted.end == opening + 2 && index == quoted.end && bytes[index] == bytes[opening]
        log.report(.trailing, at: line.place(of: index), hint: isTriple ? .tripleQuote : nil)
        // What follows three quotes on other lines belongs to the value up to three more.
        let quote = bytes[opening]
        let isClosed = line.end - index >= 4 && bytes[(line.end - 3)..<line.end].allSatisfy { $0 == quote }
        if isTriple, !isClosed {
            skipLines { bytes, line in
                line.end - line.start >= 3 && bytes[(line.end - 3)..<line.end].allSatisfy { $0 == quote }
            }
        }
    }

    /// Passes over lines that belong to a value that was refused, as each would only be an error of its own.
    ///
    /// Ends after the first line that `isLast`, and before one that looks like the next assignment.
    private mutating func skipLines(until isLast: (UnsafeRawBufferPointer, SourceLines.Line) -> Bool) {
        while let line = lines.next(reportingTo: &log) {
            // `NAME=` and `NAME==` may be the end of a block of base64.
            if let head = AssignmentHead(bytes, line), head.equals + 1 < line.end, bytes[head.equals + 1] != Byte.equals
            {
                return lines.goBack(to: line)
            }
            if isLast(bytes, line) { return }
        }
    }

    // MARK: - References

    /// What stands in `range`, with each reference replaced by the value that it stands for; nil when one has none.
    ///
    /// `decode` gives the pieces of what stands between references.
    private mutating func replacing(
        _ traits: ValueTraits,
        in range: Range<Int>,
        on line: SourceLines.Line,
        decode: (Range<Int>) -> ValuePieces
    ) -> ValuePieces? {
        guard interpolatesFile, traits.contains(.dollar) else { return decode(range) }
        var pieces = ValuePieces()
        var isComplete = true
        var index = range.lowerBound
        var literal = index
        let isQuoted = bytes[range.lowerBound - 1] == Byte.quote
        while index < range.upperBound, !pieces.isTooLong, isComplete {
            if isQuoted, bytes[index] == Byte.backslash {
                index = min(index + 2, range.upperBound)
                continue
            }
            guard bytes[index] == Byte.dollar else {
                index += 1
                continue
            }
            pieces.append(decode(literal..<index))
            let (reference, end) = Reference.read(bytes, at: index, before: range.upperBound)
            switch reference {
            case .dollar: pieces.append(Byte.dollar)
            case .unknown:
                log.report(.reference, at: place(of: index, from: line))
                isComplete = false
            case .variable(let variable):
                if !append(variable, to: &pieces, decode) {
                    log.report(.undefined, at: place(of: index, from: line))
                    isComplete = false
                }
            }
            index = end
            literal = end
        }
        guard !pieces.isTooLong else {
            log.report(.tooLong, at: line.place(of: range.lowerBound))
            return nil
        }
        pieces.append(decode(literal..<range.upperBound))
        return isComplete ? pieces : nil
    }

    /// The place of an index of a value that begins on `line`.
    private func place(of index: Int, from line: SourceLines.Line) -> FindingPlace {
        let before = bytes[line.start..<index]
        let lineStart = before.lastIndex(of: Byte.lineFeed).map { $0 + 1 } ?? line.start
        let lines = before.count { $0 == Byte.lineFeed }
        return FindingPlace(line: line.number + lines, column: index - lineStart + 1)
    }

    /// Appends what a reference stands for; false when there is nothing.
    private func append(
        _ variable: Reference.Variable,
        to pieces: inout ValuePieces,
        _ decode: (Range<Int>) -> ValuePieces
    ) -> Bool {
        let value = entries.value(of: variable.name)
        switch (variable.rule, value) {
        case (.plain, let value?), (.defaultWhenMissing, let value?): pieces.append(value)
        case (.defaultWhenEmpty, let value?) where !value.bytes.isEmpty: pieces.append(value)
        case (.required, let value?) where !value.bytes.isEmpty: pieces.append(value)
        case (.defaultWhenEmpty, _), (.defaultWhenMissing, nil): pieces.append(decode(variable.word))
        case (.plain, nil), (.required, _): return false
        }
        return true
    }
}

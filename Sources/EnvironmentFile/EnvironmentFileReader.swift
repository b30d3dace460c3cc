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
    private var entries: [ParsedEntry] = []
    private var indexOfName: [EnvironmentName: Int] = [:]
    private var hasTooMany = false

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
        var reader = EnvironmentFileReader(bytes, log: FindingLog(isStrict: strict, accepted: accepting))
        reader.readFile()
        return ParsedEnvironment(
            entries: reader.log.hasErrors ? [] : reader.entries.sorted { $0.line < $1.line },
            findings: reader.log.listed,
            unlistedFindings: reader.log.unlisted,
            hasErrors: reader.log.hasErrors
        )
    }

    private init(_ bytes: UnsafeRawBufferPointer, log: FindingLog) {
        self.bytes = bytes
        self.log = log
        lines = SourceLines(bytes, from: bytes.starts(with: Self.byteOrderMark) ? Self.byteOrderMark.count : 0)
    }

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    /// Of UTF-16 and UTF-32, each in both byte orders.
    private static let foreignByteOrderMarks: [[UInt8]] = [[0xFF, 0xFE], [0xFE, 0xFF], [0, 0, 0xFE, 0xFF]]

    // MARK: - The file

    private mutating func readFile() {
        let top = FindingPlace(line: 1, column: 1)
        guard bytes.count <= Self.maximumFileBytes else { return log.report(.fileTooLarge, at: top) }
        guard !Self.foreignByteOrderMarks.contains(where: bytes.starts) else { return log.report(.encoding, at: top) }
        if bytes.starts(with: Self.byteOrderMark) { log.report(.byteOrderMark, at: top) }
        while let line = lines.next(reportingTo: &log) { read(line) }
        flagNamesThatDifferInCaseOnly()
    }

    private mutating func flagNamesThatDifferInCaseOnly() {
        var firstLine: [String: Int] = [:]
        for index in entries.indices {
            let folded = entries[index].name.text.lowercased()
            guard let other = firstLine[folded] else {
                firstLine[folded] = entries[index].line
                continue
            }
            let place = FindingPlace(line: entries[index].line, column: entries[index].column)
            log.report(.caseOnly, at: place, otherLine: other)
            if log.severity(of: .caseOnly) != nil { entries[index].flags.append(.caseOnly) }
        }
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
        store(value, as: name, at: line.place(of: head.name.lowerBound), traits)
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
            return SecretBytes(count: value.range.count) { buffer in
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[value.range]))
            }
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
        return quoted.value(in: bytes)
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

    // MARK: - Entries

    private mutating func store(
        _ value: consuming SecretBytes,
        as name: EnvironmentName,
        at place: FindingPlace,
        _ traits: ValueTraits
    ) {
        do {
            try EnvironmentValue.check(name: name, value: value)
        } catch {
            switch error {
            // Reported when the line's characters were checked.
            case .containsNUL: return
            case .tooLong: return log.report(.tooLong, at: place)
            }
        }
        let earlier = indexOfName[name]
        guard earlier != nil || entries.count < Self.maximumEntries else {
            if !hasTooMany { log.report(.tooMany, at: place) }
            hasTooMany = true
            return
        }
        let shared = SharedSecret(value)
        var flags = traits.union(shared.bytes.withBytes { ValueTraits(ofValue: $0) }).codes
        for code in flags { log.report(code, at: place) }
        if let earlier {
            let isSame = entries[earlier].value.bytes.hasSameBytes(as: shared.bytes)
            let code = isSame ? FindingCode.duplicate : .duplicateConflict
            log.report(code, at: place, otherLine: entries[earlier].line)
            flags.append(code)
        }
        flags.removeAll { log.severity(of: $0) == nil }
        let entry = ParsedEntry(name: name, value: shared, line: place.line, column: place.column, flags: flags)
        if let earlier {
            entries[earlier] = entry
        } else {
            indexOfName[name] = entries.count
            entries.append(entry)
        }
    }
}

extension SecretBytes {
    fileprivate borrowing func hasSameBytes(as other: borrowing SecretBytes) -> Bool {
        withBytes { left in other.withBytes { right in left.elementsEqual(right) } }
    }
}

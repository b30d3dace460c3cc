// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// Reads a `.env` file in the default dialect, which `docs/env-files.md` specifies.
///
/// The rules follow what all common readers agree on; where they disagree the reader keeps the characters that were
/// typed and flags the place; what has no single sensible reading is an error. Nothing is looked up in an environment
/// and nothing is run. All or nothing: a file with an error gives no entries.
package struct EnvironmentFileReader {
    package static let maximumFileBytes = 1 << 20
    package static let maximumEntries = 2_000
    package static let maximumFindings = 100
    /// The longest physical line that every common reader takes.
    static let longLineBytes = 65_535

    private let bytes: UnsafeRawBufferPointer
    private let isStrict: Bool
    private let accepted: Set<FindingCode>
    private var position = 0
    private var line = 1
    private var lineStart = 0
    private var findings: [Finding] = []
    private var entries: [ParsedEntry] = []
    private var indexOfName: [String: Int] = [:]

    /// Reads `file` to its end.
    ///
    /// With `strict`, what is ambiguous or a risk is an error too, except for the codes in `accepting`, which are not
    /// reported at all. An error is never accepted.
    package static func parse(
        _ file: borrowing SecretBytes,
        strict: Bool = false,
        accepting: Set<FindingCode> = []
    ) -> ParsedEnvironment {
        file.withBytes { bytes in
            var reader = EnvironmentFileReader(bytes: bytes, isStrict: strict, accepted: accepting)
            reader.readFile()
            let findings = reader.findings.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
            let hasErrors = findings.contains(where: \.isError)
            return ParsedEnvironment(
                entries: hasErrors ? [] : reader.entries.sorted { $0.line < $1.line },
                findings: Array(findings.prefix(maximumFindings))
            )
        }
    }

    private init(bytes: UnsafeRawBufferPointer, isStrict: Bool, accepted: Set<FindingCode>) {
        self.bytes = bytes
        self.isStrict = isStrict
        self.accepted = accepted
    }

    // MARK: - The file

    private mutating func readFile() {
        guard bytes.count <= Self.maximumFileBytes else { return report(.fileTooLarge, line: 1, column: 1) }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            return report(.encoding, line: 1, column: 1)
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            report(.byteOrderMark, line: 1, column: 1)
            position = 3
            lineStart = 3
        }
        guard checkCharacters() else { return }
        while position < bytes.count {
            readLine()
            if entries.count > Self.maximumEntries { return report(.tooMany, line: line, column: 1) }
            // Far more than is shown; a file of this kind is not a `.env` file.
            if findings.count > 10 * Self.maximumFindings { return }
        }
        flagNamesThatDifferInCaseOnly()
    }

    /// Looks at every byte once; false when the text cannot be read as lines of UTF-8.
    private mutating func checkCharacters() -> Bool {
        var scanner = CharacterScanner(bytes: bytes, from: position)
        while let problem = scanner.next() {
            report(problem.code, line: problem.line, column: problem.column)
            if problem.code == .invalidUTF8 || findings.count >= Self.maximumFindings { return false }
        }
        return true
    }

    private mutating func flagNamesThatDifferInCaseOnly() {
        var seen: Set<String> = []
        for index in entries.indices where !seen.insert(entries[index].name.text.lowercased()).inserted {
            flag(.caseOnly, at: index)
        }
    }

    private mutating func flag(_ code: FindingCode, at index: Int) {
        report(code, line: entries[index].line, column: 1)
        entries[index].flags.append(code)
    }

    private mutating func report(_ code: FindingCode, line: Int, column: Int) {
        let severity = code.severity
        if severity != .error, accepted.contains(code) { return }
        let isError = severity == .error || isStrict && (severity == .ambiguous || severity == .risk)
        findings.append(Finding(code: code, line: line, column: column, isError: isError))
    }

    private func column(of index: Int) -> Int { index - lineStart + 1 }

    // MARK: - Lines

    /// Where the current physical line ends: the index of its line feed, or of the CR before it, or the end.
    private func endOfLine(from start: Int) -> Int {
        var end = start
        while end < bytes.count, bytes[end] != Byte.lineFeed { end += 1 }
        if end > start, end < bytes.count, bytes[end - 1] == Byte.carriageReturn { end -= 1 }
        return end
    }

    /// Goes to the start of the line after `index`.
    private mutating func skipLine(from index: Int) {
        var end = index
        while end < bytes.count, bytes[end] != Byte.lineFeed { end += 1 }
        position = min(end + 1, bytes.count)
        line += 1
        lineStart = position
    }

    private func skippingBlanks(from start: Int, to end: Int) -> Int {
        var index = start
        while index < end, bytes[index].isBlank { index += 1 }
        return index
    }

    private mutating func readLine() {
        let end = endOfLine(from: position)
        if end - position > Self.longLineBytes { report(.longLine, line: line, column: 1) }
        var start = skippingBlanks(from: position, to: end)
        if start == end || bytes[start] == Byte.hash { return skipLine(from: end) }
        start = skippingExport(from: start, to: end)
        guard let equals = bytes[start..<end].firstIndex(of: Byte.equals) else {
            report(isYAML(start, end) ? .yamlStyle : .noEquals, line: line, column: column(of: start))
            return skipLine(from: end)
        }
        if isYAML(start, equals) {
            report(.yamlStyle, line: line, column: column(of: start))
            return skipLine(from: end)
        }
        var nameEnd = equals
        while nameEnd > start, bytes[nameEnd - 1].isBlank { nameEnd -= 1 }
        guard let name = try? EnvironmentName(String(decoding: bytes[start..<nameEnd], as: UTF8.self)) else {
            report(.name, line: line, column: column(of: start))
            return skipValue(after: equals, lineEnd: end)
        }
        readValue(of: name, nameStart: start, hasBlankBefore: nameEnd < equals, after: equals, lineEnd: end)
    }

    private func skippingExport(from start: Int, to end: Int) -> Int {
        let word = Array("export".utf8)
        guard bytes[start..<end].starts(with: word), start + word.count < end, bytes[start + word.count].isBlank
        else { return start }
        let next = skippingBlanks(from: start + word.count, to: end)
        // `export = 1` assigns to the name `export`.
        return next < end && bytes[next] != Byte.equals ? next : start
    }

    /// Whether the text before `end` is a name, a colon, and then a blank or nothing.
    private func isYAML(_ start: Int, _ end: Int) -> Bool {
        guard let colon = bytes[start..<end].firstIndex(of: Byte.colon) else { return false }
        let name = bytes[start..<colon].reversed().drop(while: \.isBlank).reversed()
        guard (try? EnvironmentName(String(decoding: name, as: UTF8.self))) != nil else { return false }
        return colon + 1 == end || bytes[colon + 1].isBlank
    }

    /// Passes over the value of a name that was refused, so that the lines of a quoted value are not read as names.
    private mutating func skipValue(after equals: Int, lineEnd: Int) {
        let start = skippingBlanks(from: equals + 1, to: lineEnd)
        guard start < lineEnd, bytes[start] == Byte.quote || bytes[start] == Byte.apostrophe,
            let quoted = QuotedValue(bytes: bytes, opening: start)
        else { return skipLine(from: lineEnd) }
        leaveQuotes(quoted)
        skipLine(from: position)
    }

    /// Goes to the byte after the closing quote and counts the lines in between.
    private mutating func leaveQuotes(_ quoted: QuotedValue) {
        line += quoted.lineFeeds
        if quoted.lineFeeds > 0 { lineStart = quoted.lastLineStart }
        position = quoted.end
    }

    // MARK: - Values

    private mutating func readValue(
        of name: EnvironmentName,
        nameStart: Int,
        hasBlankBefore: Bool,
        after equals: Int,
        lineEnd: Int
    ) {
        let start = skippingBlanks(from: equals + 1, to: lineEnd)
        var notes = ValueNotes()
        if hasBlankBefore || start > equals + 1 { notes.add(.spaceAroundEquals) }
        let place = (line: line, column: column(of: nameStart))
        if name.isDangerous { notes.add(.dangerousName) }
        let value: SecretBytes?
        if start < lineEnd, bytes[start] == Byte.quote || bytes[start] == Byte.apostrophe {
            value = readQuoted(from: start, lineEnd: lineEnd, notes: &notes)
        } else {
            value = readUnquoted(from: start, equals: equals, lineEnd: lineEnd, notes: &notes)
        }
        guard let value else { return }
        store(value, as: name, at: place, notes: notes)
    }

    private mutating func readUnquoted(
        from start: Int,
        equals: Int,
        lineEnd: Int,
        notes: inout ValueNotes
    ) -> SecretBytes? {
        defer { if position <= lineEnd { skipLine(from: lineEnd) } }
        if start < lineEnd, bytes[start] == Byte.backtick {
            report(.backtick, line: line, column: column(of: start))
            return nil
        }
        if bytes[start..<lineEnd].starts(with: Array("-----BEGIN ".utf8)) {
            report(.unquotedPEM, line: line, column: column(of: start))
            skipPEM()
            return nil
        }
        var end = lineEnd
        for index in start..<lineEnd where bytes[index] == Byte.hash && index > equals + 1 && bytes[index - 1].isBlank {
            end = index
            notes.add(.inlineComment)
            break
        }
        let comment = end < lineEnd
        while end > start, bytes[end - 1].isBlank { end -= 1 }
        if !comment, end < lineEnd { notes.add(.spaceAroundEquals) }
        let text = UnsafeRawBufferPointer(rebasing: bytes[start..<max(start, end)])
        if text.last == Byte.backslash, end == lineEnd {
            report(.continuation, line: line, column: column(of: end - 1))
            return nil
        }
        notes.lookAtUnquoted(text)
        return SecretBytes(copying: text)
    }

    /// Passes over the lines of a PEM block, so that they are not reported one by one.
    private mutating func skipPEM() {
        while position < bytes.count {
            let end = endOfLine(from: position)
            let isLast = bytes[position..<end].starts(with: Array("-----END ".utf8))
            skipLine(from: end)
            if isLast { return }
        }
        // `readUnquoted` must not skip another line.
        position = bytes.count + 1
    }

    private mutating func readQuoted(from start: Int, lineEnd: Int, notes: inout ValueNotes) -> SecretBytes? {
        guard let quoted = QuotedValue(bytes: bytes, opening: start) else {
            report(.unterminated, line: line, column: column(of: start))
            skipLine(from: lineEnd)
            return nil
        }
        var isReadable = true
        for problem in quoted.problems {
            let isFirstLine = problem.lineFeeds == 0
            report(
                problem.code,
                line: line + problem.lineFeeds,
                column: isFirstLine ? column(of: problem.index) : problem.column
            )
            isReadable = false
        }
        notes.take(quoted)
        let value = quoted.decoded(from: bytes)
        leaveQuotes(quoted)
        let end = endOfLine(from: position)
        let rest = skippingBlanks(from: position, to: end)
        if rest < end, bytes[rest] != Byte.hash {
            report(.trailing, line: line, column: column(of: rest))
            isReadable = false
        }
        skipLine(from: end)
        guard isReadable else { return nil }
        return value
    }

    private mutating func store(
        _ value: consuming SecretBytes,
        as name: EnvironmentName,
        at place: (line: Int, column: Int),
        notes: ValueNotes
    ) {
        var notes = notes
        notes.lookAtValue(value)
        do {
            try EnvironmentValue.check(name: name, value: value)
        } catch {
            switch error {
            // Reported when the characters were checked.
            case .containsNUL: return
            case .tooLong: return report(.tooLong, line: place.line, column: place.column)
            }
        }
        let shared = SharedSecret(value)
        let earlier = indexOfName[name.text]
        if let earlier {
            let isSame = entries[earlier].value.bytes.hasSameBytes(as: shared.bytes)
            notes.add(isSame ? .duplicate : .duplicateConflict)
        }
        for code in notes.codes { report(code, line: place.line, column: place.column) }
        let entry = ParsedEntry(
            name: name,
            value: shared,
            line: place.line,
            column: place.column,
            flags: notes.codes
        )
        if let earlier {
            entries[earlier] = entry
        } else {
            indexOfName[name.text] = entries.count
            entries.append(entry)
        }
    }
}

extension SecretBytes {
    fileprivate borrowing func hasSameBytes(as other: borrowing SecretBytes) -> Bool {
        withBytes { left in other.withBytes { right in left.elementsEqual(right) } }
    }
}

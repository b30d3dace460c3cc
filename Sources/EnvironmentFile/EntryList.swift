// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// The names of a file with their values, each name once: the last one counts.
struct EntryList {
    private var entries: [ParsedEntry] = []
    private var indexOfName: [EnvironmentName: Int] = [:]
    private var hasTooMany = false

    /// In the order of the lines.
    var inOrder: [ParsedEntry] { entries.sorted { ($0.line, $0.column) < ($1.line, $1.column) } }

    /// The value that `name` has so far.
    func value(of name: EnvironmentName) -> SharedSecret? { indexOfName[name].map { entries[$0].value } }

    /// Adds a value, and says what there is to say about it and its name.
    mutating func store(
        _ value: consuming SecretBytes,
        as name: EnvironmentName,
        at place: FindingPlace,
        _ traits: ValueTraits,
        reportingTo log: inout FindingLog
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
        guard earlier != nil || entries.count < EnvironmentFileReader.maximumEntries else {
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

    mutating func flagNamesThatDifferInCaseOnly(reportingTo log: inout FindingLog) {
        var firstLine: [String: Int] = [:]
        firstLine.reserveCapacity(entries.count)
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
}

extension SecretBytes {
    borrowing func hasSameBytes(as other: borrowing SecretBytes) -> Bool {
        withBytes { left in other.withBytes { right in left.elementsEqual(right) } }
    }
}

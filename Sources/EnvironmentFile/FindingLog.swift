// SPDX-License-Identifier: Apache-2.0

/// Collects what there is to say about a file.
///
/// Counts everything and keeps a bounded part of it, so that a hostile file cannot make it large; what is graver is
/// never pushed out by what is less so.
struct FindingLog {
    private let isStrict: Bool
    private let accepted: Set<FindingCode>
    /// The first findings of each severity, in the order of `FindingSeverity.allCases`.
    private var kept: [[Finding]] = FindingSeverity.allCases.map { _ in [] }
    private var count = 0

    init(isStrict: Bool, accepted: Set<FindingCode>) {
        self.isStrict = isStrict
        self.accepted = accepted
    }

    /// The severity that `code` has in this reading; nil when it was accepted and is not reported.
    func severity(of code: FindingCode) -> FindingSeverity? {
        let severity = code.severity
        if severity == .error { return .error }
        if accepted.contains(code) { return nil }
        return isStrict && severity != .info ? .error : severity
    }

    mutating func report(
        _ code: FindingCode,
        at place: FindingPlace,
        otherLine: Int? = nil,
        hint: FindingHint? = nil
    ) {
        guard let severity = severity(of: code) else { return }
        count += 1
        guard kept[severity.rank].count < EnvironmentFileReader.maximumFindings else { return }
        kept[severity.rank].append(
            Finding(
                code: code,
                severity: severity,
                line: place.line,
                column: place.column,
                otherLine: otherLine,
                hint: hint
            )
        )
    }

    var hasErrors: Bool { !kept[FindingSeverity.error.rank].isEmpty }

    /// The gravest findings, in the order of their places.
    var listed: [Finding] {
        kept.joined().prefix(EnvironmentFileReader.maximumFindings).sorted { left, right in
            (left.line, left.column, left.code.rawValue) < (right.line, right.column, right.code.rawValue)
        }
    }

    /// How many findings are not listed.
    var unlisted: Int { max(0, count - EnvironmentFileReader.maximumFindings) }
}

// SPDX-License-Identifier: Apache-2.0

/// One thing that `attache doctor` looked at.
package struct Check: Encodable, Equatable, Sendable {
    package enum Result: String, Encodable, Sendable {
        case ok, warn, fail
        /// There is nothing to look at here.
        case skip
    }

    package let name: String
    package let result: Result
    package let detail: String
    package let hint: String?

    package init(_ name: String, _ result: Result, _ detail: String, hint: String? = nil) {
        self.name = name
        self.result = result
        self.detail = detail
        self.hint = hint
    }
}

/// What `attache doctor` found.
package struct Diagnosis: Encodable, Equatable, Sendable {
    package let ok: Bool
    package let checks: [Check]

    package init(_ checks: [Check]) {
        self.checks = checks
        ok = !checks.contains { $0.result == .fail }
    }

    /// The table, then what to do.
    package var text: String {
        var table = Table("CHECK", "RESULT", "DETAIL")
        for check in checks { table.add(check.name, check.result.rawValue, check.detail) }
        let hints = checks.compactMap { check in
            check.hint.map { "hint: \(check.name): \($0)".printable + "\n" }
        }
        return table.text + (hints.isEmpty ? "" : "\n" + hints.joined())
    }
}

// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// What a `.env` file says.
package struct ParsedEnvironment: Sendable {
    /// Each name once, with the value of its last line, in the order of those lines; empty when there is an error.
    package let entries: [ParsedEntry]
    /// In the order of their places, at most ``EnvironmentFileReader/maximumFindings``, the gravest first to be kept.
    package let findings: [Finding]
    /// How many more findings there were.
    package let unlistedFindings: Int
    package let hasErrors: Bool

    init(entries: EntryList, log: FindingLog) {
        self.entries = log.hasErrors ? [] : entries.inOrder
        findings = log.listed
        unlistedFindings = log.unlisted
        hasErrors = log.hasErrors
    }
}

/// One name of a file with its value.
package struct ParsedEntry: Sendable {
    package let name: EnvironmentName
    package let value: SharedSecret
    /// Where the assignment that counts begins, counted from 1.
    package let line: Int
    /// The byte of that line where the name begins, counted from 1.
    package let column: Int
    /// What was found about this name and its value; a code that was accepted is not among them.
    package internal(set) var flags: [FindingCode]
}

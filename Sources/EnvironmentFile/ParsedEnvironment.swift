// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// What a `.env` file says.
package struct ParsedEnvironment: Sendable {
    /// In the order of their lines, each name once; empty when any finding is an error.
    package let entries: [ParsedEntry]
    /// In the order of their lines, at most 100.
    package let findings: [Finding]

    package var hasErrors: Bool { findings.contains(where: \.isError) }
}

/// One name of a file with its value.
package struct ParsedEntry: Sendable {
    package let name: EnvironmentName
    package let value: SharedSecret
    /// Where the value that counts begins, counted from 1.
    package let line: Int
    package let column: Int
    package var flags: [FindingCode]
}

// SPDX-License-Identifier: Apache-2.0

/// Something to say about a place in a file; never any part of a value.
package struct Finding: Equatable, Sendable {
    package let code: FindingCode
    /// Counted from 1.
    package let line: Int
    /// Counted from 1, in bytes.
    package let column: Int
    /// Whether it keeps the file from being imported.
    package let isError: Bool

    /// `file:line:column: CODE: text`.
    package func rendered(file: String) -> String {
        "\(file):\(line):\(column): \(code.rawValue): \(code.text)"
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Something to say about a place in a `.env` file.
///
/// Made of codes and numbers only: it has no room for any text of the file, so it never shows a part of a value.
package struct Finding: Equatable, Sendable {
    package let code: FindingCode
    /// The severity of the code, or `error` where a strict reading made it one.
    package let severity: FindingSeverity
    /// Counted from 1.
    package let line: Int
    /// Counted from 1, in bytes.
    package let column: Int
    /// The other of two lines, for what is about a pair of them.
    package let otherLine: Int?
    package let hint: FindingHint?

    /// Whether it keeps the file from being imported.
    package var isError: Bool { severity == .error }

    /// What is the matter and what to do, in one line.
    package var text: String {
        var text = code.text
        if let otherLine { text += " (see line \(otherLine))" }
        if let hint { text += "; " + hint.text }
        return text
    }

    /// The finding as a line for people: `file:line: CODE: text`.
    package func rendered(file: String) -> String { "\(file):\(line): \(code.rawValue): \(text)" }
}

/// A place in a file: line and byte of the line, both counted from 1.
struct FindingPlace {
    let line: Int
    let column: Int
}

// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// One way to write a value in a `.env` file.
///
/// Nothing says that a reader takes it for that value: ``ReaderProgram/reads(_:as:of:)`` tries.
struct ValueSpelling {
    private enum Quotes { case none, single, double, backtick }

    private let content: String
    private let quotes: Quotes

    private init(_ content: String, in quotes: Quotes) {
        self.content = content
        self.quotes = quotes
    }

    /// The assignment, with its line end.
    func assignment(to name: EnvironmentName) -> String {
        let quote =
            switch quotes {
            case .none: ""
            case .single: "'"
            case .double: "\""
            case .backtick: "`"
            }
        return "\(name.text)=\(quote)\(content)\(quote)\n"
    }

    /// The forms that are worth a try, those that more people can read first.
    static func all(of value: String) -> [Self] {
        [
            Self(value, in: .none),
            Self(value, in: .single),
            Self(value, in: .double),
            Self(value.spelled(escaping: "\\\"$", ["\r": "\\r"]), in: .double),
            Self(value.spelled(escaping: "\\\"$", ["\r": "\\r", "\n": "\\n"]), in: .double),
            Self(value.spelled(escaping: "\\\"", ["\r": "\\r"]), in: .double),
            Self(value.spelled(escaping: "\\\"$`"), in: .double),
            Self(value.spelled(escaping: "\\'"), in: .single),
            Self(value.spelled(escaping: "'"), in: .single),
            Self(value.spelled(["'": "'\\''"]), in: .single),
            Self(value, in: .backtick),
            Self(value.spelled(escaping: "\\$"), in: .none),
            // python-dotenv has no escape for a reference, nor for a backslash before the closing quote; the default of a
            // name that nothing can have helps in both cases.
            Self(value.spelled(escaping: "\\\"", ["\r": "\\r", "$": "${:-$}"]), in: .double),
            Self(value.spelled(escaping: "\\\"", ["\r": "\\r", "$": "${:-$}"]) + "${:-}", in: .double),
        ]
    }

    /// Whether the form ends for `reader` where it ends here, whatever follows in the file.
    ///
    /// Without quotes, a value that begins with one would be read on to the next; docker knows no quotes. The package
    /// for Python and the gem for Ruby read on after a backslash and a quote, if another quote follows.
    func isClosed(for reader: ReaderProgram) -> Bool {
        switch quotes {
        case .none:
            reader == .docker || !(content.unicodeScalars.first.map { "'\"`".unicodeScalars.contains($0) } ?? false)
        case .single, .double: !(reader == .python || reader == .ruby) || content.unicodeScalars.last != "\\"
        case .backtick: true
        }
    }

    /// Whether what is known of `reader`, which no dialect here stands for, leaves no doubt.
    ///
    /// dotenv for JavaScript, godotenv and direnv take plain words as they are and single quotes literally; in double
    /// quotes they agree on what has no escape and no reference. direnv loses blank lines, and all make another line end
    /// of a CR.
    func isUnderstood(by reader: ReaderProgram) -> Bool {
        let hasBlankLine = content.split(separator: "\n", omittingEmptySubsequences: false)
            .dropFirst().dropLast().contains { $0.allSatisfy { $0 == " " || $0 == "\t" } }
        guard !content.unicodeScalars.contains("\r"), reader != .direnv || !hasBlankLine else { return false }
        return switch quotes {
        case .none: content.isPlainWord
        case .single: !content.unicodeScalars.contains("'") && content.unicodeScalars.last != "\\"
        case .double: !content.unicodeScalars.contains { $0 == "\"" || $0 == "\\" || $0 == "$" }
        case .backtick: false
        }
    }
}

extension String {
    /// Whether no reader sees anything in the text but characters.
    fileprivate var isPlainWord: Bool { utf8.allSatisfy { $0.isNameByte || "-./:@%+,=".utf8.contains($0) } }

    /// The text with a backslash before each of the `escaped` scalars, and others written as told.
    fileprivate func spelled(escaping escaped: String = "", _ others: [Unicode.Scalar: String] = [:]) -> String {
        let escaped = Set(escaped.unicodeScalars)
        var text = ""
        for scalar in unicodeScalars {
            if let other = others[scalar] {
                text += other
            } else {
                if escaped.contains(scalar) { text.unicodeScalars.append("\\") }
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Everything that the reader can have to say about a `.env` file.
///
/// The raw values are part of the interface.
package enum FindingCode: String, CaseIterable, Sendable {
    case encoding = "E_ENCODING"
    case invalidUTF8 = "E_UTF8"
    case nul = "E_NUL"
    case loneCarriageReturn = "E_CR"
    case control = "E_CONTROL"
    case fileTooLarge = "E_FILE_TOO_LARGE"
    case tooMany = "E_TOO_MANY"
    case name = "E_NAME"
    case noEquals = "E_NO_EQUALS"
    case yamlStyle = "E_YAML_STYLE"
    case unterminated = "E_UNTERMINATED"
    case trailing = "E_TRAILING"
    case singleQuoteEscape = "E_SQ_ESCAPE"
    case backtick = "E_BACKTICK"
    case continuation = "E_CONTINUATION"
    case unquotedPEM = "E_PEM_UNQUOTED"
    case tooLong = "E_TOO_LONG"
    case undefined = "E_UNDEFINED"
    case reference = "E_REFERENCE"
    case refusedByReader = "E_READER"
    case command = "E_COMMAND"
    case environment = "E_ENVIRONMENT"
    case malformed = "E_SYNTAX"
    case notFlat = "E_NOT_FLAT"
    case unreadForm = "E_FORM"

    case hashInValue = "W_HASH_IN_VALUE"
    case inlineComment = "W_INLINE_COMMENT"
    case escape = "W_ESCAPE"
    case unknownEscape = "W_UNKNOWN_ESCAPE"
    case backslash = "W_BACKSLASH"
    case dollar = "W_DOLLAR"
    case innerQuote = "W_INNER_QUOTE"
    case multiline = "W_MULTILINE"
    case duplicateConflict = "W_DUPLICATE_CONFLICT"
    case invisible = "W_INVISIBLE"

    case dangerousName = "W_DANGEROUS_NAME"
    case smartQuote = "W_SMART_QUOTE"
    case caseOnly = "W_CASE"
    case swallowsAssignment = "W_SWALLOWS_ASSIGNMENT"
    case notAValue = "W_NOT_A_VALUE"
    case skippedLine = "W_SKIPPED_LINE"

    case byteOrderMark = "W_BOM"
    case spaceAroundEquals = "W_SPACE_AROUND_EQ"
    case unquotedSpace = "W_UNQUOTED_SPACE"
    case empty = "W_EMPTY"
    case duplicate = "W_DUPLICATE"
    case longLine = "W_LONG_LINE"
    case otherValue = "W_DIALECT"

    /// How much it matters unless a strict reading makes it an error.
    package var severity: FindingSeverity {
        switch self {
        case .encoding, .invalidUTF8, .nul, .loneCarriageReturn, .control, .fileTooLarge, .tooMany, .name, .noEquals,
            .yamlStyle, .unterminated, .trailing, .singleQuoteEscape, .backtick, .continuation, .unquotedPEM, .tooLong,
            .undefined, .reference, .refusedByReader, .command, .environment,
            .malformed, .notFlat, .unreadForm:
            .error
        case .hashInValue, .inlineComment, .escape, .unknownEscape, .backslash, .dollar, .innerQuote, .multiline,
            .duplicateConflict, .invisible:
            .ambiguous
        case .dangerousName, .smartQuote, .caseOnly, .swallowsAssignment, .notAValue, .skippedLine: .risk
        case .byteOrderMark, .spaceAroundEquals, .unquotedSpace, .empty, .duplicate, .longLine, .otherValue: .info
        }
    }

    /// What it means and what to do, without any part of the file.
    package var text: String {
        switch self {
        case .encoding: "the file is UTF-16 or UTF-32; save it as UTF-8"
        case .invalidUTF8: "a byte that is not UTF-8; save the file as UTF-8"
        case .nul: "a NUL byte, which no environment variable can hold"
        case .loneCarriageReturn: "a carriage return without a line feed; use LF or CR LF line ends"
        case .control: "a control character; in double quotes write \\n, \\r or \\t"
        case .fileTooLarge: "the file is larger than 1 MiB"
        case .tooMany: "the file has more than 2,000 entries"
        case .name: "not a name: letters, digits and _, not a digit first"
        case .noEquals: "a line without =; write NAME=value, or # in front of a comment"
        case .yamlStyle: "NAME: value is YAML; write NAME=value"
        case .unterminated: "a quote that opens here is never closed"
        case .trailing: "text after the closing quote; put the whole value in quotes"
        case .singleQuoteEscape: "no escape exists in single quotes; use double quotes"
        case .backtick: "a backtick runs a command in a shell; put the value in single quotes"
        case .continuation: "a backslash at the end joins lines in some readers; use quotes over several lines"
        case .unquotedPEM: "a PEM block without quotes loses its lines; put it in double quotes"
        case .tooLong: "NAME=value has more than 131,071 bytes, the kernel's limit"
        case .undefined: "a reference to a name that is not given earlier in the file, or empty where it may not be"
        case .reference: "a $ with a form that is not known; write $$ for a dollar, or use single quotes"
        case .refusedByReader: "the reader of this dialect refuses the file here"
        case .command: "a command would be run here, and the import runs nothing; write the value itself"
        case .environment: "the value would come from the environment of the reader; write the value itself"
        case .malformed: "not well-formed JSON or YAML here"
        case .notFlat: "a list, a map or null; only a flat map of names to texts can be imported"
        case .unreadForm: "a form of YAML that is not read; write the text on one line, in quotes, or as a | block"
        case .hashInValue: "# is part of the value here; some readers cut the value there"
        case .inlineComment: "a comment after the value was left out; some readers keep it"
        case .escape: "an escape was decoded; some readers keep it as it is"
        case .unknownEscape: "an unknown escape is kept with its backslash; some readers drop the backslash"
        case .backslash: "a backslash without quotes is kept; some readers drop it"
        case .dollar: "$ is literal here; some readers replace what follows"
        case .innerQuote: "a quote inside an unquoted value is kept; some readers end the value there"
        case .multiline: "the value has several lines; some readers take the first only"
        case .duplicateConflict: "the name was given before with another value; the last one counts"
        case .invisible: "the value has a character that cannot be seen"
        case .dangerousName: "the name changes how a process is loaded; agents refuse it unless they allow it by name"
        case .smartQuote: "a typographic quote is part of the value; was a plain quote meant?"
        case .caseOnly: "another name differs from this one in case only"
        case .swallowsAssignment: "a line inside the quotes looks like an assignment; was the quote forgotten?"
        case .notAValue: "the value is a reference or was encrypted by another tool; it is taken as it stands"
        case .skippedLine: "the reader of this dialect passes over a line here without a word"
        case .byteOrderMark: "a byte order mark at the start was left out"
        case .spaceAroundEquals: "blanks around = or at the end were left out; some readers refuse or keep them"
        case .unquotedSpace: "a value with blanks is clearer in quotes"
        case .empty: "the value is empty"
        case .duplicate: "the name was given before with the same value"
        case .longLine: "a line of more than 65,535 bytes; some readers refuse it"
        case .otherValue: "the value is as the reader of this dialect has it; without the dialect it would be another"
        }
    }
}

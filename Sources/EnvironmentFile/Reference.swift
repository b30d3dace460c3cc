// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// A `$` in a value, and what it stands for with `--interpolate=file`.
///
/// `${NAME}`, `$NAME`, `${NAME:-default}`, `${NAME-default}`, `${NAME:?message}` and `$$` are known. A `$` that nothing
/// of a name follows, such as `$8`, is a dollar.
enum Reference: Equatable {
    case dollar
    case variable(Variable)
    /// `$(…)`, or braces that hold anything else.
    case unknown

    struct Variable: Equatable {
        let name: EnvironmentName
        let rule: Rule
        /// What stands between the operator and the closing brace.
        let word: Range<Int>
    }

    enum Rule: Equatable {
        /// The name must be given.
        case plain
        /// `:-`, the default for a name that is not given or empty.
        case defaultWhenEmpty
        /// `-`, the default for a name that is not given.
        case defaultWhenMissing
        /// `:?`, the name must be given and not empty.
        case required
    }

    /// Reads the reference whose `$` stands at `start`; returns the index after it too.
    static func read(
        _ bytes: UnsafeRawBufferPointer,
        at start: Int,
        before end: Int
    ) -> (reference: Reference, end: Int) {
        let next = start + 1
        guard next < end else { return (.dollar, next) }
        switch bytes[next] {
        case Byte.dollar: return (.dollar, next + 1)
        case UInt8(ascii: "("): return (.unknown, next + 1)
        case UInt8(ascii: "{"): return readBraces(bytes, after: next + 1, before: end)
        default:
            let nameEnd = endOfName(bytes, from: next, before: end)
            guard nameEnd > next else { return (.dollar, next) }
            guard let name = name(bytes, next..<nameEnd) else { return (.unknown, nameEnd) }
            return (.variable(Variable(name: name, rule: .plain, word: nameEnd..<nameEnd)), nameEnd)
        }
    }

    private static func readBraces(
        _ bytes: UnsafeRawBufferPointer,
        after start: Int,
        before end: Int
    ) -> (reference: Reference, end: Int) {
        guard let close = bytes[start..<end].firstIndex(of: UInt8(ascii: "}")) else { return (.unknown, end) }
        let after = close + 1
        let nameEnd = endOfName(bytes, from: start, before: close)
        guard nameEnd > start, let name = name(bytes, start..<nameEnd) else { return (.unknown, after) }
        let rule: Rule
        let word: Int
        if nameEnd == close {
            (rule, word) = (.plain, close)
        } else if bytes.has(":-", at: nameEnd, before: close) {
            (rule, word) = (.defaultWhenEmpty, nameEnd + 2)
        } else if bytes.has(":?", at: nameEnd, before: close) {
            (rule, word) = (.required, nameEnd + 2)
        } else if bytes[nameEnd] == UInt8(ascii: "-") {
            (rule, word) = (.defaultWhenMissing, nameEnd + 1)
        } else {
            return (.unknown, after)
        }
        // A reference inside another one is not among the known forms.
        guard !bytes[word..<close].contains(Byte.dollar) else { return (.unknown, after) }
        return (.variable(Variable(name: name, rule: rule, word: word..<close)), after)
    }

    private static func endOfName(_ bytes: UnsafeRawBufferPointer, from start: Int, before end: Int) -> Int {
        guard start < end, !bytes[start].isDigit else { return start }
        var index = start
        while index < end, bytes[index].isNameByte { index += 1 }
        return index
    }

    private static func name(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> EnvironmentName? {
        guard range.count <= EnvironmentName.maximumBytes else { return nil }
        return try? EnvironmentName(String(decoding: bytes[range], as: UTF8.self))
    }
}

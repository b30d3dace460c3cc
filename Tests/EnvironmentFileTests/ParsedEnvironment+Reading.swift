// SPDX-License-Identifier: Apache-2.0

import EnvironmentFile
import VaultModel

func parse(_ bytes: [UInt8], strict: Bool = false, accepting: Set<FindingCode> = []) -> ParsedEnvironment {
    EnvironmentFileReader.parse(SecretBytes(copying: bytes), strict: strict, accepting: accepting)
}

func parse(_ text: String, strict: Bool = false, accepting: Set<FindingCode> = []) -> ParsedEnvironment {
    parse(Array(text.utf8), strict: strict, accepting: accepting)
}

extension ParsedEnvironment {
    /// The values by name; a test fails, and not the process, when a name is there twice.
    var values: [String: String] {
        Dictionary(entries.map { ($0.name.text, $0.text) }) { _, _ in "the name is there twice" }
    }

    /// `line CODE` of every finding, sorted.
    var places: [String] { findings.map { "\($0.line) \($0.code.rawValue)" }.sorted() }
}

extension ParsedEntry {
    var text: String { value.bytes.withBytes { String(decoding: $0, as: UTF8.self) } }
}

func parse(_ text: String, _ options: ReadingOptions) -> ParsedEnvironment {
    Array(text.utf8).withUnsafeBytes { EnvironmentFileReader.parse($0, options) }
}

func parse(_ text: String, as dialect: Dialect) -> ParsedEnvironment {
    var options = ReadingOptions()
    options.dialect = dialect
    return parse(text, options)
}

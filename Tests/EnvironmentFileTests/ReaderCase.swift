// SPDX-License-Identifier: Apache-2.0

import EnvironmentFile
import Foundation
import Testing
import VaultModel

/// A case of `Tests/Vectors/dotenv/dialects.jsonl`: a file, and what each reader made of it when it was recorded.
struct ReaderCase: Decodable, Sendable, CustomTestStringConvertible {
    struct Result: Decodable {
        let values: [String: String]?
        let refused: Bool?
        /// Whether names with an empty value were left out by the recording.
        let withoutEmpty: Bool?
    }

    let name: String
    let input: String
    let readers: [String: Result]
    /// Error codes of the import where the reader gives something.
    let refused: [String: [String]]?
    /// What a later version of a reader gives.
    let later: [String: [String: String]]?

    var testDescription: String { name }

    static let all: [Self] = {
        let file = DialectCase.file.deletingLastPathComponent().appendingPathComponent("dialects.jsonl")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        return text.split(separator: "\n").compactMap { try? JSONDecoder().decode(Self.self, from: Data($0.utf8)) }
    }()
}

struct ReaderCaseTests {
    static let dialects = Dialect.allCases.filter { $0 != .attache }

    @Test func everyCaseHasEveryReader() {
        #expect(ReaderCase.all.count == 89)
        for test in ReaderCase.all {
            let known = Set(test.readers.keys).union(test.refused?.keys.map { $0 } ?? [])
            #expect(known == Set(Self.dialects.map(\.rawValue)))
        }
    }

    @Test(arguments: dialects, ReaderCase.all)
    func aDialectGivesWhatItsReaderGave(_ dialect: Dialect, _ test: ReaderCase) throws {
        let parsed = parse(test.input, as: dialect)
        if let codes = test.refused?[dialect.rawValue] {
            #expect(Set(parsed.findings.filter(\.isError).map(\.code.rawValue)) == Set(codes))
            return
        }
        let recorded = try #require(test.readers[dialect.rawValue])
        #expect(parsed.hasErrors == (recorded.refused ?? false))
        guard let values = test.later?[dialect.rawValue] ?? recorded.values else { return }
        #expect(parsed.values.filter { recorded.withoutEmpty != true || !$0.value.isEmpty } == values)
    }
}

struct DialectFlagTests {
    @Test(arguments: [
        (Dialect.docker, "A=1\nB='x'\n", ["B"]), (.python, "A=x#y\nB=\"\\a\"\n", ["B"]), (.node, "A=x#y\nB=1\n", ["A"]),
        (.node, "A=1\nA=2\n", []), (.docker, "A=1\nB=`x`\n", ["B"]), (.systemd, "A=1\n;\n", []),
    ])
    func aValueThatTheOwnRulesReadOtherwiseIsFlagged(dialect: Dialect, file: String, names: [String]) {
        let parsed = parse(file, as: dialect)
        #expect(parsed.entries.filter { $0.flags.contains(.otherValue) }.map(\.name.text) == names)
    }
}

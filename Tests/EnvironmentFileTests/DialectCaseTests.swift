// SPDX-License-Identifier: Apache-2.0

import EnvironmentFile
import Foundation
import Testing
import VaultModel

/// The cases of `Tests/Vectors/dotenv`: each an input and what it must give.
struct DialectCaseTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        struct Warning: Decodable, Hashable { let line: Int, code: String }

        let name: String
        let input: String
        let inputBase64: String?
        let expect: [String: String]?
        let warnings: [Warning]?
        let errorLine: Int?
        let errorCode: String?

        enum CodingKeys: String, CodingKey {
            case name, input, expect, warnings
            case inputBase64 = "input_b64"
            case errorLine = "error_line"
            case errorCode = "error_code"
        }

        var testDescription: String { name }

        var bytes: [UInt8] {
            if let inputBase64, let data = Data(base64Encoded: inputBase64) { return [UInt8](data) }
            return Array(input.utf8)
        }
    }

    static let cases: [Case] = {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Vectors/dotenv/cases.jsonl")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        return text.split(separator: "\n").compactMap {
            try? JSONDecoder().decode(Case.self, from: Data($0.utf8))
        }
    }()

    @Test func everyCaseOfTheFileIsRead() {
        #expect(Self.cases.count == 30)
    }

    @Test(arguments: cases)
    func aCaseGivesExactlyWhatItMust(_ test: Case) throws {
        let parsed = parse(test.bytes)
        if let errorCode = test.errorCode {
            #expect(parsed.entries.isEmpty)
            let errors = parsed.findings.filter(\.isError)
            let first = try #require(errors.first)
            #expect(first.code.rawValue == errorCode)
            #expect(first.line == test.errorLine)
        } else {
            #expect(parsed.values == test.expect ?? [:])
            let warnings = Set(parsed.findings.map { Case.Warning(line: $0.line, code: $0.code.rawValue) })
            #expect(warnings == Set(test.warnings ?? []))
        }
    }

    @Test(arguments: cases)
    func noFindingHoldsAnyPartOfAValue(_ test: Case) {
        let parsed = parse(test.bytes)
        for value in test.expect?.values ?? [:].values where value.count > 5 {
            for finding in parsed.findings { #expect(!finding.rendered(file: "f").contains(value)) }
        }
    }
}

func parse(_ bytes: [UInt8], strict: Bool = false, accepting: Set<FindingCode> = []) -> ParsedEnvironment {
    EnvironmentFileReader.parse(SecretBytes(copying: bytes), strict: strict, accepting: accepting)
}

func parse(_ text: String) -> ParsedEnvironment { parse(Array(text.utf8)) }

extension ParsedEnvironment {
    var values: [String: String] {
        Dictionary(
            uniqueKeysWithValues: entries.map { entry in
                (entry.name.text, entry.value.bytes.withBytes { String(decoding: $0, as: UTF8.self) })
            }
        )
    }

    var codes: [String] { findings.map(\.code.rawValue) }
}

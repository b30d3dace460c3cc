// SPDX-License-Identifier: Apache-2.0

import EnvironmentFile
import Testing

struct DisclosureTests {
    @Test(arguments: FindingCodeTests.table)
    func noFindingOfATableRowQuotesTheFile(file: String, places: [String]) {
        for finding in parse(file).findings + parse(file, strict: true).findings {
            #expect(!finding.rendered(file: "f").contains("hunter"))
            #expect(!String(describing: finding).contains("hunter"))
            #expect(!String(reflecting: finding).contains("hunter"))
        }
    }

    @Test(arguments: FindingTests.hints)
    func noHintQuotesTheLine(line: String, code: FindingCode, hint: FindingHint?) {
        // The same line with other letters gives the same text.
        let renamed = line.replacing(/A|B|C/, with: "Q")
        let texts = parse(line).findings.map { $0.rendered(file: "f") }
        #expect(texts == parse(renamed).findings.map { $0.rendered(file: "f") })
        #expect(!texts.isEmpty)
    }

    @Test(arguments: DialectCase.all)
    func noFindingOfACaseHoldsAnyPartOfAValue(_ test: DialectCase) {
        let fixed = (FindingCode.allCases.map(\.text) + FindingHint.allCases.map(\.text)).joined(separator: "\n")
        let texts = parse(test.bytes).findings.map { $0.rendered(file: "f") }.joined(separator: "\n")
        // A value too long to be cut into all its parts repeats itself.
        let values = test.expect.map { Array($0.values) } ?? test.input.split(separator: "=").map(String.init)
        for value in values {
            let text = Array(value.prefix(500))
            for start in text.indices.dropLast(3) {
                let part = String(text[start..<(start + 4)])
                #expect(!texts.contains(part) || fixed.contains(part))
            }
        }
    }

    @Test(arguments: DialectCase.withoutErrors)
    func aFindingDependsOnTheFormOfAValueOnly(_ test: DialectCase) {
        // Other digits have the same form, and no name of the cases has a digit.
        let other = test.input.replacing(/[0-9]/) { match in match.output == "9" ? "0" : "9" }
        #expect(parse(other).findings == parse(test.bytes).findings)
    }
}

// SPDX-License-Identifier: Apache-2.0

import EnvironmentFile
import Testing

struct DialectCaseTests {
    @Test func everyCaseOfTheFileIsRead() {
        #expect(DialectCase.all.count == 30)
        #expect(Set(DialectCase.all.map(\.name)).count == 30)
        #expect(DialectCase.all.allSatisfy { ($0.expect == nil) == ($0.errorCode != nil) })
    }

    @Test(arguments: DialectCase.all)
    func aCaseGivesItsValuesAndFindingsAndNoOthers(_ test: DialectCase) {
        let parsed = parse(test.bytes)
        #expect(parsed.values == test.expect ?? [:])
        #expect(parsed.places == test.places)
        #expect(parsed.hasErrors == (test.errorCode != nil))
        #expect(parsed.unlistedFindings == 0)
    }

    @Test(arguments: DialectCase.withoutErrors)
    func windowsLineEndsChangeNothing(_ test: DialectCase) {
        let parsed = parse(test.input.replacing("\n", with: "\r\n"))
        #expect(parsed.values == test.expect ?? [:])
        #expect(parsed.places == test.places)
    }

    @Test(arguments: DialectCase.withoutErrors)
    func theLastLineNeedsNoEnd(_ test: DialectCase) {
        let parsed = parse(test.bytes.last == UInt8(ascii: "\n") ? Array(test.bytes.dropLast()) : test.bytes)
        #expect(parsed.values == test.expect ?? [:])
        #expect(parsed.places == test.places)
    }

    @Test(arguments: DialectCase.withoutErrors)
    func aByteOrderMarkIsOnlyMentioned(_ test: DialectCase) {
        let parsed = parse([0xEF, 0xBB, 0xBF] + test.bytes)
        #expect(parsed.values == test.expect ?? [:])
        #expect(parsed.places == (test.places + ["1 W_BOM"]).sorted())
    }

    @Test(arguments: DialectCase.all)
    func aStrictReadingRefusesWhatIsAmbiguousOrARisk(_ test: DialectCase) {
        let plain = parse(test.bytes)
        let strict = parse(test.bytes, strict: true)
        #expect(strict.hasErrors == plain.findings.contains { $0.severity != .info })
        #expect(strict.places == plain.places)
        let accepting = parse(test.bytes, strict: true, accepting: Set(plain.findings.map(\.code)))
        #expect(accepting.values == plain.values)
        #expect(accepting.findings == plain.findings.filter { $0.code.severity == .error })
    }
}

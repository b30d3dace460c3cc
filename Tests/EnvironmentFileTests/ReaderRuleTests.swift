// SPDX-License-Identifier: Apache-2.0

import EnvironmentFile
import Testing
import VaultModel

struct ReaderRuleTests {
    /// Files and what each name has.
    static let readings: [(file: String, values: [String: String])] = [
        // Lines.
        ("\n \t\n# A=1\n  # B=2\nC=3", ["C": "3"]),
        ("export A=1\nexport\tB=2\n  export   C=3\n", ["A": "1", "B": "2", "C": "3"]),
        ("export = 1\n", ["export": "1"]),
        ("_=1\n_9=2\naZ0_=3\n", ["_": "1", "_9": "2", "aZ0_": "3"]),
        ("\u{FEFF}", [:]),

        // Unquoted.
        ("A=x # c ' \" `\n", ["A": "x"]),
        ("A=x#y\n", ["A": "x#y"]),
        ("A= #x\n", ["A": ""]),
        ("A=a\\nb\\\\\\$\n", ["A": "a\\nb\\\\\\$"]),
        ("A=x'y\"\n", ["A": "x'y\""]),
        ("A=\u{A0}x\u{A0}\n", ["A": "\u{A0}x\u{A0}"]),
        ("A=a\tb  c\n", ["A": "a\tb  c"]),
        ("A=x`y`\n", ["A": "x`y`"]),
        ("A=-----BEGINNING\n", ["A": "-----BEGINNING"]),
        ("A=x\\ # c\n", ["A": "x\\"]),

        // Quoted.
        ("A='x\r\ny'\r\nB=2\r\n", ["A": "x\ny", "B": "2"]),
        ("A=\"x\r\n\r\ny\\n\"\r\n", ["A": "x\n\ny\n"]),
        ("A=\"\\n\\r\\t\\\\\\\"\\$\"\n", ["A": "\n\r\t\\\"$"]),
        ("A=\"\\a\\'\\`\\0\"\n", ["A": "\\a\\'\\`\\0"]),
        ("A=\"it's\"\nB='say \"x\"'\n", ["A": "it's", "B": "say \"x\""]),
        ("A=\"  x  \"  \n", ["A": "  x  "]),
        ("A='a\\b\\\\c'\n", ["A": "a\\b\\\\c"]),
        ("A='{\n  \"a\": 1, # x\n}'\n", ["A": "{\n  \"a\": 1, # x\n}"]),
        ("A=\"`x` ${B} $(c)\"\n", ["A": "`x` ${B} $(c)"]),
        ("A=\"{\\\"k\\\":\\\"v\\\"}\"\n", ["A": "{\"k\":\"v\"}"]),

        // Where other readers differ most.
        ("A=1;B=2\n", ["A": "1;B=2"]),
        ("A=\"x\" # \"c\"\n", ["A": "x"]),
        ("A=${X\n", ["A": "${X"]),
        ("export A=1 B=2\n", ["A": "1 B=2"]),
        ("A=$$\n", ["A": "$$"]),
    ]

    @Test(arguments: readings)
    func aFileIsReadAsTheDialectSays(file: String, values: [String: String]) {
        #expect(parse(file).values == values)
    }

    /// Files that no reading of is right.
    static let refused: [(file: String, places: [String])] = [
        ("A=\"\"\"x\\ny\"\"\"\n", ["1 E_TRAILING"]),
        ("A=\"\"\"x\nno\n\"\"\"\nB=1\nno\n", ["1 E_TRAILING", "5 E_NO_EQUALS"]),
        ("A+=1\nA[0]=1\n\"A\"=1\n'A'=1\n", ["1 E_NAME", "2 E_NAME", "3 E_NAME", "4 E_NAME"]),
        ("A=\u{0C}x\n", ["1 E_CONTROL"]),
        ("A='1' B='2'\n", ["1 E_TRAILING"]),
        ("A='x''y'\n", ["1 E_TRAILING"]),
    ]

    @Test(arguments: refused)
    func aFileWithoutASensibleReadingIsRefused(file: String, places: [String]) {
        let parsed = parse(file)
        #expect(parsed.places == places)
        #expect(parsed.entries.isEmpty)
    }

    @Test func theLastOfTwoCountsAndStandsOnItsLine() {
        let parsed = parse("A=1\nB=2\n  A=3#\n")
        #expect(parsed.entries.map(\.name.text) == ["B", "A"])
        #expect(parsed.entries.map(\.text) == ["2", "3#"])
        #expect(parsed.entries.map(\.line) == [2, 3])
        #expect(parsed.entries.map(\.column) == [1, 3])
        #expect(parsed.entries.map(\.flags) == [[], [.hashInValue, .duplicateConflict]])
    }

    @Test func eachLineIsComparedWithTheOneThatCountedBefore() {
        let parsed = parse("A=1\nA=2\nA=2\nA=1\n")
        #expect(parsed.findings.map(\.code) == [.duplicateConflict, .duplicate, .duplicateConflict])
        #expect(parsed.findings.map(\.otherLine) == [1, 2, 3])
    }

    @Test func aNameThatDiffersInCaseOnlyIsAnEntryOfItsOwn() {
        let parsed = parse("A=1\na=2\n")
        #expect(parsed.values == ["A": "1", "a": "2"])
        #expect(parsed.entries.map(\.flags) == [[], [.caseOnly]])
        #expect(parsed.findings.map(\.otherLine) == [1])
    }

    @Test func theFlagsOfAnEntryAreItsFindings() {
        let parsed = parse("PATH = $a\\b#c\"d \u{201C}\u{200B} # x\n")
        let codes: [FindingCode] = [
            .hashInValue, .inlineComment, .backslash, .dollar, .innerQuote, .invisible, .dangerousName, .smartQuote,
            .spaceAroundEquals, .unquotedSpace,
        ]
        #expect(parsed.entries.map(\.flags) == [codes])
        #expect(Set(parsed.findings.map(\.code)) == Set(codes))
    }
}

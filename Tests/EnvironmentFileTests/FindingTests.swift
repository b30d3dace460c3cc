// SPDX-License-Identifier: Apache-2.0

import EnvironmentFile
import Testing

struct FindingTests {
    static let hints: [(line: String, code: FindingCode, hint: FindingHint?)] = [
        ("A+=1", .name, .addition),
        ("A[0]=1", .name, .arrayElement),
        ("; x", .noEquals, .comment),
        (";A=1", .name, .comment),
        ("// x=1", .name, .comment),
        ("export A", .noEquals, .exportWithoutValue),
        ("1A=x", .name, .leadingDigit),
        (String(repeating: "A", count: 129) + "=1", .name, .longName),
        (" =1", .name, .missingName),
        ("export =1\nexport  B C=1", .name, .wordsBeforeName),
        ("CL\u{C9}=1", .name, .nonASCIIName),
        ("\u{200B}A=1", .name, .nonASCIIName),
        ("$env:A = 1", .name, .powerShell),
        ("$Env:A=1", .name, .powerShell),
        ("a.b-c=1", .name, .punctuatedName),
        ("\"A\"=1", .name, .quotedName),
        ("'A'=1", .name, .quotedName),
        ("[a]", .noEquals, .section),
        ("set A=1", .name, .windowsSet),
        ("SET A=1", .name, .windowsSet),
        ("declare -x A=1", .name, .wordsBeforeName),
        ("A B=1", .name, .wordsBeforeName),
        ("A=\"\"\"x\"\"\"", .trailing, .tripleQuote),
        ("A='''x", .trailing, .tripleQuote),
        ("A='' 'x'", .trailing, nil),
        ("A%=1", .name, nil),
        ("A", .noEquals, nil),
    ]

    @Test(arguments: hints)
    func aRefusedLineComesWithItsHint(line: String, code: FindingCode, hint: FindingHint?) throws {
        let finding = try #require(parse(line + "\nOK=1\n").findings.first { $0.isError })
        #expect(finding.code == code)
        #expect(finding.hint == hint)
    }

    @Test func everyHintIsGivenByALine() {
        #expect(FindingHint.allCases.filter { hint in !Self.hints.contains { $0.hint == hint } } == [])
    }

    @Test func aFindingIsRenderedWithFileLineCodeAndText() {
        #expect(
            parse("A=1\n  my-key=2\n").findings.map { $0.rendered(file: "a/.env") } == [
                "a/.env:2: E_NAME: not a name: letters, digits and _, not a digit first; write _ for each dash and dot"
            ]
        )
        #expect(
            parse("A=1\nA=2\n").findings.map { $0.rendered(file: ".env") } == [
                ".env:2: W_DUPLICATE_CONFLICT: the name was given before with another value; the last one counts "
                    + "(see line 1)"
            ]
        )
    }

    /// Files with the line and column of each finding, in order.
    static let columns: [(file: String, columns: [[Int]])] = [
        ("\u{FEFF}A=x\u{1}\n", [[1, 1], [1, 4]]),
        ("  export A=a#b\n", [[1, 10]]),
        ("A=`x`\n", [[1, 3]]),
        ("A = 'x' y\n", [[1, 9]]),
        ("A='x\n  y' z\n", [[2, 6]]),
        ("A=\"x\n  \\\n\"\n", [[2, 3]]),
        ("\tA B\n", [[1, 2]]),
        ("A=\u{E9}\u{E9}\u{1}\n", [[1, 7]]),
    ]

    @Test(arguments: columns)
    func aColumnCountsBytesFromOne(file: String, columns: [[Int]]) {
        #expect(parse(file).findings.map { [$0.line, $0.column] } == columns)
    }

    @Test func everyErrorOfAFileIsReportedAndNothingIsRead() {
        let parsed = parse("ok=1\nmy-key=2\nNOT\nA=`x`\nB='open\n")
        #expect(parsed.places == ["2 E_NAME", "3 E_NO_EQUALS", "4 E_BACKTICK", "5 E_UNTERMINATED"])
        #expect(parsed.entries.isEmpty)
    }

    @Test func aFindingThatRepeatsItselfOnALineIsReportedOnce() {
        #expect(parse("A=$a$b#c#d\\e\\f\n").places == ["1 W_BACKSLASH", "1 W_DOLLAR", "1 W_HASH_IN_VALUE"])
        #expect(parse("A=\u{1}\u{2}\u{0}\u{0}\n").places == ["1 E_CONTROL", "1 E_NUL"])
    }

    @Test func theFirstPlaceThatIsNotUTF8IsEnough() {
        #expect(parse(Array("A=".utf8) + [0xFF, 0x0A, 0xFF, 0x3D, 0x0A]).places == ["1 E_UTF8"])
    }

    @Test func atMostAHundredFindingsAreListedAndTheRestIsCounted() {
        let parsed = parse(String(repeating: "bad line\n", count: 5_000))
        #expect(parsed.findings.map(\.line) == Array(1...100))
        #expect(parsed.unlistedFindings == 4_900)
    }

    @Test func anErrorIsListedHoweverManyOtherFindingsStandBeforeIt() {
        let parsed = parse((0..<1_500).map { "N\($0) = a b\n" }.joined() + "bad line\n")
        #expect(parsed.hasErrors)
        #expect(parsed.entries.isEmpty)
        #expect(parsed.findings.count == 100)
        #expect(parsed.findings.last?.code == .noEquals)
        #expect(parsed.findings.last?.line == 1_501)
    }

    @Test func noEntryIsLostHoweverManyFindingsThereAre() {
        let parsed = parse((0..<2_000).map { "N\($0) = $a b#c\n" }.joined())
        #expect(!parsed.hasErrors)
        #expect(parsed.entries.count == 2_000)
        #expect(parsed.findings.count == 100)
        #expect(parsed.unlistedFindings == 7_900)
        #expect(parsed.findings.allSatisfy { $0.severity == .ambiguous })
    }

    @Test func strictMakesAmbiguousPlacesErrorsUnlessTheyAreAccepted() {
        #expect(parse("A=a#b\n", strict: true).findings.map(\.severity) == [.error])
        #expect(parse("A=a#b\n", strict: true).entries.isEmpty)
        #expect(parse("PATH=x\n", strict: true).hasErrors)
        #expect(parse("A=a#b\n", strict: true, accepting: [.hashInValue]).values == ["A": "a#b"])
        #expect(parse("A = 1\n", strict: true).findings.map(\.severity) == [.info])
        #expect(parse("A = 1\n", strict: true).values == ["A": "1"])
    }

    @Test func whatIsAcceptedIsReportedNowhere() {
        let parsed = parse("A=a#b $c\na=1\n", accepting: [.hashInValue, .caseOnly, .unquotedSpace])
        #expect(parsed.places == ["1 W_DOLLAR"])
        #expect(parsed.entries.map(\.flags) == [[.dollar], []])
    }

    @Test func anErrorCannotBeAccepted() {
        let parsed = parse("A=`x`\n", accepting: Set(FindingCode.allCases))
        #expect(parsed.places == ["1 E_BACKTICK"])
        #expect(parsed.entries.isEmpty)
    }
}

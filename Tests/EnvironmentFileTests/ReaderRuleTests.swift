// SPDX-License-Identifier: Apache-2.0

import EnvironmentFile
import Testing
import VaultModel

struct ReaderRuleTests {
    /// Inputs that the shared cases do not hold, each with all that must be said of it.
    static let findings: [(String, [String])] = [
        ("A=1\r\nB=2\r\n", []),
        ("A='x\r\ny'\n", ["W_MULTILINE"]),
        ("\u{FEFF}A=1\n", ["W_BOM"]),
        ("A=a\u{0}b\n", ["E_NUL"]),
        ("A=\u{85}x\n", ["E_CONTROL"]),
        ("A: 1\n", ["E_YAML_STYLE"]),
        ("A: x=1\n", ["E_YAML_STYLE"]),
        ("A:1=2\n", ["E_NAME"]),
        ("export A\n", ["E_NO_EQUALS"]),
        ("; comment\n", ["E_NO_EQUALS"]),
        ("[section]\n", ["E_NO_EQUALS"]),
        ("$env:A=1\n", ["E_NAME"]),
        ("\"A\"=1\n", ["E_NAME"]),
        ("A+=1\n", ["E_NAME"]),
        ("A='it\\'s'\n", ["E_SQ_ESCAPE"]),
        ("A=one\\\n", ["E_CONTINUATION"]),
        ("A=\"one\\\ntwo\"\n", ["E_CONTINUATION"]),
        ("A=-----BEGIN RSA PRIVATE KEY-----\nMIIE=\n-----END RSA PRIVATE KEY-----\nB=1\n", ["E_PEM_UNQUOTED"]),
        ("A=a#b\n", ["W_HASH_IN_VALUE"]),
        ("A= # c\n", ["W_SPACE_AROUND_EQ", "W_INLINE_COMMENT", "W_EMPTY"]),
        ("A=\"a\\qb\"\n", ["W_UNKNOWN_ESCAPE"]),
        ("A=c:\\dir\n", ["W_BACKSLASH"]),
        ("A=1\nA=1\n", ["W_DUPLICATE"]),
        ("A=1\nA=2\n", ["W_DUPLICATE_CONFLICT"]),
        ("A=1\na=2\n", ["W_CASE"]),
        ("A=x\u{200B}y\n", ["W_INVISIBLE"]),
        ("A=\u{201C}x\u{201D}\n", ["W_SMART_QUOTE"]),
        ("PATH=/bin\n", ["W_DANGEROUS_NAME"]),
        ("LD_PRELOAD=x.so\n", ["W_DANGEROUS_NAME"]),
        ("A=op://vault/item\n", ["W_NOT_A_VALUE"]),
        ("A=ENC[AES256_GCM]\n", ["W_NOT_A_VALUE"]),
        ("A=\n", ["W_EMPTY"]),
        ("A=\"\"\n", ["W_EMPTY"]),
        ("A=\"x\" # \"c\"\n", []),
        ("A=\"x\"#c\n", []),
        ("A=1;B=2\n", []),
        ("export A=1 B=2\n", ["W_UNQUOTED_SPACE"]),
        ("A=${X\n", ["W_DOLLAR"]),
        ("A=\"\"\"x\"\"\"\n", ["E_TRAILING"]),
    ]

    @Test(arguments: findings)
    func aPlaceGetsItsCodes(input: String, codes: [String]) {
        #expect(parse(input).codes.sorted() == codes.sorted())
    }

    @Test func everyCodeIsReachedByACaseOrATest() {
        var reached = Set(Self.findings.flatMap(\.1))
        for test in DialectCaseTests.cases {
            reached.formUnion(parse(test.bytes).codes)
        }
        // The limits have tests of their own below.
        reached.formUnion(["E_FILE_TOO_LARGE", "E_TOO_MANY", "E_TOO_LONG", "E_ENCODING"])
        #expect(reached == Set(FindingCode.allCases.map(\.rawValue)))
    }

    @Test func aLineEndInQuotesIsOneLineFeed() {
        #expect(parse("A='x\r\ny'\r\n").values == ["A": "x\ny"])
    }

    @Test func theLastOfTwoCountsAndStandsOnItsLine() {
        let parsed = parse("A=1\nB=2\nA=3\n")
        #expect(parsed.values == ["A": "3", "B": "2"])
        #expect(parsed.entries.map(\.line) == [2, 3])
    }

    @Test func everyErrorOfAFileIsReportedAndNothingIsRead() {
        let parsed = parse("ok=1\nmy-key=2\nNOT\nA=`x`\nB='open\n")
        #expect(parsed.codes == ["E_NAME", "E_NO_EQUALS", "E_BACKTICK", "E_UNTERMINATED"])
        #expect(parsed.findings.map(\.line) == [2, 3, 4, 5])
        #expect(parsed.entries.isEmpty)
    }

    @Test func aHundredFindingsAreEnough() {
        let parsed = parse(String(repeating: "bad line\n", count: 5_000))
        #expect(parsed.findings.count == 100)
    }

    @Test func aFindingSaysWhere() {
        let finding = parse("A=1\n  my-key=2\n").findings.first
        #expect(
            finding?.rendered(file: ".env")
                == ".env:2:3: E_NAME: not a name: letters, digits and _, not a digit first"
        )
    }

    @Test func strictMakesAmbiguousPlacesErrorsUnlessTheyAreAccepted() {
        let input = Array("A=a#b\n".utf8)
        #expect(parse(input, strict: true).entries.isEmpty)
        #expect(parse(input, strict: true, accepting: [.hashInValue]).values == ["A": "a#b"])
        #expect(parse(Array("A = 1\n".utf8), strict: true).values == ["A": "1"])
    }

    @Test func theLimitsHoldToTheByte() {
        let name = "A"
        let longest = String(repeating: "x", count: 131_071 - 2)
        #expect(parse("\(name)=\(longest)\n").values == [name: longest])
        #expect(parse("\(name)=\(longest)x\n").codes.contains("E_TOO_LONG"))
        let full = [UInt8](repeating: UInt8(ascii: "#"), count: 1 << 20)
        #expect(parse(full).findings.map(\.code) == [.longLine])
        #expect(parse(full + [0x23]).codes == ["E_FILE_TOO_LARGE"])
        let entries = (0..<2_000).map { "N\($0)=v\n" }.joined()
        #expect(parse(entries).entries.count == 2_000)
        #expect(parse(entries + "ONE_MORE=v\n").codes == ["E_TOO_MANY"])
        #expect(parse([0xFF, 0xFE, 0x41, 0]).codes == ["E_ENCODING"])
    }

    @Test func whatIsWrittenInQuotesIsReadBack() throws {
        var random = SeededGenerator(seed: 7)
        let alphabet = Array("abcXYZ019 \t\n#'\"\\$`=;:{}[]%é€😀".unicodeScalars)
        for _ in 0..<500 {
            var value = ""
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                value.unicodeScalars.append(try #require(alphabet.randomElement(using: &random)))
            }
            let quoted =
                value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("$", with: "\\$")
            #expect(parse("NAME=\"\(quoted)\"\n").values == ["NAME": value])
        }
    }

    @Test func anyBytesAreReadWithoutACrash() {
        var random = SeededGenerator(seed: 11)
        let pieces = Array("A=\"'\\\n\r# \t`$x=:export -----BEGIN \u{FEFF}é".utf8) + [0, 0xFF, 0xC2, 0xE0, 0x80]
        for _ in 0..<3_000 {
            let count = Int.random(in: 0...60, using: &random)
            let bytes = (0..<count).map { _ in pieces[Int.random(in: 0..<pieces.count, using: &random)] }
            let parsed = parse(bytes)
            #expect(parsed.hasErrors ? parsed.entries.isEmpty : true)
        }
    }
}

/// A generator whose numbers are the same in every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

// SPDX-License-Identifier: Apache-2.0

import EnvironmentFile
import Testing
import VaultModel

struct FindingCodeTests {
    /// Files with all that must be said of each; `hunter2` stands in for what nobody may see.
    static let table: [(file: String, places: [String])] = [
        // Characters.
        ("A=hunter2\u{0}b\n", ["1 E_NUL"]),
        ("A=hunter2\u{7F}b\n", ["1 E_CONTROL"]),
        ("A=1\nB=hunter2\u{85}x\n", ["2 E_CONTROL"]),
        ("A=\u{0C}hunter2\n", ["1 E_CONTROL"]),
        ("# \u{1B}[2J\nA=1\n", ["1 E_CONTROL"]),
        ("A=hunter2\r", ["1 E_CR"]),
        ("A=hunter2\r\r\nB=1\n", ["1 E_CR"]),
        ("A=\"hun\u{1}\nter2\u{2}\u{3}\"\n", ["1 E_CONTROL", "1 W_MULTILINE", "2 E_CONTROL"]),
        ("\u{FEFF}A=1\n", ["1 W_BOM"]),

        // Names.
        ("A: hunter2\n", ["1 E_YAML_STYLE"]),
        ("A:\n  b: hunter2\n", ["1 E_YAML_STYLE", "2 E_YAML_STYLE"]),
        ("export A : hunter2=1\n", ["1 E_YAML_STYLE"]),
        ("A: 'hunter2\nB=1'\n", ["1 E_YAML_STYLE"]),
        ("A:hunter2\n", ["1 E_NO_EQUALS"]),
        ("A:1=hunter2\n", ["1 E_NAME"]),
        ("export hunter2\n", ["1 E_NO_EQUALS"]),
        ("export\n", ["1 E_NO_EQUALS"]),
        ("; hunter2\n", ["1 E_NO_EQUALS"]),
        ("// hunter2\n", ["1 E_NO_EQUALS"]),
        ("[hunter2]\n", ["1 E_NO_EQUALS"]),
        ("$env:A=hunter2\n", ["1 E_NAME"]),
        ("hunter-2='several\nlines=1'\nB=1\n", ["1 E_NAME"]),
        ("hunter-2='never closed\nB=1\n", ["1 E_NAME"]),

        // Quotes.
        ("A='hunter2\nB\n", ["1 E_UNTERMINATED"]),
        ("A=\"hunter2\\\n", ["1 E_UNTERMINATED"]),
        ("A=\"hunter2\\\"\nB=1\nB\n", ["1 E_UNTERMINATED", "3 E_NO_EQUALS"]),
        ("A='hunter2\n'x\n", ["2 E_TRAILING"]),
        ("A='it\\'s hunter2'\n", ["1 E_SQ_ESCAPE"]),
        ("A='C:\\hunter2\\'\nB='1'\n", ["1 E_SQ_ESCAPE"]),
        ("A='x\ny\\'s hunter2'\n", ["2 E_SQ_ESCAPE"]),
        ("A='\\'hunter2\n", ["1 E_SQ_ESCAPE", "1 E_TRAILING"]),

        // Values that readers disagree on too much.
        ("A=`hunter2`\n", ["1 E_BACKTICK"]),
        ("A=hunter2\\\n", ["1 E_CONTINUATION"]),
        ("A=hunter2\\\r\n  more\\\n  more\nB\n", ["1 E_CONTINUATION", "4 E_NO_EQUALS"]),
        ("A=\\\nB=\\\n", ["1 E_CONTINUATION", "2 E_CONTINUATION"]),
        ("A=\"hunter2\\\ntwo\"\n", ["1 E_CONTINUATION"]),
        ("A=\"one\nhunter2\\\r\ntwo\"\n", ["2 E_CONTINUATION"]),
        (
            "A=-----BEGIN RSA PRIVATE KEY-----\nhunter2A=\n-----END RSA PRIVATE KEY-----\nB\n",
            ["1 E_PEM_UNQUOTED", "4 E_NO_EQUALS"]
        ),
        ("A=-----BEGIN X-----\nhunter2\nB=1\nC\n", ["1 E_PEM_UNQUOTED", "4 E_NO_EQUALS"]),

        // Ambiguous.
        ("A=hunter#2\n", ["1 W_HASH_IN_VALUE"]),
        ("A=hunter2 # c\n", ["1 W_INLINE_COMMENT"]),
        ("A='hunter2' # \"c\"\n", ["1 W_INLINE_COMMENT"]),
        ("A=\"hunter2\"#c\n", ["1 W_INLINE_COMMENT"]),
        ("A=\"hunter2\\\"\"\n", ["1 W_ESCAPE"]),
        ("A=\"hunter2\\q\"\n", ["1 W_UNKNOWN_ESCAPE"]),
        ("A=c:\\hunter2\n", ["1 W_BACKSLASH"]),
        ("A=hunter2\\ \n", ["1 W_BACKSLASH", "1 W_SPACE_AROUND_EQ"]),
        ("A=\"$hunter2\"\n", ["1 W_DOLLAR"]),
        ("A=hun\"ter2\n", ["1 W_INNER_QUOTE"]),
        ("A='hunter2\n'\n", ["1 W_MULTILINE"]),
        ("A=1\nB=2\nA=hunter2\n", ["3 W_DUPLICATE_CONFLICT"]),
        ("A=hunter\u{200B}2\n", ["1 W_INVISIBLE"]),
        ("A=hunter2\u{A0}\n", ["1 W_INVISIBLE"]),
        ("A='hunter2\u{E0041}'\n", ["1 W_INVISIBLE"]),
        ("A=hunter2 \u{2028}\n", ["1 W_INVISIBLE", "1 W_UNQUOTED_SPACE"]),

        // Risks.
        ("A=\u{201C}hunter2\u{201D}\n", ["1 W_SMART_QUOTE"]),
        ("Ab=1\naB=2\nAB=hunter2\n", ["2 W_CASE", "3 W_CASE"]),
        ("A=\"hunter2\n  export B = 1\n\"\n", ["1 W_MULTILINE", "1 W_SWALLOWS_ASSIGNMENT"]),
        ("A='-----BEGIN X-----\nhunter2A=\n-----END X-----\n'\n", ["1 W_MULTILINE"]),
        ("A='\n-----BEGIN X-----\nhunter2A=\n-----END X-----'\n", ["1 W_MULTILINE"]),
        ("A='-----BEGIN X-----\n-----END X-----\nB=1'\n", ["1 W_MULTILINE", "1 W_SWALLOWS_ASSIGNMENT"]),

        // Information.
        ("A= hunter2\n", ["1 W_SPACE_AROUND_EQ"]),
        ("A\t=hunter2\n", ["1 W_SPACE_AROUND_EQ"]),
        ("A=hunter2 \t\n", ["1 W_SPACE_AROUND_EQ"]),
        ("A=hunter2 two\n", ["1 W_UNQUOTED_SPACE"]),
        ("A=\n", ["1 W_EMPTY"]),
        ("A=''\n", ["1 W_EMPTY"]),
        ("A= # c\n", ["1 W_EMPTY", "1 W_INLINE_COMMENT", "1 W_SPACE_AROUND_EQ"]),
        ("A=hunter2\nA='hunter2'\n", ["2 W_DUPLICATE"]),
    ]

    @Test(arguments: table)
    func aFileGetsExactlyItsFindings(file: String, places: [String]) {
        #expect(parse(file).places == places)
    }

    @Test(arguments: EnvironmentName.dangerousNames.sorted() + ["LD_PRELOAD", "MALLOC_CHECK_", "ATTACHE_X"])
    func aDangerousNameIsFlagged(name: String) {
        #expect(parse("\(name)=1\n").places == ["1 W_DANGEROUS_NAME"])
    }

    @Test(arguments: [
        "encrypted:x", "ENC[x]", "op://v/i", "vault:s", ">>vault:s", "ref+vault://", "sm://p", "berglas://b",
    ])
    func aReferenceOfAnotherToolIsFlagged(value: String) {
        #expect(parse("A=\(value)\n").places == ["1 W_NOT_A_VALUE"])
        #expect(parse("A='\(value)'\n").places == ["1 W_NOT_A_VALUE"])
        #expect(parse("A=x\(value)\n").places == [])
    }

    @Test func everyCodeIsReachedByACaseOrATest() {
        var reached = Set(
            (DialectCase.all.map(\.bytes) + Self.table.map { Array($0.file.utf8) }).flatMap { bytes in
                parse(bytes).findings.map(\.code)
            }
        )
        for dialect in ReaderCaseTests.dialects {
            for test in ReaderCase.all { reached.formUnion(parse(test.input, as: dialect).findings.map(\.code)) }
        }
        // `InterpolationTests` and `FlatFormatTests` reach these.
        reached.formUnion([.reference, .malformed, .notFlat, .unreadForm])
        // `LimitTests` and the tests of lists above reach these.
        reached.formUnion([.encoding, .fileTooLarge, .tooMany, .tooLong, .dangerousName, .notAValue])
        #expect(FindingCode.allCases.filter { !reached.contains($0) } == [])
    }

    @Test func theLetterOfACodeTellsErrorsFromTheRest() {
        #expect(FindingCode.allCases.allSatisfy { $0.rawValue.hasPrefix("E_") == ($0.severity == .error) })
        #expect(FindingCode.allCases.allSatisfy { $0.rawValue.hasPrefix("E_") || $0.rawValue.hasPrefix("W_") })
    }

    @Test(arguments: FindingCode.allCases)
    func aTextIsOneShortLineOfItsOwn(_ code: FindingCode) {
        #expect(!code.text.isEmpty && code.text.count <= 120)
        #expect(!code.text.contains("\n"))
        #expect(FindingCode.allCases.filter { $0.text == code.text } == [code])
    }
}

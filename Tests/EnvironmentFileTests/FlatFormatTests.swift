// SPDX-License-Identifier: Apache-2.0

import EnvironmentFile
import Testing

struct FlatFormatTests {
    private func read(_ text: String, _ format: FileFormat) -> ParsedEnvironment {
        var options = ReadingOptions()
        options.format = format
        return parse(text, options)
    }

    @Test(arguments: [
        (#"{"A": "x", "B":"a\n\"\\\/é😀\t"}"#, ["A": "x", "B": "a\n\"\\/é😀\t"]),
        (#" { "A" : 1.50e+3 , "B":true, "C":-0 } "#, ["A": "1.50e+3", "B": "true", "C": "-0"]),
        ("{}", [:]), (#"{"A":"1","A":"2"}"#, ["A": "2"]),
    ])
    func aFlatObjectOfJSONGivesItsTexts(text: String, values: [String: String]) {
        let parsed = read(text, .json)
        #expect(parsed.values == values)
        #expect(!parsed.hasErrors)
    }

    @Test(arguments: [
        ("[1]", "E_NOT_FLAT"), (#"{"A": {}}"#, "E_NOT_FLAT"), (#"{"A": null}"#, "E_NOT_FLAT"), ("", "E_SYNTAX"),
        (#"{"A": 01}"#, "E_SYNTAX"), (#"{"A": "x",}"#, "E_SYNTAX"), (#"{"A": "x"} x"#, "E_SYNTAX"),
        ("{\"A\": \"x\ny\"}", "E_SYNTAX"), (#"{"A": "\ud800"}"#, "E_SYNTAX"), (#"{"a-b": "x"}"#, "E_NAME"),
        (#"{"A": "\u0000"}"#, "E_NUL"), (#"{"A": "x"#, "E_SYNTAX"), (#"{'A': 1}"#, "E_SYNTAX"), (#"{"A"}"#, "E_SYNTAX"),
    ])
    func anythingElseInJSONIsRefused(text: String, code: String) {
        #expect(read(text, .json).findings.filter(\.isError).map(\.code.rawValue) == [code])
    }

    @Test(arguments: [
        ("A: x\n# c\n\nB: 'it''s' # c\n", ["A": "x", "B": "it's"]),
        ("---\nA: yes\nB: 012\nC: a#b c # d\n...\n", ["A": "yes", "B": "012", "C": "a#b c"]),
        (#"A: "x\ny\x41\u00e9\"""#, ["A": "x\nyAé\""]),
        (
            "A: |\n  one\n   two\n\n  three\n\nB: |-\n x\nC: |+\n x\n\n",
            ["A": "one\n two\n\nthree\n", "B": "x", "C": "x\n\n"]
        ),
        ("\"A\": http://x:80/y\r\nB: ''\r\n", ["A": "http://x:80/y", "B": ""]),
    ])
    func aFlatMappingOfYAMLGivesItsTexts(text: String, values: [String: String]) {
        let parsed = read(text, .yaml)
        #expect(parsed.values == values)
        #expect(!parsed.hasErrors)
    }

    @Test(arguments: [
        ("A:\n  b: 1\nB: 1\n", ["1 E_NOT_FLAT"]), ("- A\n", ["1 E_NOT_FLAT"]), ("A: ~\n", ["1 E_NOT_FLAT"]),
        ("A: null\nB: Null\n", ["1 E_NOT_FLAT", "2 E_NOT_FLAT"]), ("A: &x 1\n", ["1 E_FORM"]),
        ("A: *x\n", ["1 E_FORM"]), ("A: !!str 1\n", ["1 E_FORM"]), ("A: >\n  x\n", ["1 E_FORM"]),
        ("A: [1]\n", ["1 E_FORM"]), ("{A: 1}\n", ["1 E_FORM"]), ("A: one\n  two\n", ["1 E_FORM"]),
        ("A: \"one\n  two\"\n", ["1 E_FORM"]), ("<<: *x\n", ["1 E_FORM"]), ("A: b: c\n", ["1 E_SYNTAX"]),
        ("A=1\n", ["1 E_SYNTAX"]), ("A: 'x' y\n", ["1 E_TRAILING"]), ("A: |2\n  x\n", ["1 E_FORM"]),
        ("A: \"\\q\"\n", ["1 E_SYNTAX"]), ("A: 1\n---\nB: 2\n", ["2 E_FORM"]), ("A: \"\\0\"\n", ["1 E_NUL"]),
        ("a-b: 1\n", ["1 E_NAME"]),
    ])
    func anythingElseInYAMLIsRefused(text: String, places: [String]) {
        let errors = read(text, .yaml).findings.filter(\.isError)
        #expect(errors.map { "\($0.line) \($0.code.rawValue)" } == places)
    }
}

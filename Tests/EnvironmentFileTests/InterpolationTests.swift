// SPDX-License-Identifier: Apache-2.0

import EnvironmentFile
import Testing

struct InterpolationTests {
    private func interpolated(_ text: String) -> ParsedEnvironment {
        var options = ReadingOptions()
        options.interpolatesFile = true
        return parse(text, options)
    }

    @Test(arguments: [
        ("$A", "one"), ("${A}", "one"), ("x${A}y$A", "xoneyone"), ("\"${A} \\n\"", "one \n"),
        ("${NONE:-d e}", "d e"), ("${NONE-d}", "d"), ("${E:-d}", "d"), ("${E-d}", ""), ("${A:-d}", "one"),
        ("${A-d}", "one"), ("${A:?m}", "one"), ("$$A", "$A"), ("$8", "$8"), ("a$", "a$"), ("\"\\$A\"", "$A"),
        ("'$A'", "$A"), ("\"${NONE:-\\t}\"", "\t"), ("\"l\n$A\"", "l\none"), ("$A_", "under"), ("${NONE:-}", ""),
    ])
    func aKnownFormIsReplacedByAnEarlierValue(value: String, expected: String) {
        let parsed = interpolated("A=one\nE=\nA_=under\nB=\(value)\n")
        #expect(parsed.values["B"] == expected)
        #expect(!parsed.hasErrors)
    }

    @Test(arguments: [
        ("$NONE", "1:3 E_UNDEFINED"), ("${NONE}", "1:3 E_UNDEFINED"), ("${NONE:?m}", "1:3 E_UNDEFINED"),
        ("$B", "1:3 E_UNDEFINED"), ("x$(date)", "1:4 E_REFERENCE"), ("${A", "1:3 E_REFERENCE"),
        ("${A:+w}", "1:3 E_REFERENCE"), ("${#A}", "1:3 E_REFERENCE"), ("${}", "1:3 E_REFERENCE"),
        ("${A:-$B}", "1:3 E_REFERENCE"), ("\"x\n y$NONE\"", "2:3 E_UNDEFINED"),
    ])
    func anotherFormOrAnUnknownNameIsAnError(value: String, expected: String) {
        let parsed = interpolated("B=\(value)\nA=later\n")
        let errors = parsed.findings.filter(\.isError).map { "\($0.line):\($0.column) \($0.code.rawValue)" }
        #expect(errors == [expected])
    }

    @Test func referencesCannotMakeAValueLongerThanTheLimit() {
        let doubling = (1...40).map { "A\($0)=${A\($0 - 1)}${A\($0 - 1)}\n" }.joined()
        let errors = interpolated("A0=xxxxxxxx\n" + doubling).findings.filter(\.isError).map(\.code)
        #expect(errors.first == .tooLong)
    }

    @Test func withoutTheOptionADollarIsADollar() {
        #expect(parse("A=1\nB=${A}\n").values["B"] == "${A}")
    }
}

// SPDX-License-Identifier: Apache-2.0

import Commands
import Testing

struct TableTests {
    @Test func columnsAreAsWideAsTheirWidestCellOnTheScreen() {
        var table = Table("NAME", "KIND", "NOTE")
        table.add("日本", "secret", "x")
        table.add("cafe\u{301}", "variable", "")
        table.add("LONG_NAME", "-", "y")
        #expect(
            table.text == """
                NAME       KIND      NOTE
                日本       secret    x
                cafe\u{301}       variable
                LONG_NAME  -         y

                """
        )
    }

    @Test func aFieldWithoutContentIsLeftOut() {
        var fields = FieldList()
        fields.add("name", "A")
        fields.add("note", "")
        fields.add("provider", nil)
        fields.add("created at", "now")
        #expect(fields.text == "name:        A\ncreated at:  now\n")
    }

    @Test(arguments: [
        ("abc", 3), ("", 0), ("é", 1), ("e\u{301}\u{302}", 1), ("中", 2), ("ｱ", 1), ("Ａ", 2), ("한", 2), ("😀", 2),
        ("👩‍👩‍👧", 2), ("🇩🇪", 2), ("❤\u{FE0F}", 2), ("❤", 1), ("\u{301}", 0), ("…", 1), ("ß→", 2),
    ])
    func aTextTakesAsManyColumnsAsATerminalGivesIt(text: String, columns: Int) {
        #expect(text.displayWidth == columns)
    }

    @Test(arguments: [
        ("\u{1B}[31mred", #"\u{1b}[31mred"#), ("a\nb\tc\r", #"a\nb\tc\r"#), ("\u{7}\u{7F}", #"\u{7}\u{7f}"#),
        ("\u{9B}31m", #"\u{9b}31m"#), ("a\u{202E}b", #"a\u{202e}b"#), ("a\u{2028}b", #"a\u{2028}b"#),
        ("\u{FEFF}a\u{AD}", #"\u{feff}a\u{ad}"#), ("\0", #"\u{0}"#), ("Zoë 日本 👩‍👧", "Zoë 日本 👩‍👧"),
    ])
    func nothingReachesTheTerminalThatWouldChangeIt(text: String, printed: String) {
        #expect(text.printable == printed)
        var table = Table("A")
        table.add(text)
        #expect(table.text == "A\n\(printed)\n")
    }

    @Test(arguments: [("abcdef", 4, "abc…"), ("abcd", 4, "abcd"), ("日本語", 4, "日…"), ("日本", 4, "日本"), ("", 4, "")])
    func aLongTextIsCutToTheColumnsThereAre(text: String, columns: Int, shown: String) {
        #expect(text.shortened(to: columns) == shown)
        #expect(shown.displayWidth <= columns)
    }
}

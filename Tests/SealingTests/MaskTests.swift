// SPDX-License-Identifier: Apache-2.0

internal import Sealing
internal import Testing
internal import VaultModel

struct MaskTests {
    static let shown: [(String, String)] = [
        ("", "***"),
        ("a", "***"),
        ("12345678901", "***"),
        ("123456789012", "123***"),
        ("12345678901234567890123", "123***"),
        ("123456789012345678901234", "12345678***"),
        (String(repeating: "x", count: 100_000), "xxxxxxxx***"),
        // Characters are counted, not bytes.
        (String(repeating: "é", count: 11), "***"),
        (String(repeating: "é", count: 12), "ééé***"),
        (String(repeating: "日", count: 24), "日日日日日日日日***"),
        (String(repeating: "e\u{301}", count: 11), "***"),
        (String(repeating: "e\u{301}", count: 24), String(repeating: "e\u{301}", count: 8) + "***"),
        // More than a third of what was typed.
        ("e" + String(repeating: "\u{301}", count: 40) + String(repeating: "x", count: 23), "***"),
        // What a terminal would not show as it is.
        ("\u{1B}[31m" + String(repeating: "x", count: 30), "***"),
        ("ab\u{200B}" + String(repeating: "x", count: 30), "***"),
        ("ab\n" + String(repeating: "x", count: 10), "***"),
        ("\u{202E}" + String(repeating: "x", count: 30), "***"),
        ("ab\u{2028}" + String(repeating: "x", count: 30), "***"),
        ("ab\u{E000}" + String(repeating: "x", count: 30), "***"),
        // What is not shown does not matter.
        ("12345678\n" + String(repeating: "x", count: 30), "12345678***"),
    ]

    @Test(arguments: shown)
    func atMostAThirdOfAValueIsShown(value: String, mask: String) {
        #expect(Mask(of: SecretBytes(value)).text == mask)
    }

    @Test(arguments: [
        [UInt8](repeating: 0xFF, count: 40),
        // Valid where it would be shown, and not behind.
        Array("123456789012345678901234".utf8) + [0xC3],
        // A surrogate, and an overlong form.
        Array("12345678901234567890123456789".utf8) + [0xED, 0xA0, 0x80],
        Array("12345678901234567890123456789".utf8) + [0xC0, 0xAF],
    ])
    func nothingIsShownOfBytesThatAreNoText(value: [UInt8]) {
        #expect(Mask(of: SecretBytes(copying: value)).text == "***")
    }
}

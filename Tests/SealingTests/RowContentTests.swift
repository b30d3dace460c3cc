// SPDX-License-Identifier: Apache-2.0

internal import Sealing
internal import Testing

struct RowContentTests {
    static let lookalikes: [(RowContent, RowContent)] = [
        (RowContent("t").adding("ab").adding("c"), RowContent("t").adding("a").adding("bc")),
        (RowContent("t").adding("ab"), RowContent("ta").adding("b")),
        (RowContent("t").adding(""), RowContent("t")),
        (RowContent("t").adding("").adding("a"), RowContent("t").adding("a").adding("")),
        (RowContent("t").adding("a"), RowContent("t").adding([UInt8(ascii: "a")])),
        (RowContent("t").adding(Int64(0)), RowContent("t").adding([UInt8](repeating: 0, count: 8))),
        (RowContent("t").adding(optional: String?.none), RowContent("t").adding("")),
        (RowContent("t").adding(optional: Int64?.none), RowContent("t").adding(Int64(0))),
        (RowContent("t").adding(optional: [UInt8]?.none), RowContent("t").adding([UInt8]())),
        (
            RowContent("t").adding(optional: String?.none).adding("a"),
            RowContent("t").adding("a").adding(optional: String?.none)
        ),
        (RowContent("t").adding(Int64(1)).adding(Int64(-1)), RowContent("t").adding(Int64(-1)).adding(Int64(1))),
        // A text that looks like two fields.
        (RowContent("t").adding("a\u{1}\0\0\0\u{1}b"), RowContent("t").adding("a").adding("b")),
    ]

    @Test(arguments: lookalikes)
    func differentFieldsAreDifferentContent(first: RowContent, second: RowContent) {
        #expect(first != second)
        let ring = KeyRing.generate()
        #expect(ring.rowCode(for: first, scope: .system) != ring.rowCode(for: second, scope: .system))
    }

    @Test func anOptionalFieldThatIsThereIsTheField() {
        #expect(RowContent("t").adding(optional: "a") == RowContent("t").adding("a"))
        #expect(RowContent("t").adding(optional: Int64(4)) == RowContent("t").adding(Int64(4)))
        #expect(RowContent("t").adding(optional: [UInt8]([4])) == RowContent("t").adding([UInt8]([4])))
    }

    @Test func addingLeavesTheOriginalAsItWas() {
        let original = RowContent("t").adding("a")
        _ = original.adding("b")
        #expect(original == RowContent("t").adding("a"))
    }
}

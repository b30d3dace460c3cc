// SPDX-License-Identifier: Apache-2.0

import APITypes
import Commands
import Testing
import VaultModel

struct ImportReviewTests {
    private static func entry(
        _ name: String,
        kind: EntryKind = .secret,
        action: ImportAction = .create,
        id: String? = nil
    ) -> ImportEntryBody {
        ImportEntryBody(
            line: 1,
            name: name,
            kind: kind,
            reason: "unknown",
            action: action,
            length: 3,
            mask: "***",
            provider: nil,
            flags: [],
            id: id
        )
    }

    private static func plan(_ entries: [ImportEntryBody], conflicts: [ConflictBody] = []) -> ImportBody {
        ImportBody(
            planId: "p",
            applied: false,
            entries: entries,
            conflicts: conflicts,
            findings: [],
            unlistedFindings: 0,
            attachedTo: [],
            stale: []
        )
    }

    private static let three = plan([entry("A"), entry("B", kind: .variable), entry("C")])

    private func pressing(_ keys: [Key], in plan: ImportBody = three) -> ImportReview {
        var review = ImportReview(plan)
        for key in keys { _ = review.press(key) }
        return review
    }

    private func typing(_ text: String) -> [Key] { text.map { .character($0) } }

    @Test func withoutAChoiceNothingIsChosen() {
        #expect(pressing([.down, .up, .end, .home, .pageDown, .pageUp]).choices.isEmpty)
    }

    @Test func enterConfirmsAndQOrEscapeLeaves() {
        var review = ImportReview(Self.three)
        #expect(review.press(.down) == nil)
        #expect(review.press(.enter) == .confirmed)
        #expect(review.press(.character("q")) == .cancelled)
        #expect(review.press(.escape) == .cancelled)
    }

    @Test func aLineIsSkippedAndTheNextOneIsNext() {
        #expect(
            pressing([.character(" "), .character("s")]).choices == [
                ImportChoice(name: "A", skip: true), ImportChoice(name: "B", skip: true),
            ]
        )
        #expect(pressing([.character(" "), .up, .character(" ")]).choices.isEmpty)
    }

    @Test func aKindIsChangedAndChangedBack() {
        #expect(pressing([.character("k")]).choices == [ImportChoice(name: "A", kind: .variable)])
        #expect(pressing([.down, .character("k")]).choices == [ImportChoice(name: "B", kind: .secret)])
        #expect(pressing([.character("k"), .character("k")]).choices.isEmpty)
    }

    @Test func aSecretThatExistsStaysOne() {
        var review = pressing([.character("k")], in: Self.plan([Self.entry("A", id: "1")]))
        #expect(review.choices.isEmpty)
        #expect(review.lines(columns: 80, rows: 10).contains { $0.text.contains("stays one") })
    }

    @Test func aNameIsChanged() {
        let keys: [Key] = [.down, .character("r")] + typing("_2x") + [.backspace, .enter]
        #expect(pressing(keys).choices == [ImportChoice(name: "B", rename: "B_2")])
    }

    @Test func aNameThatIsNoneIsNotTaken() {
        var review = pressing([.character("r")] + typing("-x") + [.enter])
        #expect(review.choices.isEmpty)
        #expect(review.lines(columns: 80, rows: 10).last?.text == "new name: A-x_")
        _ = review.press(.escape)
        #expect(review.press(.enter) == .confirmed)
        #expect(review.choices.isEmpty)
    }

    @Test func qIsALetterWhileANameIsTyped() {
        #expect(pressing([.character("r")] + typing("q") + [.enter]).choices == [ImportChoice(name: "A", rename: "Aq")])
    }

    @Test func whatExistsIsUpdatedOnlyWhenChosen() {
        let plan = Self.plan(
            [Self.entry("A"), Self.entry("B", action: .conflict, id: "1")],
            conflicts: [ConflictBody(code: .duplicateName, name: "B")]
        )
        var review = pressing([], in: plan)
        #expect(review.lines(columns: 80, rows: 10).contains { $0.isMarked && $0.text.contains("B") })
        #expect(review.lines(columns: 80, rows: 10).contains { $0.text == "B exists already" })
        _ = review.press(.character("u"))
        #expect(review.choices == [ImportChoice(name: "B", onExisting: .update)])
        #expect(pressing([.home, .character("u")], in: plan).choices.isEmpty)
    }

    @Test(arguments: [(80, 24), (20, 6), (10, 3), (200, 100), (1, 1)])
    func theScreenHoldsTheMarkedLineAndNothingIsWiderThanIt(columns: Int, rows: Int) {
        let plan = Self.plan((0..<50).map { Self.entry("NAME_\($0)") })
        for steps in [0, 1, 17, 49] {
            var review = pressing(Array(repeating: .down, count: steps), in: plan)
            let lines = review.lines(columns: columns, rows: rows)
            #expect(lines.count { $0.isMarked } == 1)
            #expect(lines.allSatisfy { $0.text.displayWidth <= columns })
            #expect(lines.count <= max(rows, 5))
        }
    }

    @Test func aPlanWithoutEntriesIsShownToo() {
        var review = pressing(
            [.down, .character(" "), .character("k"), .character("r"), .character("u")],
            in: Self.plan([])
        )
        #expect(review.choices.isEmpty)
        #expect(review.lines(columns: 80, rows: 24).first?.text == "import: 0 of 0 entries")
    }
}

// SPDX-License-Identifier: Apache-2.0

import APITypes
import Commands
import Glibc
import Testing
import VaultModel

struct OutputTests {
    @Test(arguments: [Int64(0), 1_769_851_800_000, 1_769_851_800_999, -1])
    func aTimeIsShownInTheZoneOfThisMachine(milliseconds: Int64) throws {
        let shown = Timestamp(milliseconds: milliseconds).local
        let numbers = shown.split { "- :".contains($0) }.compactMap { Int32($0) }
        try #require(shown.count == 19 && numbers.count == 6)
        var parts = tm()
        parts.tm_year = numbers[0] - 1900
        parts.tm_mon = numbers[1] - 1
        parts.tm_mday = numbers[2]
        parts.tm_hour = numbers[3]
        parts.tm_min = numbers[4]
        parts.tm_sec = numbers[5]
        parts.tm_isdst = -1
        #expect(Int64(mktime(&parts)) == Int64((Double(milliseconds) / 1000).rounded(.down)))
        #expect(Timestamp(milliseconds: milliseconds).localWithZone.hasPrefix(shown + " "))
    }

    private static func plan(applied: Bool, _ findings: [FindingBody] = []) -> ImportBody {
        ImportBody(
            planId: "p1",
            applied: applied,
            entries: [
                ImportEntryBody(
                    line: 1,
                    name: "API_KEY",
                    kind: .secret,
                    reason: "name",
                    action: .create,
                    length: 40,
                    mask: "sk-abcde***",
                    provider: "openai",
                    flags: ["W_DOLLAR", "W_MULTILINE"],
                    id: nil
                ),
                ImportEntryBody(
                    line: 12,
                    name: "B",
                    kind: .variable,
                    reason: "guess",
                    action: .same,
                    length: 1,
                    mask: "***",
                    provider: nil,
                    flags: [],
                    id: nil
                ),
            ],
            findings: findings,
            unlistedFindings: 0,
            attachedTo: [NamedBody(id: "1", name: "bot")],
            stale: []
        )
    }

    @Test func aPlanShowsWhatWouldBeDoneAndThatNothingWas() {
        #expect(
            Self.plan(applied: false).text == """
                LINE  NAME     KIND      WHY    ACTION  LENGTH  MASK         PROVIDER  FLAGS
                1     API_KEY  secret    name   create  40      sk-abcde***  openai    W_DOLLAR,W_MULTILINE
                12    B        variable  guess  same    1       ***          -         -
                nothing was written: 1 create, 1 same
                plan: p1
                attached to: bot

                """
        )
        let applied = Self.plan(applied: true).text
        #expect(applied.hasPrefix("LINE  NAME"))
        #expect(applied.contains("\nimported: 1 create, 1 same\n"))
        #expect(!applied.contains("plan:"))
    }

    @Test(arguments: [("ambiguous", true), ("risk", true), ("info", false), ("error", false)])
    func aFileIsDoubtfulWhereAnotherReaderWouldDiffer(severity: String, isDoubtful: Bool) {
        let finding = FindingBody(line: 1, column: 1, code: "W_X", severity: severity, text: "x")
        #expect(Self.plan(applied: false, [finding]).isDoubtful == isDoubtful)
        #expect(!Self.plan(applied: false).isDoubtful)
    }

    @Test func aDocumentIsOneLineAndAlwaysTheSame() {
        let text = JSONDocument(["b": "x/\n\u{1B}", "a": "日"]).text
        #expect(text == #"{"a":"日","b":"x/\n\u001b"}"#)
    }
}

// SPDX-License-Identifier: Apache-2.0

import APITypes
import Commands
import EnvironmentFile
import Testing
import VaultModel

struct ExportTests {
    private static func entry(_ name: String, _ kind: EntryKind, _ value: String?) -> SecretBody {
        let time = Timestamp(milliseconds: 0)
        return SecretBody(
            id: name,
            name: name,
            kind: kind,
            version: 1,
            value: value,
            mask: kind == .secret ? "sk-cana***" : nil,
            provider: nil,
            note: "",
            createdAt: time,
            updatedAt: time,
            expiresAt: nil,
            agents: 0,
            intact: value != nil || kind == .secret
        )
    }

    private static let entries = [
        entry("ZONE", .variable, "eu-west-3"), entry("KEY", .secret, nil), entry("GREETING", .variable, "it is #1"),
        entry("BELL", .variable, "\u{7}"), entry("LOST", .variable, nil),
    ]

    @Test func variablesHaveTheirValuesAndSecretsTheirNames() {
        let document = VariableExport(of: Self.entries).document
        #expect(
            document.file == """
                # Written by attache secrets export; secrets stand here by name only.
                # no form of this value is read back as it is
                # BELL=
                # read otherwise, or refused, by: docker
                GREETING='it is #1'
                # KEY=
                # LOST=
                ZONE=eu-west-3

                """
        )
        #expect(document.variables == 2)
        #expect(document.secrets == ["KEY"])
        #expect(document.unwritten == ["BELL", "LOST"])
        #expect(document.differences.map(\.name) == ["GREETING"])
        #expect(document.differences.map(\.readers) == [["docker"]])
    }

    @Test func aFileForOneReaderIsWrittenForIt() {
        let document = VariableExport(of: Self.entries, for: .docker).document
        #expect(document.file.contains("\nGREETING=it is #1\n"))
        #expect(document.differences.isEmpty)
    }

    @Test func anExampleIsComparedByNames() {
        let comparison = ExampleComparison(
            agent: "bot",
            wanted: ["B", "A", "E"],
            received: ["E", "X", "A"],
            empty: ["E", "X", "Q"]
        )
        #expect(comparison.missing == ["B"])
        #expect(comparison.superfluous == ["X"])
        #expect(comparison.empty == ["E"])
        #expect(comparison.text == "NAME  STATE\nB     missing\nX     superfluous\nE     empty\n")
        let same = ExampleComparison(agent: "bot", wanted: ["A"], received: ["A"], empty: [])
        #expect(same.text == "bot receives what the example asks for\n")
    }
}

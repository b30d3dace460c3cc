// SPDX-License-Identifier: Apache-2.0

import AccessRules
import Testing
import VaultModel

struct AttachmentRulesTests {
    private func candidate(_ number: Int, _ name: String, provider: String? = nil) throws -> AttachmentCandidate {
        let digits = String(number)
        let padded = String(repeating: "0", count: 12 - digits.count) + digits
        return AttachmentCandidate(
            entry: EntryID("00000000-0000-7000-8000-\(padded)"),
            name: name,
            variable: try EnvironmentName(name),
            provider: provider.flatMap(ProviderID.init)
        )
    }

    @Test func differentEntriesOfDifferentProvidersMayBeAttached() throws {
        let held = [try candidate(1, "A", provider: "openai")]
        let new = [try candidate(2, "B", provider: "anthropic"), try candidate(3, "C")]
        #expect(AttachmentRules.conflicts(attaching: new, to: held) == [])
    }

    @Test func aProviderStandsInThePlaceOfOneOfItsCredentials() throws {
        guard let id = ProviderID("openai") else { return }
        let provider = AttachmentCandidate(provider: id, variable: try EnvironmentName("OPENAI_API_KEY"))
        let credential = try candidate(1, "WORK", provider: "openai")
        let conflicts = AttachmentRules.conflicts(attaching: [credential], to: [provider])
        #expect(conflicts == [.duplicateProvider(name: "WORK", with: "openai")])
        #expect(
            AttachmentRules.conflicts(attaching: [provider], to: [credential])
                == [.duplicateProvider(name: "openai", with: "WORK")]
        )
        #expect(AttachmentRules.conflicts(attaching: [provider], to: [provider]) == [.alreadyAttached(name: "openai")])
        #expect(
            AttachmentRules.conflicts(attaching: [try candidate(2, "OPENAI_API_KEY")], to: [provider])
                == [.duplicateVariable(name: "OPENAI_API_KEY", with: "openai")]
        )
    }

    @Test func anAttachedEntryIsRefused() throws {
        let held = [try candidate(1, "A")]
        #expect(AttachmentRules.conflicts(attaching: held, to: held) == [.alreadyAttached(name: "A")])
    }

    @Test func anEntryNamedTwiceInOneRequestIsRefused() throws {
        let new = [try candidate(1, "A"), try candidate(1, "A")]
        #expect(AttachmentRules.conflicts(attaching: new, to: []) == [.alreadyAttached(name: "A")])
    }

    @Test func aSecondCredentialOfAProviderIsRefusedAndNamesTheFirst() throws {
        let held = [try candidate(1, "FIRST", provider: "openai")]
        let new = [try candidate(2, "SECOND", provider: "openai")]
        #expect(
            AttachmentRules.conflicts(attaching: new, to: held)
                == [.duplicateProvider(name: "SECOND", with: "FIRST")]
        )
    }

    @Test func twoEntriesForOneVariableAreRefused() throws {
        let held = [try candidate(1, "A")]
        let new = [try candidate(2, "A")]
        #expect(AttachmentRules.conflicts(attaching: new, to: held) == [.duplicateVariable(name: "A", with: "A")])
    }

    @Test func entriesOfOneRequestConflictWithEachOther() throws {
        let new = [try candidate(1, "A", provider: "openai"), try candidate(2, "B", provider: "openai")]
        #expect(
            AttachmentRules.conflicts(attaching: new, to: []) == [.duplicateProvider(name: "B", with: "A")]
        )
    }

    @Test func everyConflictIsNamed() throws {
        let held = [try candidate(1, "A", provider: "openai"), try candidate(2, "B")]
        let new = [try candidate(2, "B"), try candidate(3, "A", provider: "openai")]
        #expect(
            AttachmentRules.conflicts(attaching: new, to: held) == [
                .alreadyAttached(name: "B"),
                .duplicateProvider(name: "A", with: "A"),
                .duplicateVariable(name: "A", with: "A"),
            ]
        )
    }

    @Test(arguments: [
        (EntryKind.secret, EntryKind.variable, false), (.credential, .credential, true), (.credential, .secret, false),
        (.credential, .variable, false), (.secret, .credential, false), (.variable, .credential, false),
        (.variable, .secret, true),
        (.secret, .secret, true),
        (.variable, .variable, true),
    ])
    func onlyASecretCannotBecomeReadable(old: EntryKind, new: EntryKind, allowed: Bool) {
        #expect(AttachmentRules.kindMayChange(from: old, to: new) == allowed)
    }
}

// SPDX-License-Identifier: Apache-2.0

import APITypes
import Storage
import TestSupport
import Testing
import VaultCore
import VaultModel

struct TeamTests {
    /// A workspace `acme` of ada, with grace as a member of some role.
    private func team(_ role: Role) async throws -> (test: TestVault, ada: TestPerson, grace: TestPerson) {
        let test = try await TestVault.make()
        let ada = try await test.person("ada")
        let grace = try await test.person("grace")
        try await test.share("acme", by: ada)
        try await test.invite(grace, into: "acme", as: role, by: ada)
        return (test, ada, grace)
    }

    private func create(_ name: String, _ value: String, in test: TestVault, by caller: Caller) async throws {
        let body = CreateSecretBody(name: name, kind: .secret, value: .text(value))
        _ = try await test.vault.createSecret(body, by: caller)
    }

    @Test func everybodyHasAPersonalWorkspaceThatNobodyElseSees() async throws {
        let test = try await TestVault.make()
        let ada = try await test.person("ada")
        let grace = try await test.person("grace")
        try await create("TOKEN", "ada's", in: test, by: test.caller(ada))
        let hers = try #require(ada.workspaces.first)
        #expect(hers.isPersonal)
        for reference in [hers.id, "Personal"] {
            let caller = try await test.caller(grace, in: reference)
            let seen = try? await test.vault.secrets(PageRequest(), by: caller).secrets
            #expect(seen?.isEmpty ?? true)
        }
        await #expect(throws: VaultError.notFound(.workspace)) {
            _ = try await test.vault.secrets(PageRequest(), by: test.caller(grace, in: hers.id))
        }
    }

    @Test func aSharedWorkspaceIsChosenByNameOrID() async throws {
        let (test, ada, grace) = try await team(.member)
        let acme = try #require(try await test.vault.workspaces(by: test.caller(ada)).workspaces.last)
        try await create("TOKEN", "shared", in: test, by: test.caller(ada, in: acme.id))
        for reference in [acme.id, "acme", "ACME"] {
            let page = try await test.vault.secrets(PageRequest(), by: test.caller(grace, in: reference))
            #expect(page.secrets.map(\.name) == ["TOKEN"])
        }
    }

    @Test func aWorkspaceComesWithAKeyThatIsItsOwn() async throws {
        let test = try await TestVault.make()
        let ada = try await test.person("ada")
        let made = try await test.share("acme", by: ada)
        let key = try await test.vault.authenticate(Array((made.apiKey?.token ?? "").utf8))
        #expect(try await test.vault.workspace(by: key).id == made.id)
        await #expect(throws: VaultError.notFound(.workspace)) {
            _ = try await test.vault.authenticate(Array(test.workspaceKey.utf8), in: "acme")
        }
    }

    @Test(arguments: [Role.member, .admin])
    func aRoleThatIsTakenAwayIsGoneAtTheNextRequestOfALiveSession(role: Role) async throws {
        let (test, ada, grace) = try await team(.owner)
        let caller = try await test.caller(grace, in: "acme")
        let key = try await test.vault.createAPIKey(CreateAPIKeyBody(name: "k", role: .owner), by: caller)
        let keyCaller = try await test.vault.authenticate(Array((key.token ?? "").utf8))
        _ = try await test.vault.updateMember("grace", UpdateMemberBody(role: role), by: test.caller(ada, in: "acme"))
        await #expect(throws: VaultError.denied(.workspaceDelete)) { try await test.vault.deleteWorkspace(by: caller) }
        await #expect(throws: VaultError.denied(.workspaceDelete)) {
            try await test.vault.deleteWorkspace(by: keyCaller)
        }
    }

    @Test func aRemovedMemberIsOutAtTheNextRequestOfALiveSessionAndOfEveryKey() async throws {
        let (test, ada, grace) = try await team(.admin)
        let caller = try await test.caller(grace, in: "acme")
        let key = try await test.vault.createAPIKey(CreateAPIKeyBody(name: "hers"), by: caller)
        let keyCaller = try await test.vault.authenticate(Array((key.token ?? "").utf8))
        let removed = try await test.vault.removeMember("grace@example.org", by: test.caller(ada, in: "acme"))
        #expect(removed.revokedKeys.map(\.name) == ["hers"])
        await #expect(throws: VaultError.notFound(.workspace)) { _ = try await test.vault.members(by: caller) }
        await #expect(throws: VaultError.token(.revoked)) { _ = try await test.vault.members(by: keyCaller) }
        // What belongs to the person alone stays.
        #expect(try await test.vault.workspaces(by: test.caller(grace)).workspaces.count == 1)
    }

    /// By a key, nobody leaves for its maker: it takes the right to remove, and an owner inherits.
    @Test func aKeyRemovesItsMakerOnlyWithTheRightToRemove() async throws {
        let (test, ada, grace) = try await team(.admin)
        let caller = try await test.caller(grace, in: "acme")
        func key(_ role: Role) async throws -> Caller {
            let made = try await test.vault.createAPIKey(CreateAPIKeyBody(name: role.rawValue, role: role), by: caller)
            return try await test.vault.authenticate(Array((made.token ?? "").utf8))
        }
        let (low, high) = (try await key(.member), try await key(.admin))
        await #expect(throws: VaultError.denied(.memberRemove)) {
            _ = try await test.vault.removeMember("grace", by: low)
        }
        try await create("TOKEN", "hers", in: test, by: caller)
        let removed = try await test.vault.removeMember("grace", by: high)
        #expect(removed.heir.id == ada.id.text)
        #expect(removed.entries == 1)
    }

    @Test func aKeyDoesNotRemoveTheLastOwner() async throws {
        let test = try await TestVault.make()
        let key = try await test.vault.authenticate(Array(test.workspaceKey.utf8))
        await #expect(throws: VaultError.lastOwner) {
            _ = try await test.vault.removeMember("operator", by: key)
        }
    }

    @Test func whoComesBackHasNoneOfTheOldKeys() async throws {
        let (test, ada, grace) = try await team(.admin)
        let caller = try await test.caller(grace, in: "acme")
        let key = try await test.vault.createAPIKey(CreateAPIKeyBody(name: "hers"), by: caller)
        _ = try await test.vault.removeMember("grace", by: test.caller(ada, in: "acme"))
        try await test.invite(grace, into: "acme", as: .member, by: ada)
        await #expect(throws: VaultError.token(.revoked)) {
            _ = try await test.vault.authenticate(Array((key.token ?? "").utf8))
        }
        await #expect(throws: VaultError.denied(.entryCreate)) { try await create("X", "x", in: test, by: caller) }
    }

    @Test func whatALeavingMemberOwnedIsSealedForTheRemoverAndStillStarts() async throws {
        let (test, ada, grace) = try await team(.admin)
        let hers = try await test.caller(grace, in: "acme")
        let adas = try await test.caller(ada, in: "acme")
        try await create("TOKEN", "sk-live-0123456789abcdefghij", in: test, by: hers)
        let plain = CreateSecretBody(name: "REGION", kind: .variable, value: .text("eu"))
        _ = try await test.vault.createSecret(plain, by: hers)
        try await create("OLD", "gone", in: test, by: hers)
        try await test.vault.deleteSecret("OLD", by: hers)
        let body = CreateAgentBody(name: "bot", secretIds: ["TOKEN", "REGION"])
        let agent = try await test.vault.createAgent(body, by: hers)
        #expect(try await test.start(agent) == ["REGION=eu", "TOKEN=sk-live-0123456789abcdefghij"])
        let workspace = try #require(WorkspaceID(try await test.vault.workspace(by: adas).id))
        let before = try await salts(in: workspace, of: test)

        let removed = try await test.vault.removeMember("grace", by: adas)
        #expect(removed.entries == 2)
        #expect(removed.damaged.isEmpty)
        #expect(removed.heir.id == ada.id.text)
        #expect(removed.agents.map(\.name) == ["bot"])
        #expect(try await test.start(agent) == ["REGION=eu", "TOKEN=sk-live-0123456789abcdefghij"])
        let members = try await test.vault.members(by: adas).members
        #expect(members.map(\.entries) == [2])
        #expect(before.contains(grace.id))
        #expect(try await salts(in: workspace, of: test) == [ada.id])
        let page = try await test.vault.secrets(PageRequest(), by: adas)
        #expect(page.secrets.map(\.intact) == [true, true])
    }

    private func salts(in workspace: WorkspaceID, of test: TestVault) async throws -> Set<UserID> {
        try await test.engine.read { Set(try $0.ownerSalts(in: workspace).filter { !$0.salt.isEmpty }.map(\.userID)) }
    }

    @Test func aDamagedEntryDoesNotKeepAMemberIn() async throws {
        let (test, ada, grace) = try await team(.admin)
        let hers = try await test.caller(grace, in: "acme")
        let adas = try await test.caller(ada, in: "acme")
        try await create("GOOD", "good", in: test, by: hers)
        try await create("BAD", "bad", in: test, by: hers)
        let workspace = try #require(WorkspaceID(try await test.vault.workspace(by: adas).id))
        try await test.engine.write { connection in
            _ = try connection.execute("UPDATE entries SET note = 'x', row_code = x'00' WHERE name = 'BAD'", [])
        }
        let removed = try await test.vault.removeMember("grace", by: adas)
        #expect(removed.entries == 1)
        #expect(removed.damaged == ["BAD"])
        // Its keys are kept, in case that a backup has the row as it was.
        #expect(try await salts(in: workspace, of: test) == [ada.id, grace.id])
        let page = try await test.vault.secrets(PageRequest(), by: adas)
        #expect(page.secrets.map(\.intact) == [true, false])
    }

    @Test func whoLeavesLeavesEverythingToTheOldestOtherOwner() async throws {
        let (test, ada, grace) = try await team(.member)
        let hers = try await test.caller(grace, in: "acme")
        _ = try await test.vault.updateMember("grace", UpdateMemberBody(role: .admin), by: test.caller(ada, in: "acme"))
        try await create("TOKEN", "value", in: test, by: hers)
        _ = try await test.vault.updateMember(
            "grace",
            UpdateMemberBody(role: .member),
            by: test.caller(ada, in: "acme")
        )
        let left = try await test.vault.removeMember(grace.id.text, by: hers)
        #expect(left.heir.id == ada.id.text)
        let members = try await test.vault.members(by: test.caller(ada, in: "acme")).members
        #expect(members.map(\.entries) == [1])
    }

    @Test func theLastOwnerStays() async throws {
        let (test, ada, _) = try await team(.admin)
        let caller = try await test.caller(ada, in: "acme")
        await #expect(throws: VaultError.lastOwner) { _ = try await test.vault.removeMember("ada", by: caller) }
        await #expect(throws: VaultError.lastOwner) {
            _ = try await test.vault.updateMember("ada", UpdateMemberBody(role: .member), by: caller)
        }
        await #expect(throws: VaultError.lastOwner) {
            _ = try await test.vault.removeMember("ada", by: test.caller(ada))
        }
    }

    @Test func anAdminMakesNoOwnerAndRemovesNone() async throws {
        let (test, _, grace) = try await team(.admin)
        let caller = try await test.caller(grace, in: "acme")
        await #expect(throws: VaultError.denied(.memberUpdate)) {
            _ = try await test.vault.updateMember("grace", UpdateMemberBody(role: .owner), by: caller)
        }
        await #expect(throws: VaultError.denied(.memberUpdate)) {
            _ = try await test.vault.updateMember("ada", UpdateMemberBody(role: .member), by: caller)
        }
        await #expect(throws: VaultError.denied(.memberRemove)) {
            _ = try await test.vault.removeMember("ada", by: caller)
        }
        await #expect(throws: VaultError.denied(.invitationCreate)) {
            let body = CreateInvitationBody(email: "x@example.org", role: .owner)
            _ = try await test.vault.createInvitation(body, by: caller)
        }
        let refusals = try await test.vault.audit(PageRequest(), by: caller).entries.filter { !$0.allowed }
        #expect(refusals.map(\.action) == ["invitation.create", "member.remove", "member.update"])
    }

    @Test func aKeyMakesNoWorkspaceAndDoesNotLeaveOne() async throws {
        let test = try await TestVault.make()
        let key = try await test.vault.authenticate(Array(test.workspaceKey.utf8))
        await #expect(throws: VaultError.denied(.workspaceCreate)) {
            _ = try await test.vault.createWorkspace(CreateWorkspaceBody(name: "x"), by: key)
        }
        await #expect(throws: VaultError.denied(.accountView)) { _ = try await test.vault.account(by: key) }
    }

    @Test func oneRowThatWasChangedFromOutsideMakesNobodyAnOwner() async throws {
        let (test, _, grace) = try await team(.member)
        let caller = try await test.caller(grace, in: "acme")
        try await test.engine.write { connection in
            _ = try connection.execute("UPDATE memberships SET role = 'owner' WHERE role = 'member'", [])
        }
        await #expect(throws: VaultError.integrity(entry: nil)) { try await test.vault.deleteWorkspace(by: caller) }
    }

    @Test func aDeletedWorkspaceIsGoneForEverybodyAndItsValuesAreDestroyed() async throws {
        let (test, ada, grace) = try await team(.admin)
        let adas = try await test.caller(ada, in: "acme")
        let plain = CreateSecretBody(name: "REGION", kind: .variable, value: .text("readable-canary-7431"))
        _ = try await test.vault.createSecret(plain, by: adas)
        let agent = try await test.vault.createAgent(CreateAgentBody(name: "bot", secretIds: ["REGION"]), by: adas)
        let workspace = try #require(WorkspaceID(try await test.vault.workspace(by: adas).id))
        await #expect(throws: VaultError.denied(.workspaceDelete)) {
            try await test.vault.deleteWorkspace(by: test.caller(grace, in: "acme"))
        }
        try await test.vault.deleteWorkspace(by: adas)
        for caller in [adas, try await test.caller(grace, in: "acme")] {
            await #expect(throws: VaultError.notFound(.workspace)) { _ = try await test.vault.status(by: caller) }
        }
        await #expect(throws: VaultError.token(.revoked)) { _ = try await test.start(agent) }
        #expect(try await salts(in: workspace, of: test).isEmpty)
        #expect(try !test.bytesOnDisk(contain: "readable-canary-7431"))
        #expect(try await test.vault.workspaces(by: test.caller(ada)).workspaces.map(\.name) == ["personal"])
    }

    @Test func aPersonalWorkspaceIsNeitherSharedNorDeleted() async throws {
        let test = try await TestVault.make()
        let ada = try await test.person("ada")
        let caller = try await test.caller(ada)
        await #expect(throws: VaultError.personalWorkspace) {
            _ = try await test.vault.createInvitation(CreateInvitationBody(email: "x@example.org"), by: caller)
        }
        await #expect(throws: VaultError.personalWorkspace) { try await test.vault.deleteWorkspace(by: caller) }
    }

    @Test func twoWorkspacesOfOneNameAreNotOfOnePerson() async throws {
        let test = try await TestVault.make()
        let ada = try await test.person("ada")
        try await test.share("acme", by: ada)
        await #expect(throws: VaultError.self) { try await test.share("Acme", by: ada) }
    }
}

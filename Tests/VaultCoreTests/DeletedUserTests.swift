// SPDX-License-Identifier: Apache-2.0

import APITypes
import Storage
import TestSupport
import Testing
import VaultCore
import VaultModel

/// A person whom the operator deletes: what ends, what changes hands, and what is refused.
struct DeletedUserTests {
    /// A workspace `acme` of ada, in which grace is an admin; each has a secret of the own in it.
    private struct Team {
        let test: TestVault
        let ada: TestPerson
        let grace: TestPerson

        static func make() async throws -> Team {
            let test = try await TestVault.make()
            let team = Team(test: test, ada: try await test.person("ada"), grace: try await test.person("grace"))
            try await test.share("acme", by: team.ada)
            try await test.invite(team.grace, into: "acme", as: .admin, by: team.ada)
            for (person, name) in [(team.ada, "ADAS"), (team.grace, "GRACES")] {
                let body = CreateSecretBody(name: name, kind: .secret, value: .text("value of \(name)"))
                _ = try await test.vault.createSecret(body, by: test.caller(person, in: "acme"))
            }
            return team
        }

        func delete(_ reference: String) async throws -> DeletedUserBody {
            try await test.vault.deleteUser(reference, by: test.localOperator)
        }

        func problems() async throws -> [String] {
            try await test.vault.verifyEverything(by: test.localOperator).problems
        }
    }

    @Test(arguments: ["grace@example.org", "grace"])
    func everyWayInEndsAtOnceAndWhatWasSharedIsTheOwners(reference: String) async throws {
        let team = try await Team.make()
        let hers = try await team.test.caller(team.grace, in: "acme")
        let key = try await team.test.vault.createAPIKey(CreateAPIKeyBody(name: "ci"), by: hers)
        let agent = try await team.test.vault.createAgent(CreateAgentBody(name: "bot", secretIds: ["GRACES"]), by: hers)
        let own = CreateSecretBody(name: "OWN", kind: .secret, value: .text("value of OWN"))
        _ = try await team.test.vault.createSecret(own, by: team.test.caller(team.grace))

        let deleted = try await team.delete(reference)
        #expect(deleted.sessions == 2 && deleted.personalEntries == 1 && deleted.deletedWorkspaces.isEmpty)
        let left = try #require(deleted.workspaces.first)
        #expect(left.workspace.name == "acme" && left.removed.heir.name == "ada" && left.removed.entries == 1)
        #expect(left.removed.revokedKeys.map(\.name) == ["ci"] && left.removed.agents.map(\.name) == ["bot"])

        await #expect(throws: VaultError.token(.revoked)) { _ = try await team.test.caller(team.grace, in: "acme") }
        await #expect(throws: VaultError.loginFailed) {
            _ = try await team.test.logIn(team.grace.email, team.grace.password)
        }
        await #expect(throws: VaultError.token(.revoked)) {
            _ = try await team.test.vault.authenticate(Array((key.token ?? "").utf8))
        }
        // The agent is the workspace's, and starts with what is the owner's now.
        #expect(try await team.test.start(agent) == ["GRACES=value of GRACES"])
        #expect(try await team.test.vault.users(by: team.test.localOperator).users.map(\.name) == ["operator", "ada"])
        #expect(try await team.problems() == [])
    }

    @Test func theTrailsKeepWhatWasDone() async throws {
        let team = try await Team.make()
        _ = try await team.delete("grace")
        let actions = try await team.test.vault.audit(PageRequest(), AuditFilter(), by: team.test.localOperator)
        #expect(actions.entries.first?.action == "user.delete")
        let inside = try await team.test.caller(team.ada, in: "acme")
        let shared = try await team.test.vault.audit(PageRequest(), AuditFilter(), by: inside)
        #expect(shared.entries.first?.action == "member.remove")
        #expect(shared.entries.first?.subjects.first?.name == "grace")
    }

    @Test func theAddressIsFreeForAnotherPerson() async throws {
        let team = try await Team.make()
        let before = team.grace.id
        _ = try await team.delete("grace")
        let again = try await team.test.person("grace")
        #expect(again.id != before)
        try await team.test.invite(again, into: "acme", as: .member, by: team.ada)
        let page = try await team.test.vault.secrets(PageRequest(), by: team.test.caller(again, in: "acme"))
        #expect(page.secrets.count == 2)
    }

    @Test func nothingIsDoneWhereOthersWouldBeLeftWithoutAnOwner() async throws {
        let team = try await Team.make()
        await #expect(throws: VaultError.conflicts([ConflictBody(code: .lastOwner, name: "acme")])) {
            _ = try await team.delete("ada")
        }
        #expect(try await team.test.vault.members(by: team.test.caller(team.ada, in: "acme")).members.count == 2)
    }

    @Test func aWorkspaceThatNobodyElseIsInGoesWithThePerson() async throws {
        let team = try await Team.make()
        try await team.test.share("alone", by: team.grace)
        let deleted = try await team.delete("grace")
        #expect(deleted.deletedWorkspaces.map(\.name) == ["alone"])
        #expect(try await team.problems() == [])
    }

    @Test func whoseKeysWereDestroyedIsDeletedAsWell() async throws {
        let team = try await Team.make()
        _ = try await team.test.vault.shredUser(ShredUserBody(user: "grace"), by: team.test.localOperator)
        #expect(try await team.delete("grace").workspaces.map(\.removed.entries) == [0])
        #expect(try await team.problems() == [])
    }

    @Test func keysRotateAfterIt() async throws {
        let team = try await Team.make()
        _ = try await team.delete("grace")
        _ = try await team.test.vault.beginRotation(RotateKeysBody(kind: "epoch"), by: team.test.localOperator)
        var last: RotationBody?
        while let step = try await team.test.vault.advanceRotation() { last = step }
        #expect(last?.phase == "done")
        #expect(try await team.problems() == [])
    }

    @Test func theOperatorAndWhoIsNotThereAreRefused() async throws {
        let team = try await Team.make()
        await #expect(throws: VaultError.keys(.isOperator)) { _ = try await team.delete("operator") }
        await #expect(throws: VaultError.notFound(.user)) { _ = try await team.delete("nobody@example.org") }
        _ = try await team.delete("grace")
        await #expect(throws: VaultError.notFound(.user)) { _ = try await team.delete(team.grace.id.text) }
    }

    @Test func nobodyButTheOperatorDeletesAnybody() async throws {
        let team = try await Team.make()
        await #expect(throws: VaultError.denied(.userDelete)) {
            _ = try await team.test.vault.deleteUser("grace", by: team.test.caller(team.ada, in: "acme"))
        }
    }
}

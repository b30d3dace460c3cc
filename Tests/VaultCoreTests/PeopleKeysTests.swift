// SPDX-License-Identifier: Apache-2.0

import APITypes
import Storage
import TestSupport
import Testing
import VaultCore
import VaultModel

/// People, and what the rotation, the destruction and the verification of keys do to what is theirs.
struct PeopleKeysTests {
    /// A workspace `acme` of ada, in which grace, an admin, owns the secret `TOKEN` of the agent `bot`.
    private struct Team {
        let test: TestVault
        let ada: TestPerson
        let grace: TestPerson
        let agent: AgentBody

        static func make() async throws -> Team {
            let test = try await TestVault.make()
            let ada = try await test.person("ada")
            let grace = try await test.person("grace")
            try await test.share("acme", by: ada)
            try await test.invite(grace, into: "acme", as: .admin, by: ada)
            let hers = try await test.caller(grace, in: "acme")
            _ = try await test.vault.createSecret(Self.secret("TOKEN"), by: hers)
            let body = CreateAgentBody(name: "bot", secretIds: ["TOKEN"])
            return Team(test: test, ada: ada, grace: grace, agent: try await test.vault.createAgent(body, by: hers))
        }

        static func secret(_ name: String) -> CreateSecretBody {
            CreateSecretBody(name: name, kind: .secret, value: .text("value of \(name)"))
        }

        var adas: Caller { get async throws { try await test.caller(ada, in: "acme") } }
        var graces: Caller { get async throws { try await test.caller(grace, in: "acme") } }

        func rotate(_ kind: String, user: String? = nil) async throws -> RotationBody? {
            _ = try await test.vault.beginRotation(RotateKeysBody(kind: kind, user: user), by: test.localOperator)
            var last: RotationBody?
            while let step = try await test.vault.advanceRotation() { last = step }
            return last
        }

        func shredGrace() async throws {
            _ = try await test.vault.shredUser(ShredUserBody(user: "grace"), by: test.localOperator)
        }

        func problems() async throws -> [String] {
            try await test.vault.verifyEverything(by: test.localOperator).problems
        }
    }

    @Test func passwordsSessionsAndInvitationsOutliveTheEpochTheyWereMadeIn() async throws {
        let team = try await Team.make()
        let open = CreateInvitationBody(email: "later@example.org")
        let invitation = try await team.test.vault.createInvitation(open, by: team.adas)
        #expect(try await team.rotate("epoch")?.phase == "done")
        #expect(try await team.test.engine.read { try $0.outdatedCount(besides: 2) } == 0)
        #expect(try await team.test.vault.account(by: team.test.caller(team.ada)).user.email == team.ada.email)
        _ = try await team.test.logIn(team.grace.email, team.grace.password)
        try await team.test.accept(invitation, password: "a long enough password")
        #expect(try await team.test.vault.members(by: team.adas).members.count == 3)
        #expect(try await team.problems() == [])
    }

    @Test func aDeletedWorkspaceIsNoDamageAndItsMembersKeysCanBeRotated() async throws {
        let team = try await Team.make()
        try await team.test.vault.deleteWorkspace(by: team.adas)
        #expect(try await team.problems() == [])
        #expect(try await team.rotate("user", user: "grace")?.phase == "done")
        #expect(try await team.rotate("epoch")?.phase == "done")
        #expect(try await team.problems() == [])
    }

    @Test func aMemberWhoIsRemovedWhileTheirKeysAreRotatedLeavesWholeEntries() async throws {
        let team = try await Team.make()
        let body = RotateKeysBody(kind: "user", user: "grace")
        _ = try await team.test.vault.beginRotation(body, by: team.test.localOperator)
        let removed = try await team.test.vault.removeMember("grace", by: team.adas)
        #expect(removed.entries == 1 && removed.damaged.isEmpty)
        while try await team.test.vault.advanceRotation() != nil {}
        #expect(try await team.test.vault.keys(by: team.test.localOperator).rotation?.phase == "done")
        #expect(try await team.test.start(team.agent) == ["TOKEN=value of TOKEN"])
        #expect(try await team.problems() == [])
    }

    @Test func shreddingEndsSessionsKeysAndInvitationsAtOnce() async throws {
        let team = try await Team.make()
        let key = try await team.test.vault.createAPIKey(CreateAPIKeyBody(name: "ci"), by: team.graces)
        let open = try await team.test.vault.createInvitation(
            CreateInvitationBody(email: "later@example.org"),
            by: team.graces
        )
        let shredded = try await team.test.vault.shredUser(
            ShredUserBody(user: team.grace.email),
            by: team.test.localOperator
        )
        #expect(shredded.sessions == 2 && shredded.keys == 1 && shredded.entries == 1)
        await #expect(throws: VaultError.token(.revoked)) { _ = try await team.graces }
        await #expect(throws: VaultError.token(.revoked)) {
            _ = try await team.test.vault.authenticate(Array((key.token ?? "").utf8))
        }
        await #expect(throws: VaultError.invitationNotValid) {
            try await team.test.accept(open, password: "a long enough password")
        }
        #expect(try await team.problems() == [])
    }

    @Test func nothingIsSealedForSomebodyWhoseKeysWereDestroyed() async throws {
        let team = try await Team.make()
        try await team.shredGrace()
        let again = try await team.test.logIn(team.grace.email, team.grace.password)
        let graces = try await team.test.caller(again, in: "acme")
        for kind in [EntryKind.secret, .variable] {
            await #expect(throws: VaultError.keys(.isShredded)) {
                let body = CreateSecretBody(name: "NEW", kind: kind, value: .text("v"))
                _ = try await team.test.vault.createSecret(body, by: graces)
            }
        }
        let adas = try await team.adas
        _ = try await team.test.vault.createSecret(Team.secret("KEPT"), by: adas)
        _ = try await team.test.vault.updateMember("grace", UpdateMemberBody(role: .owner), by: adas)
        // Nobody else could take over what ada owns.
        await #expect(throws: VaultError.keys(.isShredded)) {
            _ = try await team.test.vault.removeMember("ada", by: adas)
        }
        #expect(try await team.problems() == [])
    }

    @Test func somebodyWhoseKeysWereDestroyedIsRemovedAndDoesNotComeBack() async throws {
        let team = try await Team.make()
        try await team.shredGrace()
        let removed = try await team.test.vault.removeMember("grace", by: team.adas)
        #expect(removed.entries == 0 && removed.damaged.isEmpty)
        #expect(try await team.problems() == [])
        await #expect(throws: VaultError.keys(.isShredded)) {
            try await team.test.invite(team.grace, into: "acme", as: .member, by: team.ada)
        }
        #expect(try await team.test.vault.members(by: team.adas).members.map(\.name) == ["ada"])
    }
}

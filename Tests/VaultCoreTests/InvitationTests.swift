// SPDX-License-Identifier: Apache-2.0

import APITypes
import TestSupport
import Testing
import VaultCore
import VaultModel

struct InvitationTests {
    private let password = "a password of one's own"

    private func invitation(
        _ role: Role = .member
    ) async throws -> (test: TestVault, ada: TestPerson, invitation: InvitationBody) {
        let test = try await TestVault.make()
        let ada = try await test.person("ada")
        try await test.share("acme", by: ada)
        let body = CreateInvitationBody(email: "new@example.org", role: role)
        let made = try await test.vault.createInvitation(body, by: test.caller(ada, in: "acme"))
        return (test, ada, made)
    }

    @Test(arguments: Role.allCases)
    func aLinkMakesAnAccountAndAMemberOfTheInvitedRole(role: Role) async throws {
        let (test, ada, invitation) = try await invitation(role)
        let login = try await test.accept(invitation, name: "New", password: password)
        #expect(login.workspaces.map(\.name) == ["personal", "acme"])
        #expect(login.workspaces.last?.role == role)
        #expect(try await test.logIn("new@example.org", password).workspaces.count == 2)
        let members = try await test.vault.members(by: test.caller(ada, in: "acme")).members
        #expect(members.map(\.email) == ["ada@example.org", "new@example.org"])
    }

    @Test func aLinkWorksOnce() async throws {
        let (test, _, invitation) = try await invitation()
        try await test.accept(invitation, password: password)
        await #expect(throws: VaultError.invitationNotValid) { try await test.accept(invitation, password: password) }
    }

    @Test func ofTwoWhoUseALinkAtOnceOneSucceeds() async throws {
        let (test, _, invitation) = try await invitation()
        let password = password
        let results = await withTaskGroup(of: Bool.self) { tasks in
            for _ in 0..<8 {
                tasks.addTask { (try? await test.accept(invitation, password: password)) != nil }
            }
            return await tasks.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(results == 1)
    }

    @Test func aLinkEndsAfterSevenDays() async throws {
        let (test, ada, invitation) = try await invitation()
        test.clock.advance(by: .seconds(7 * 86_400 - 1))
        _ = try await test.vault.invitations(by: test.caller(try await test.logIn(ada.email, ada.password), in: "acme"))
        test.clock.advance(by: .seconds(1))
        await #expect(throws: VaultError.invitationNotValid) { try await test.accept(invitation, password: password) }
    }

    @Test func aCancelledLinkIsRefused() async throws {
        let (test, ada, invitation) = try await invitation()
        try await test.vault.cancelInvitation("new@example.org", by: test.caller(ada, in: "acme"))
        await #expect(throws: VaultError.invitationNotValid) { try await test.accept(invitation, password: password) }
        #expect(try await test.vault.invitations(by: test.caller(ada, in: "acme")).invitations.isEmpty)
    }

    @Test func aRenewedInvitationHasANewLinkAndTheOldOneEnds() async throws {
        let (test, ada, invitation) = try await invitation()
        test.clock.advance(by: .seconds(6 * 86_400))
        let renewed = try await test.vault.resendInvitation(invitation.id, by: test.caller(ada, in: "acme"))
        #expect(renewed.token != invitation.token)
        #expect(renewed.expiresAt > invitation.expiresAt)
        await #expect(throws: VaultError.invitationNotValid) { try await test.accept(invitation, password: password) }
        try await test.accept(renewed, password: password)
    }

    @Test func anAccountThatIsThereIsNotTakenOverByALink() async throws {
        let (test, ada, _) = try await invitation()
        let grace = try await test.person("grace")
        let body = CreateInvitationBody(email: grace.email)
        let made = try await test.vault.createInvitation(body, by: test.caller(ada, in: "acme"))
        await #expect(throws: VaultError.loginFailed) { try await test.accept(made, password: "somebody else's word") }
        try await test.accept(made, password: grace.password)
        #expect(try await test.vault.workspaces(by: test.caller(grace)).workspaces.map(\.name) == ["personal", "acme"])
    }

    @Test func anInvitationEndsWithTheRightOfWhoInvited() async throws {
        let (test, ada, _) = try await invitation()
        let grace = try await test.person("grace")
        try await test.invite(grace, into: "acme", as: .admin, by: ada)
        let body = CreateInvitationBody(email: "third@example.org", role: .admin)
        let made = try await test.vault.createInvitation(body, by: test.caller(grace, in: "acme"))
        let adas = try await test.caller(ada, in: "acme")
        _ = try await test.vault.updateMember("grace", UpdateMemberBody(role: .member), by: adas)
        await #expect(throws: VaultError.invitationNotValid) { try await test.accept(made, password: password) }
        _ = try await test.vault.removeMember("grace", by: adas)
        #expect(try await test.vault.invitations(by: adas).invitations.map(\.email) == ["new@example.org"])
    }

    @Test func theSameAddressIsInvitedOnceAtATime() async throws {
        let (test, ada, _) = try await invitation()
        let caller = try await test.caller(ada, in: "acme")
        await #expect(throws: VaultError.alreadyInvited(email: "new@example.org")) {
            _ = try await test.vault.createInvitation(CreateInvitationBody(email: "NEW@example.org "), by: caller)
        }
        await #expect(throws: VaultError.alreadyMember(email: "ada@example.org")) {
            _ = try await test.vault.createInvitation(CreateInvitationBody(email: "Ada@example.org"), by: caller)
        }
    }

    @Test func anExpiredInvitationDoesNotStandInTheWay() async throws {
        let (test, ada, _) = try await invitation()
        test.clock.advance(by: .seconds(7 * 86_400))
        let again = try await test.logIn(ada.email, ada.password)
        let body = CreateInvitationBody(email: "new@example.org")
        let made = try await test.vault.createInvitation(body, by: test.caller(again, in: "acme"))
        try await test.accept(made, password: password)
    }

    @Test func theTokenOfALinkIsNowhereOnDiskAndInNoList() async throws {
        let (test, ada, invitation) = try await invitation()
        #expect(try !test.bytesOnDisk(contain: invitation.token ?? ""))
        let list = try await test.vault.invitations(by: test.caller(ada, in: "acme")).invitations
        #expect(list.map(\.token) == [nil])
    }

    @Test(arguments: ["x", "a@", "@b", "a b@example.org", "a@exa mple.org", "a\r\nBcc: b@example.org", "ä@example.org"])
    func whatIsNoAddressIsNotInvited(email: String) async throws {
        let (test, ada, _) = try await invitation()
        await #expect(throws: VaultError.self) {
            let body = CreateInvitationBody(email: email)
            _ = try await test.vault.createInvitation(body, by: test.caller(ada, in: "acme"))
        }
    }
}

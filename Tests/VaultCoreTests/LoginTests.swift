// SPDX-License-Identifier: Apache-2.0

import APITypes
import TestSupport
import Testing
import VaultCore
import VaultModel

struct LoginTests {
    private let stranger = IPAddress("203.0.113.9") ?? .loopback

    @Test(arguments: ["ada@example.org", " Ada@Example.ORG", "ADA@EXAMPLE.ORG\t"])
    func everyVariantOfAnAddressIsTheSameAccount(email: String) async throws {
        let test = try await TestVault.make()
        let ada = try await test.person("ada")
        #expect(try await test.logIn(email, ada.password).id == ada.id)
    }

    @Test(arguments: ["ada@example.org", "nobody@example.org", "no address", ""])
    func aWrongPasswordAndAnUnknownAddressAreTheSameAnswer(email: String) async throws {
        let test = try await TestVault.make()
        _ = try await test.person("ada")
        await #expect(throws: VaultError.loginFailed) { _ = try await test.logIn(email, "wrong horse battery") }
    }

    @Test func everyVariantOfAnAddressIsCountedAsOne() async throws {
        let test = try await TestVault.make()
        let ada = try await test.person("ada")
        for email in ["ada@example.org", "ADA@example.org", " ada@example.org", "ada@example.org ", "Ada@example.org"] {
            await #expect(throws: VaultError.loginFailed) {
                _ = try await test.logIn(email, "wrong horse battery", from: stranger)
            }
        }
        await #expect(throws: VaultError.rateLimited(retryAfter: 1)) {
            _ = try await test.logIn("aDa@example.org", ada.password, from: stranger)
        }
    }

    @Test func failuresFromElsewhereDoNotLockThePersonOut() async throws {
        let test = try await TestVault.make()
        let ada = try await test.person("ada")
        for number in 0..<120 {
            let source = try #require(IPAddress("198.51.100.\(number)"))
            _ = try? await test.logIn(ada.email, "wrong horse battery", from: source)
        }
        // One more stranger has to wait, and the place from which the person logged in before has not.
        _ = try? await test.logIn(ada.email, "wrong horse battery", from: stranger)
        await #expect(throws: VaultError.self) { _ = try await test.logIn(ada.email, ada.password, from: stranger) }
        #expect(try await test.logIn(ada.email, ada.password).id == ada.id)
    }

    @Test func aWaitEndsByItself() async throws {
        let test = try await TestVault.make()
        let ada = try await test.person("ada")
        for _ in 0..<5 { _ = try? await test.logIn(ada.email, "wrong horse battery", from: stranger) }
        await #expect(throws: VaultError.rateLimited(retryAfter: 1)) {
            _ = try await test.logIn(ada.email, ada.password, from: stranger)
        }
        test.clock.advance(by: .seconds(1))
        #expect(try await test.logIn(ada.email, ada.password, from: stranger).id == ada.id)
    }

    @Test func anAddressWithoutAnAccountIsSlowedDownLikeOneThatHasOne() async throws {
        let test = try await TestVault.make()
        for _ in 0..<5 { _ = try? await test.logIn("nobody@example.org", "wrong horse battery", from: stranger) }
        await #expect(throws: VaultError.rateLimited(retryAfter: 1)) {
            _ = try await test.logIn("nobody@example.org", "wrong horse battery", from: stranger)
        }
    }

    @Test(arguments: ["short", "ada@example.org", "aaaaaaaaaaaaaaaa", String(repeating: "long", count: 300)])
    func aWeakPasswordIsRefused(password: String) async throws {
        let test = try await TestVault.make()
        await #expect(throws: VaultError.self) {
            let body = CreateUserBody(email: "ada@example.org", password: .text(password))
            _ = try await test.vault.createUser(body, by: test.localOperator)
        }
    }

    @Test(arguments: [Duration.seconds(7 * 86_400), .seconds(30 * 86_400)])
    func aSessionEndsUnusedAndAtItsEnd(after span: Duration) async throws {
        let test = try await TestVault.make()
        let ada = try await test.person("ada")
        test.clock.advance(by: .seconds(60))
        _ = try await test.caller(ada)
        test.clock.advance(by: span)
        await #expect(throws: VaultError.token(.revoked)) { _ = try await test.caller(ada) }
    }

    @Test func aSessionThatIsUsedLivesOnUntilItsEnd() async throws {
        let test = try await TestVault.make()
        let ada = try await test.person("ada")
        for _ in 0..<9 {
            test.clock.advance(by: .seconds(3 * 86_400))
            _ = try await test.caller(ada)
        }
        test.clock.advance(by: .seconds(3 * 86_400))
        await #expect(throws: VaultError.token(.revoked)) { _ = try await test.caller(ada) }
    }

    @Test func wrongPasswordsAndInvitationsAreRecordedOnceAMinuteAndTellNoAddress() async throws {
        let test = try await TestVault.make()
        let ada = try await test.person("ada")
        try await test.share("acme", by: ada)
        let invitation = try await test.vault.createInvitation(
            CreateInvitationBody(email: "grace@example.org"),
            by: test.caller(ada, in: "acme")
        )
        try await test.vault.cancelInvitation(invitation.id, by: test.caller(ada, in: "acme"))
        for email in [ada.email, "nobody@example.org", ada.email] {
            _ = try? await test.logIn(email, "wrong horse battery", from: stranger)
        }
        _ = try? await test.accept(invitation, password: "a long enough password")
        let trail = try await test.vault.audit(PageRequest(), of: .system, by: test.localOperator).entries
        #expect(trail.map(\.action) == ["invitation.accept", "account.login"])
        #expect(trail.allSatisfy { !$0.allowed && $0.actor == "nobody" && $0.subjects.isEmpty })
    }

    @Test func aKeyFromAnotherNetworkIsRefusedAndRecorded() async throws {
        let test = try await TestVault.make()
        let body = CreateAPIKeyBody(name: "bound", networks: ["10.0.0.0/8"])
        let key = try await test.vault.createAPIKey(body, by: test.localOperator)
        await #expect(throws: VaultError.addressNotAllowed) {
            _ = try await test.vault.authenticate(Array((key.token ?? "").utf8), from: stranger)
        }
        let last = try await test.vault.audit(PageRequest(), by: test.localOperator).entries.first
        #expect(last?.actor == "api_key:\(key.id)")
        #expect(last?.reason == "network")
    }

    @Test func theNumbersOfTheWholeServerAreNotForEverybodyWhoOwnsAWorkspace() async throws {
        let test = try await TestVault.make()
        let ada = try await test.person("ada")
        await #expect(throws: VaultError.denied(.metricsView)) {
            _ = try await test.vault.measurements(by: test.caller(ada))
        }
        _ = try await test.vault.measurements(by: test.caller(role: .admin))
    }

    @Test func aLogoutEndsTheSessionForACallerThatWasMadeBefore() async throws {
        let test = try await TestVault.make()
        let ada = try await test.person("ada")
        let caller = try await test.caller(ada)
        try await test.vault.logOut(by: caller)
        await #expect(throws: VaultError.token(.revoked)) { _ = try await test.vault.account(by: caller) }
    }

    @Test func aNewPasswordEndsEveryOtherSession() async throws {
        let test = try await TestVault.make()
        let ada = try await test.person("ada")
        let other = try await test.logIn(ada.email, ada.password)
        let change = UpdateAccountBody(currentPassword: .text(ada.password), password: .text("a new password of ada"))
        _ = try await test.vault.updateAccount(change, by: test.caller(ada), from: .loopback)
        _ = try await test.caller(ada)
        await #expect(throws: VaultError.token(.revoked)) { _ = try await test.caller(other) }
        await #expect(throws: VaultError.loginFailed) { _ = try await test.logIn(ada.email, ada.password) }
        #expect(try await test.logIn(ada.email, "a new password of ada").id == ada.id)
    }

    @Test func aNewPasswordTakesTheCurrentOne() async throws {
        let test = try await TestVault.make()
        let ada = try await test.person("ada")
        let change = UpdateAccountBody(currentPassword: .text("not hers at all"), password: .text("a new password"))
        await #expect(throws: VaultError.loginFailed) {
            _ = try await test.vault.updateAccount(change, by: test.caller(ada), from: .loopback)
        }
    }

    @Test func theOperatorGivesANewPasswordAndEndsEverySession() async throws {
        let test = try await TestVault.make()
        let ada = try await test.person("ada")
        let body = UpdateUserBody(password: .text("from the operator"))
        _ = try await test.vault.updateUser(ada.email, body, by: test.localOperator)
        await #expect(throws: VaultError.token(.revoked)) { _ = try await test.caller(ada) }
        #expect(try await test.logIn(ada.email, "from the operator").id == ada.id)
    }

    @Test func onlyTheOperatorOfTheMachineHandlesAccounts() async throws {
        let test = try await TestVault.make()
        let ada = try await test.person("ada")
        let key = try await test.vault.authenticate(Array(test.workspaceKey.utf8))
        for caller in [try await test.caller(ada), key] {
            await #expect(throws: VaultError.denied(.userList)) { _ = try await test.vault.users(by: caller) }
            await #expect(throws: VaultError.denied(.userList)) {
                let body = CreateUserBody(email: "x@example.org", password: .text("a long password"))
                _ = try await test.vault.createUser(body, by: caller)
            }
        }
        #expect(try await test.vault.users(by: test.localOperator).users.count == 2)
    }

    @Test func theOperatorsOwnUserCanHaveAnAccount() async throws {
        let test = try await TestVault.make()
        let body = CreateUserBody(email: "op@example.org", password: .text("the operator's own"), isOperator: true)
        _ = try await test.vault.createUser(body, by: test.localOperator)
        let person = try await test.logIn("op@example.org", "the operator's own")
        try await test.create("TOKEN", "value")
        #expect(try await test.vault.secrets(PageRequest(), by: test.caller(person)).secrets.count == 1)
    }

    @Test func aPasswordIsNowhereOnDisk() async throws {
        let test = try await TestVault.make()
        let ada = try await test.person("ada")
        #expect(try !test.bytesOnDisk(contain: ada.password))
        #expect(try !test.bytesOnDisk(contain: ada.token))
    }

    @Test func aLoginIsRecordedWithTheFailuresBefore() async throws {
        let test = try await TestVault.make()
        let ada = try await test.person("ada")
        for _ in 0..<3 { _ = try? await test.logIn(ada.email, "wrong horse battery", from: stranger) }
        _ = try await test.logIn(ada.email, ada.password)
        let entry = try #require(try await test.vault.audit(PageRequest(limit: 1), by: test.caller(ada)).entries.first)
        #expect(entry.action == "account.login")
        #expect(entry.details["failures_before"] == "3")
        #expect(entry.actor == "user:\(ada.id)")
    }
}

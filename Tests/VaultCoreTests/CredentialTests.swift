// SPDX-License-Identifier: Apache-2.0

import APITypes
import Storage
import TestSupport
import Testing
import VaultCore
import VaultModel

struct CredentialTests {
    private static let key = "sk-ant-api03-canary-0123456789"

    @Test func theCatalogueFillsInWhatAProvidersCredentialNeeds() async throws {
        let test = try await TestVault.make()
        let made = try await test.credential("Anthropic", Self.key, provider: "anthropic")
        #expect(made.type == .customHeader)
        #expect(made.header == "x-api-key")
        #expect(made.hosts == ["api.anthropic.com"])
        #expect(made.environmentName == "ANTHROPIC_API_KEY")
        #expect(made.mask == "sk-ant-a***")
        #expect(made.version == 1 && made.intact && made.agents == 0)
    }

    @Test func aValueIsSealedAndNowhereElse() async throws {
        let test = try await TestVault.make()
        try await test.credential("Anthropic", Self.key, provider: "anthropic")
        #expect(try !test.bytesOnDisk(contain: Self.key))
        #expect(try await test.vault.verification().problems == [])
    }

    @Test func aCredentialWithoutProviderGoesNowhereUntilItIsSaid() async throws {
        let test = try await TestVault.make()
        #expect(try await test.credential("Own API", Self.key, type: .apiKey).hosts == [])
        let updated = try await test.vault.updateCredential(
            "own api",
            UpdateCredentialBody(hosts: ["API.example.com:443", "GET *.example.com/v1/", "api.example.com"]),
            by: test.localOperator
        )
        #expect(updated.hosts == ["api.example.com", "GET *.example.com/v1"])
        #expect(updated.version == 1)
        #expect(updated.environmentName == "OWN_API")
    }

    @Test func aChangeOfHostsIsInTheAuditTrailAndTakesAnAdmin() async throws {
        let test = try await TestVault.make()
        try await test.credential("Own", Self.key, type: .apiKey)
        let change = UpdateCredentialBody(hosts: ["api.example.com"])
        let member = try await test.caller(role: .member)
        await #expect(throws: VaultError.denied(.credentialUpdate)) {
            _ = try await test.vault.updateCredential("Own", change, by: member)
        }
        let admin = try await test.caller(role: .admin)
        _ = try await test.vault.updateCredential("Own", change, by: admin)
        let entries = try await test.vault.audit(PageRequest(), by: test.localOperator).entries
        let updates = entries.filter { $0.action == "credential.update" }
        #expect(updates.map(\.allowed) == [true, false])
        #expect(updates.first?.details["hosts"] == "api.example.com")
    }

    @Test func aNameIsTakenInAnyCaseAndFreeAgainAfterwards() async throws {
        let test = try await TestVault.make()
        let first = try await test.credential("Stripe", Self.key, type: .apiKey)
        await #expect(throws: VaultError.conflicts([ConflictBody(code: .duplicateName, name: "STRIPE")])) {
            try await test.credential("STRIPE", Self.key, type: .apiKey)
        }
        try await test.vault.deleteCredential("stripe", by: test.localOperator)
        #expect(try await test.credential("STRIPE", Self.key, type: .apiKey).id != first.id)
        await #expect(throws: VaultError.notFound(.credential)) {
            _ = try await test.vault.credential(first.id, by: test.localOperator)
        }
        #expect(try await test.vault.verification().problems == [])
    }

    @Test func whatIsRevokedIsHeldByNobodyAndStaysInAListOfItsOwn() async throws {
        let test = try await TestVault.make()
        let made = try await test.credential("Stripe", Self.key, type: .apiKey)
        let agent = try await test.createAgent("bot")
        try await test.attach("stripe", to: "bot")
        let held = VaultError.stillAttached(entry: "Stripe", agents: [NamedBody(id: agent.id, name: "bot")])
        await #expect(throws: held) {
            _ = try await test.vault.revokeCredential("Stripe", by: test.localOperator)
        }
        try await test.vault.detachCredential("Stripe", from: "bot", by: test.localOperator)
        test.clock.advance(by: .seconds(5))
        let revoked = try await test.vault.revokeCredential("stripe", by: test.localOperator)
        #expect(revoked.id == made.id && revoked.revokedAt == test.clock.now)
        #expect(revoked.mask == nil && revoked.intact)
        await #expect(throws: VaultError.notFound(.credential)) {
            _ = try await test.vault.revokeCredential("Stripe", by: test.localOperator)
        }
        await #expect(throws: VaultError.notFound(.credential)) {
            _ = try await test.vault.proxyGrant(.known(test.localOperator), credential: "Stripe")
        }
        let second = try await test.credential("Stripe", Self.key, type: .apiKey)
        let live = try await test.vault.credentials(PageRequest(), by: test.localOperator).credentials
        #expect(live.map(\.id) == [second.id])
        let past = try await test.vault.credentials(PageRequest(), areRevoked: true, by: test.localOperator).credentials
        #expect(past == [revoked])
        let trail = try await test.vault.audit(PageRequest(), by: test.localOperator).entries
        #expect(trail.filter { $0.action == "credential.revoke" }.map(\.allowed) == [true])
        #expect(try await test.vault.verification().problems == [])
    }

    @Test func aMemberRevokesNothing() async throws {
        let test = try await TestVault.make()
        try await test.credential("Stripe", Self.key, type: .apiKey)
        let member = try await test.caller(role: .member)
        await #expect(throws: VaultError.denied(.credentialRevoke)) {
            _ = try await test.vault.revokeCredential("Stripe", by: member)
        }
        #expect(try await test.vault.credential("Stripe", by: member).revokedAt == nil)
    }

    @Test func severalMayBeForOneVariableAndASecretMayHaveItToo() async throws {
        let test = try await TestVault.make()
        try await test.credential("work", Self.key, provider: "anthropic")
        try await test.credential("home", Self.key, provider: "anthropic")
        try await test.create("ANTHROPIC_API_KEY", "another one")
        let page = try await test.vault.credentials(PageRequest(), by: test.localOperator)
        #expect(page.credentials.map(\.name) == ["work", "home"])
        let secrets = try await test.vault.secrets(PageRequest(), by: test.localOperator).secrets
        #expect(secrets.map(\.kind) == [.secret])
    }

    @Test func anAgentThatItIsAttachedToReceivesItAtItsStart() async throws {
        let test = try await TestVault.make()
        try await test.credential("Anthropic", Self.key, provider: "anthropic")
        let agent = try await test.createAgent("bot")
        try await test.attach("anthropic", to: "bot")
        #expect(try await test.start(agent) == ["ANTHROPIC_API_KEY=\(Self.key)"])
        await #expect(
            throws: VaultError.stillAttached(entry: "Anthropic", agents: [NamedBody(id: agent.id, name: "bot")])
        ) {
            try await test.vault.deleteCredential("Anthropic", by: test.localOperator)
        }
        try await test.vault.detachCredential("Anthropic", from: "bot", by: test.localOperator)
        #expect(try await test.start(agent, replica: "two").isEmpty)
    }

    @Test func anAgentHoldsOneCredentialOfAProvider() async throws {
        let test = try await TestVault.make()
        try await test.credential("work", Self.key, provider: "anthropic")
        try await test.credential("home", Self.key, provider: "anthropic")
        _ = try await test.createAgent("bot")
        try await test.attach("work", to: "bot")
        await #expect(throws: VaultError.self) { try await test.attach("home", to: "bot") }
        await #expect(throws: VaultError.conflicts([ConflictBody(code: .alreadyAttached, name: "ANTHROPIC_API_KEY")])) {
            try await test.attach("work", to: "bot")
        }
    }

    @Test func aNewValueMakesTheNextVersion() async throws {
        let test = try await TestVault.make()
        try await test.credential("Jira", "user:password", type: .basicAuth)
        let change = UpdateCredentialBody(value: .text("user:another one\n"))
        let updated = try await test.vault.updateCredential("jira", change, ifVersion: 1, by: test.localOperator)
        #expect(updated.version == 2)
        await #expect(throws: VaultError.versionMismatch(current: 2)) {
            _ = try await test.vault.updateCredential("jira", change, ifVersion: 1, by: test.localOperator)
        }
        await #expect(throws: VaultError.self) {
            _ = try await test.vault.updateCredential(
                "jira",
                UpdateCredentialBody(value: .text("no password")),
                by: test.localOperator
            )
        }
    }

    @Test(arguments: [
        ("sk-canary\r\nX-Evil: y", CredentialScheme.apiKey), ("sk-canary\u{0}", .apiKey), ("sk", .apiKey),
        ("nocolon", .basicAuth), ("nonsense", .cookie), ("no lines", .customHeader),
    ])
    func aValueThatCannotBeInjectedIsRefused(value: String, type: CredentialScheme) async throws {
        let test = try await TestVault.make()
        await #expect { try await test.credential("X", value, type: type) } throws: { error in
            guard case VaultError.invalidValue(field: "value", _) = error else { return false }
            return true
        }
        #expect(try await test.vault.credentials(PageRequest(), by: test.localOperator).credentials.isEmpty)
    }

    @Test(arguments: [
        CreateCredentialBody(name: "X", value: .text("sk-canary")),
        CreateCredentialBody(name: "X", value: .text("sk-canary"), provider: "nobody"),
        CreateCredentialBody(name: "X", type: .apiKey, value: .text("sk-canary"), provider: "free"),
        CreateCredentialBody(name: "X", type: .queryParameter, value: .text("sk-canary")),
        CreateCredentialBody(name: "X", type: .apiKey, value: .text("sk-canary"), header: "x"),
        CreateCredentialBody(name: "X", type: .apiKey, value: .text("sk-canary"), hosts: ["*.com"]),
        CreateCredentialBody(name: "X", type: .apiKey, value: .text("sk-canary"), hosts: ["https://a@b"]),
    ])
    func whatDoesNotFitTogetherIsRefused(body: CreateCredentialBody) async throws {
        let test = try await TestVault.make()
        await #expect { _ = try await test.vault.createCredential(body, by: test.localOperator) } throws: { error in
            guard case VaultError.invalidField = error else { return false }
            return true
        }
    }

    @Test(arguments: ["PATH", "ATTACHE_TOKEN", "LD_PRELOAD"])
    func aVariableThatChangesHowAProcessIsLoadedIsRefused(name: String) async throws {
        let test = try await TestVault.make()
        await #expect(throws: VaultError.self) {
            _ = try await test.vault.createCredential(
                CreateCredentialBody(name: "X", type: .apiKey, value: .text("sk-canary"), environmentName: name),
                by: test.localOperator
            )
        }
    }

    @Test func aCredentialIsNoSecret() async throws {
        let test = try await TestVault.make()
        let made = try await test.credential("X", Self.key, type: .apiKey)
        await #expect(throws: VaultError.notFound(.entry)) {
            _ = try await test.vault.secret(made.id, by: test.localOperator)
        }
        await #expect(throws: VaultError.notFound(.entry)) {
            _ = try await test.vault.secret("X", by: test.localOperator)
        }
        await #expect(throws: VaultError.self) { try await test.create("Y", Self.key, kind: .credential) }
    }

    @Test func theCredentialsOfAMemberWhoLeavesStayWholeAndUsable() async throws {
        let test = try await TestVault.make()
        let (ann, bob) = (try await test.person("ann"), try await test.person("bob"))
        let workspace = try await test.share("Team", by: ann).id
        try await test.invite(bob, into: workspace, as: .admin, by: ann)
        _ = try await test.vault.createCredential(
            CreateCredentialBody(name: "X", type: .apiKey, value: .text(Self.key), hosts: ["api.example.com"]),
            by: test.caller(bob, in: workspace)
        )
        let owner = try await test.caller(ann, in: workspace)
        _ = try await test.vault.removeMember("bob@example.org", by: owner)
        #expect(try await test.vault.credential("X", by: owner).intact)
        #expect(try await test.vault.verification().problems == [])
    }

    @Test func hostsThatWereChangedFromOutsideAreFound() async throws {
        let test = try await TestVault.make()
        try await test.credential("X", Self.key, type: .apiKey)
        _ = try await test.engine.write { try $0.execute("UPDATE credentials SET hosts = 'evil.test'", []) }
        #expect(try await test.vault.credential("X", by: test.localOperator).intact == false)
        await #expect(throws: VaultError.self) {
            _ = try await test.vault.updateCredential("X", UpdateCredentialBody(name: "Z"), by: test.localOperator)
        }
        #expect(try await test.vault.verification().problems.count == 1)
    }
}

extension TestVault {
    @discardableResult
    fileprivate func credential(
        _ name: String,
        _ value: String,
        type: CredentialScheme? = nil,
        provider: String? = nil
    ) async throws -> CredentialBody {
        try await vault.createCredential(
            CreateCredentialBody(name: name, type: type, value: .text(value), provider: provider),
            by: localOperator
        )
    }

    fileprivate func attach(_ credential: String, to agent: String) async throws {
        _ = try await vault.attachCredential(
            AttachCredentialBody(credentialId: credential, delivery: .environment),
            to: agent,
            by: localOperator
        )
    }
}

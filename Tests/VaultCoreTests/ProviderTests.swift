// SPDX-License-Identifier: Apache-2.0

import APITypes
import Storage
import TestSupport
import Testing
import VaultCore
import VaultModel

/// Credentials of one provider in their order, and the provider attached in place of one of them.
struct ProviderTests {
    private static let variable = "OPENAI_API_KEY"

    @Test func theOldestOfEqualPriorityIsFirstAndMovingExchangesNeighbours() async throws {
        let test = try await TestVault.make()
        for name in ["a", "b", "c"] { try await test.key(name) }
        #expect(try await test.order() == ["a", "b", "c"])
        #expect(try await test.move("b", .up) == ["b 0", "a 1", "c 2"])
        #expect(try await test.move("b", .up) == ["b 0", "a 1", "c 2"])
        #expect(try await test.move("a", .down) == ["b 0", "c 1", "a 2"])
        #expect(try await test.move("a", .down) == ["b 0", "c 1", "a 2"])
        // A new one is preferred like the first, and younger.
        try await test.key("d")
        #expect(try await test.order() == ["b", "d", "c", "a"])
        #expect(try await test.vault.verification().problems == [])
    }

    @Test func prioritiesThatDifferAreExchangedAndNoOtherChanges() async throws {
        let test = try await TestVault.make()
        for (name, priority) in [("a", 5), ("b", 9), ("c", 20)] { try await test.key(name, priority: Int64(priority)) }
        #expect(try await test.move("c", .up) == ["a 5", "c 9", "b 20"])
        let trail = try await test.vault.audit(PageRequest(), by: test.localOperator).entries
        #expect(trail.first?.action == "credential.update")
        #expect(trail.first?.details["move"] == "up")
        #expect(trail.first?.subjects.map(\.name) == ["c", "b"])
    }

    @Test func concurrentMovesLoseNothing() async throws {
        let test = try await TestVault.make()
        let names = (0..<6).map { "key \($0)" }
        for name in names { try await test.key(name) }
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask {
                    _ = try? await test.move(names[number % names.count], number.isMultiple(of: 3) ? .down : .up)
                }
            }
        }
        let found = try await test.vault.credentials(PageRequest(), by: test.localOperator).credentials
        #expect(Set(found.map(\.rotationPriority)) == Set(0..<6))
        #expect(try await test.vault.verification().problems == [])
    }

    @Test func movingTakesAnAdminAndAProvider() async throws {
        let test = try await TestVault.make()
        try await test.key("a")
        _ = try await test.vault.createCredential(
            CreateCredentialBody(name: "own", type: .apiKey, value: .text("sk-canary-0123")),
            by: test.localOperator
        )
        let member = try await test.caller(role: .member)
        await #expect(throws: VaultError.denied(.credentialUpdate)) {
            _ = try await test.vault.moveCredential("a", MoveCredentialBody(.up), by: member)
        }
        await #expect(throws: VaultError.self) { _ = try await test.move("own", .up) }
        await #expect(throws: VaultError.notFound(.credential)) { _ = try await test.move("nobody", .up) }
    }

    @Test func aProviderCountsAsOneOfItsCredentials() async throws {
        let test = try await TestVault.make()
        try await test.key("a")
        _ = try await test.createAgent("bot")
        try await test.attachProvider("openai")
        let conflict = ConflictBody(code: .duplicateProvider, name: Self.variable, with: "openai")
        let variable = ConflictBody(code: .duplicateVariable, name: Self.variable, with: "openai")
        await #expect(throws: VaultError.conflicts([conflict, variable])) {
            _ = try await test.vault.attachCredential(
                AttachCredentialBody(credentialId: "a"),
                to: "bot",
                by: test.localOperator
            )
        }
        await #expect(throws: VaultError.conflicts([ConflictBody(code: .alreadyAttached, name: "openai")])) {
            try await test.attachProvider("openai")
        }
        // Another entry of the catalogue for the same variable.
        await #expect(
            throws: VaultError.conflicts([ConflictBody(code: .duplicateVariable, name: "dalle", with: "openai")])
        ) {
            try await test.attachProvider("dalle")
        }
        try await test.vault.detachProvider("openai", from: "bot", by: test.localOperator)
        _ = try await test.vault.attachCredential(
            AttachCredentialBody(credentialId: "a"),
            to: "bot",
            by: test.localOperator
        )
        await #expect(throws: VaultError.self) { try await test.attachProvider("openai") }
        await #expect(throws: VaultError.notFound(.attachment)) {
            try await test.vault.detachProvider("openai", from: "bot", by: test.localOperator)
        }
    }

    @Test func aSecretOfAnAttachedProviderIsRefusedAndSoIsAChangeToIt() async throws {
        let test = try await TestVault.make()
        try await test.create("OTHER_KEY", "value", provider: "groq")
        _ = try await test.createAgent("bot", with: ["OTHER_KEY"])
        try await test.attachProvider("openai")
        await #expect(throws: VaultError.conflicts([ConflictBody(code: .duplicateProvider, name: "OTHER_KEY")])) {
            try await test.update("OTHER_KEY", UpdateSecretBody(provider: "openai"))
        }
        try await test.update("OTHER_KEY", UpdateSecretBody(provider: "anthropic"))
    }

    @Test func ofManyAttachesOfAProviderOneWins() async throws {
        let test = try await TestVault.make()
        try await test.key("a")
        _ = try await test.createAgent("bot")
        let wins = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<40 {
                group.addTask {
                    if number.isMultiple(of: 2) { return (try? await test.attachProvider("openai")) != nil }
                    return
                        (try? await test.vault.attachCredential(
                            AttachCredentialBody(credentialId: "a"),
                            to: "bot",
                            by: test.localOperator
                        )) != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(wins == 1)
    }

    @Test func anAgentIsMadeWithItsCredentialsAndProvidersOrNotAtAll() async throws {
        let test = try await TestVault.make()
        try await test.key("a")
        let body = CreateAgentBody(name: "bot", credentialIds: ["a"], providers: ["openai"])
        await #expect(throws: VaultError.self) { _ = try await test.vault.createAgent(body, by: test.localOperator) }
        #expect(try await test.vault.agents(PageRequest(), by: test.localOperator).agents.isEmpty)
        let good = CreateAgentBody(name: "bot", credentialIds: ["a"], providers: ["groq"])
        let agent = try await test.vault.createAgent(good, by: test.localOperator)
        #expect(agent.proxyTokens?.map { $0.provider ?? "" } == ["", "groq"])
        #expect(agent.providers?.map(\.provider) == ["groq"])
        #expect(agent.secrets?.map(\.delivery) == [.proxy])
    }

    @Test func aTokenForAProviderGivesTheKeysThatHaveNotExpiredAndNoneOfAnotherWorkspace() async throws {
        let test = try await TestVault.make()
        for name in ["a", "b"] { try await test.key(name) }
        let end = test.clock.now + .seconds(60)
        _ = try await test.vault.updateCredential("a", UpdateCredentialBody(expiresAt: end), by: test.localOperator)
        _ = try await test.createAgent("bot")
        let token = try await test.attachProvider("openai")
        #expect(try await test.grants(token) == ["a", "b"])
        let ada = try await test.person("ada")
        _ = try await test.vault.createCredential(
            CreateCredentialBody(name: "hers", value: .text("sk-canary-0123"), provider: "openai"),
            by: test.caller(ada)
        )
        #expect(try await test.grants(token) == ["a", "b"])
        test.clock.advance(by: .seconds(60))
        #expect(try await test.grants(token) == ["b"])
        try await test.vault.deleteCredential("b", by: test.localOperator)
        await #expect(throws: VaultError.credentialExpired("a")) { _ = try await test.grants(token) }
        try await test.vault.deleteCredential("a", by: test.localOperator)
        await #expect(throws: VaultError.noCredential(try #require(ProviderID("openai")))) {
            _ = try await test.grants(token)
        }
        try await test.vault.detachProvider("openai", from: "bot", by: test.localOperator)
        await #expect(throws: VaultError.token(.revoked)) { _ = try await test.grants(token) }
    }

    @Test func aTokenForAProviderNamesNoSingleCredential() async throws {
        let test = try await TestVault.make()
        try await test.key("a")
        _ = try await test.createAgent("bot")
        let token = Array(try await test.attachProvider("openai").utf8)
        #expect(try await test.vault.proxyGrants(.token(token, from: .loopback), credential: "OpenAI").count == 1)
        for name in ["a", "groq"] {
            await #expect(throws: VaultError.notFound(.credential)) {
                _ = try await test.vault.proxyGrants(.token(token, from: .loopback), credential: name)
            }
        }
    }

    @Test func anAttachmentThatWasMovedOpensNothing() async throws {
        let test = try await TestVault.make()
        try await test.key("a")
        let other = try await test.createAgent("other")
        _ = try await test.createAgent("bot")
        let token = try await test.attachProvider("openai")
        _ = try await test.engine.write { connection in
            try connection.execute("UPDATE provider_attachments SET provider = 'groq'", [])
        }
        await #expect(throws: VaultError.token(.revoked)) { _ = try await test.grants(token) }
        _ = try await test.engine.write { connection in
            try connection.execute("UPDATE provider_attachments SET provider = 'openai', created_at = 1", [])
        }
        await #expect(throws: VaultError.integrity(entry: nil)) { _ = try await test.grants(token) }
        _ = try await test.engine.write { connection in
            try connection.execute("UPDATE provider_attachments SET agent_id = $1", [.text(other.id)])
        }
        await #expect(throws: VaultError.integrity(entry: "openai")) { _ = try await test.start(other) }
    }

    @Test func aRotationOfTheKeysKeepsAttachedProvidersAndTheirTokens() async throws {
        let test = try await TestVault.make()
        try await test.key("a", priority: 4)
        _ = try await test.createAgent("bot")
        let token = try await test.attachProvider("openai")
        _ = try await test.vault.beginRotation(RotateKeysBody(kind: "epoch"), by: test.localOperator)
        while try await test.vault.advanceRotation() != nil {}
        #expect(try await test.vault.verification().problems == [])
        #expect(try await test.grants(token) == ["a"])
    }
}

extension TestVault {
    fileprivate func key(_ name: String, priority: Int64? = nil) async throws {
        _ = try await vault.createCredential(
            CreateCredentialBody(
                name: name,
                value: .text("sk-canary-0123456789"),
                provider: "openai",
                rotationPriority: priority
            ),
            by: localOperator
        )
    }

    fileprivate func move(_ name: String, _ direction: MoveCredentialBody.Direction) async throws -> [String] {
        try await vault.moveCredential(name, MoveCredentialBody(direction), by: localOperator).credentials
            .map { "\($0.name) \($0.rotationPriority)" }
    }

    /// The names in the order in which a workspace key would use them.
    fileprivate func order() async throws -> [String] {
        let made = try await vault.createAPIKey(CreateAPIKeyBody(name: "key"), by: localOperator)
        return try await vault.proxyGrants(
            .token(Array((made.token ?? "").utf8), from: .loopback),
            credential: "openai"
        )
        .map(\.credentialName)
    }

    @discardableResult
    fileprivate func attachProvider(_ provider: String) async throws -> String {
        try await vault.attachProvider(AttachProviderBody(provider: provider), to: "bot", by: localOperator).proxyToken
    }

    fileprivate func grants(_ token: String) async throws -> [String] {
        try await vault.proxyGrants(.token(Array(token.utf8), from: .loopback), credential: nil).map(\.credentialName)
    }
}

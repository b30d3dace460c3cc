// SPDX-License-Identifier: Apache-2.0

import APITypes
import TestSupport
import Testing
import VaultCore
import VaultModel

struct RoleTests {
    @Test func aMembersKeyAttachesAndDoesNotWriteEntries() async throws {
        let test = try await TestVault.make()
        _ = try await test.create("A", "1")
        let member = try await test.caller(role: .member)
        _ = try await test.vault.createAgent(CreateAgentBody(name: "bot", secretIds: ["A"]), by: member)
        await #expect(throws: VaultError.denied(.entryDelete)) {
            try await test.vault.deleteSecret("A", by: member)
        }
        await #expect(throws: VaultError.denied(.entryUpdate)) {
            _ = try await test.vault.updateSecret("A", UpdateSecretBody(note: "x"), by: member)
        }
        await #expect(throws: VaultError.denied(.agentDelete)) {
            try await test.vault.deleteAgent("bot", by: member)
        }
    }

    @Test func aRefusalStandsInTheAuditTrail() async throws {
        let test = try await TestVault.make()
        let member = try await test.caller(role: .member)
        await #expect(throws: VaultError.denied(.tokenCreate)) {
            _ = try await test.vault.createAPIKey(CreateAPIKeyBody(name: "more"), by: member)
        }
        let audit = try await test.vault.audit(PageRequest(), by: test.localOperator)
        let refused = try #require(audit.entries.first { !$0.allowed })
        #expect(refused.action == "api_key.create")
        #expect(refused.reason == "role")
        #expect(refused.actor.hasPrefix("api_key:"))
    }

    @Test func aKeyNeverExceedsItsMaker() async throws {
        let test = try await TestVault.make()
        let admin = try await test.caller(role: .admin)
        await #expect(throws: VaultError.self) {
            _ = try await test.vault.createAPIKey(CreateAPIKeyBody(name: "owner", role: .owner), by: admin)
        }
        _ = try await test.vault.createAPIKey(CreateAPIKeyBody(name: "peer", role: .admin), by: admin)
    }

    @Test func aRevokedKeyOpensNothingEvenForACallerThatWasEstablishedBefore() async throws {
        let test = try await TestVault.make()
        let key = try await test.vault.createAPIKey(CreateAPIKeyBody(name: "k"), by: test.localOperator)
        let token = try #require(key.token)
        let caller = try await test.vault.authenticate(Array(token.utf8))
        try await test.vault.revokeAPIKey(key.id, by: test.localOperator)
        await #expect(throws: VaultError.token(.revoked)) { _ = try await test.vault.status(by: caller) }
        await #expect(throws: VaultError.token(.revoked)) {
            _ = try await test.vault.authenticate(Array(token.utf8))
        }
    }

    @Test func anExpiredKeyOpensNothing() async throws {
        let test = try await TestVault.make()
        let key = try await test.vault.createAPIKey(
            CreateAPIKeyBody(name: "k", expiresAt: test.clock.now + .seconds(60)),
            by: test.localOperator
        )
        let token = Array(try #require(key.token).utf8)
        _ = try await test.vault.authenticate(token)
        test.clock.advance(by: .seconds(60))
        await #expect(throws: VaultError.token(.revoked)) { _ = try await test.vault.authenticate(token) }
    }
}

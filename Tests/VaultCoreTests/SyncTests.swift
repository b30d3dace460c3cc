// SPDX-License-Identifier: Apache-2.0

import APITypes
import TestSupport
import Testing
import VaultCore
import VaultModel

struct SyncTests {
    private func states(_ test: TestVault, of agent: String) async throws -> [String: SyncState] {
        let list = try await test.vault.attachedSecrets(of: agent, by: test.localOperator)
        return Dictionary(uniqueKeysWithValues: list.secrets.map { ($0.name, $0.state) })
    }

    @Test func aStateGoesFromNotDeliveredToSyncedToStaleToSynced() async throws {
        let test = try await TestVault.make()
        _ = try await test.create("A", "1")
        let agent = try await test.createAgent("bot", with: ["A"])
        #expect(try await states(test, of: "bot") == ["A": .notDelivered])
        _ = try await test.start(agent)
        #expect(try await states(test, of: "bot") == ["A": .synced])
        _ = try await test.update("A", UpdateSecretBody(value: .text("2")))
        #expect(try await states(test, of: "bot") == ["A": .stale])
        let status = try await test.vault.status(by: test.localOperator)
        #expect(status.staleAgents.map(\.name) == ["bot"])
        #expect(try await test.start(agent) == ["A=2"])
        #expect(try await states(test, of: "bot") == ["A": .synced])
        #expect(try await test.vault.status(by: test.localOperator).staleAgents == [])
    }

    @Test func whatWasAttachedAfterTheStartIsStaleAndWhatWasDetachedIsPending() async throws {
        let test = try await TestVault.make()
        _ = try await test.create("A", "1")
        _ = try await test.create("B", "2")
        let agent = try await test.createAgent("bot", with: ["A"])
        _ = try await test.start(agent)
        _ = try await test.vault.attach(AttachBody(secretIds: ["B"]), to: "bot", by: test.localOperator)
        try await test.vault.detach("A", from: "bot", by: test.localOperator)
        #expect(try await states(test, of: "bot") == ["A": .removedPendingRestart, "B": .stale])
        _ = try await test.start(agent)
        #expect(try await states(test, of: "bot") == ["B": .synced])
    }

    @Test func oneOldReplicaMakesTheAgentStale() async throws {
        let test = try await TestVault.make()
        _ = try await test.create("A", "1")
        let agent = try await test.createAgent("bot", with: ["A"])
        _ = try await test.vault.updateAgent("bot", UpdateAgentBody(replicas: 2), by: test.localOperator)
        _ = try await test.start(agent, replica: "one")
        _ = try await test.update("A", UpdateSecretBody(value: .text("2")))
        _ = try await test.start(agent, replica: "two")
        #expect(try await states(test, of: "bot") == ["A": .stale])
        _ = try await test.start(agent, replica: "one")
        #expect(try await states(test, of: "bot") == ["A": .synced])
    }

    @Test func aStartBeyondTheReplicasEndsTheOldest() async throws {
        let test = try await TestVault.make()
        let agent = try await test.createAgent("bot")
        _ = try await test.start(agent, replica: "one")
        _ = try await test.start(agent, replica: "two")
        let instances = try await test.vault.instances(of: "bot", PageRequest(), by: test.localOperator).instances
        #expect(instances.map(\.replica) == ["two", "one"])
        #expect(instances.map(\.endReason) == [nil, "surplus"])
    }

    @Test func aRetryOfOneStartIsOneInstance() async throws {
        let test = try await TestVault.make()
        let agent = try await test.createAgent("bot")
        _ = try await test.start(agent, startID: "same-start-0001")
        _ = try await test.start(agent, startID: "same-start-0001")
        let instances = try await test.vault.instances(of: "bot", PageRequest(), by: test.localOperator).instances
        #expect(instances.count == 1)
    }

    @Test func aSessionGetsTheValuesAndIsNoInstance() async throws {
        let test = try await TestVault.make()
        _ = try await test.create("A", "1")
        _ = try await test.createAgent("bot", with: ["A"])
        let session = try await test.vault.createSession(for: "bot", by: test.localOperator)
        #expect(try await test.start(token: session.gatewayToken) == ["A=1"])
        #expect(try await test.vault.instances(of: "bot", PageRequest(), by: test.localOperator).instances.isEmpty)
        test.clock.advance(by: .seconds(301))
        await #expect(throws: VaultError.token(.revoked)) { _ = try await test.start(token: session.gatewayToken) }
    }
}

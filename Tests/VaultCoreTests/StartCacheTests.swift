// SPDX-License-Identifier: Apache-2.0

import APITypes
import GRDB
import TestSupport
import Testing
import VaultCore
import VaultModel

/// A server remembers what starts read; somebody who can write to the database must gain nothing by that.
struct StartCacheTests {
    /// A vault with two agents, one entry each, that have started often enough to be remembered.
    private struct Warm {
        let test: TestVault
        let agent: AgentBody
        let other: AgentBody

        init() async throws {
            test = try await TestVault.make()
            _ = try await test.create("A", "1")
            _ = try await test.create("B", "2")
            agent = try await test.createAgent("bot", with: ["A"])
            other = try await test.createAgent("other", with: ["B"])
            for _ in 0..<4 {
                #expect(try await test.start(agent) == ["A=1"])
                #expect(try await test.start(other) == ["B=2"])
            }
        }

        /// Runs a statement as another program would, beside the server.
        func tamper(_ sql: String) async throws {
            let database = try DatabaseQueue(path: test.directory.appending("attache.db"))
            try await database.write { try $0.execute(sql: sql) }
            try database.close()
        }
    }

    @Test(arguments: [
        "UPDATE entries SET name = 'C' WHERE name = 'A'",
        "UPDATE attachments SET agent_id = (SELECT id FROM agents WHERE name = 'bot')",
        "UPDATE attachments SET entry_id = (SELECT id FROM entries WHERE name = 'B') WHERE agent_id = (SELECT id FROM agents WHERE name = 'bot')",
        "UPDATE entry_values SET sealed = zeroblob(length(sealed))",
        "UPDATE agents SET allowed_names = 'LD_PRELOAD' WHERE name = 'bot'",
        "UPDATE tokens SET expires_at = 99999999999999 WHERE kind = 'gateway'",
    ])
    func whatAnotherProgramChangedIsRefusedAtTheNextStart(sql: String) async throws {
        let warm = try await Warm()
        try await warm.tamper(sql)
        await #expect(throws: VaultError.self) { _ = try await warm.test.start(warm.agent) }
        await #expect(throws: VaultError.self) { _ = try await warm.test.start(warm.agent) }
    }

    @Test func noneOfManyStartsAtOnceMissesWhatAnotherProgramChanged() async throws {
        let warm = try await Warm()
        try await warm.tamper("UPDATE entries SET name = 'C' WHERE name = 'A'")
        let started = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<32 {
                group.addTask { (try? await warm.test.start(warm.agent)) != nil }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(started == 0)
    }

    @Test func whatAnotherProgramLeftAloneStillStarts() async throws {
        let warm = try await Warm()
        try await warm.tamper("UPDATE entries SET name = 'C' WHERE name = 'B'")
        #expect(try await warm.test.start(warm.agent) == ["A=1"])
    }

    @Test func anUpdateIsInTheNextStart() async throws {
        let warm = try await Warm()
        _ = try await warm.test.update("A", UpdateSecretBody(value: .text("3")))
        #expect(try await warm.test.start(warm.agent) == ["A=3"])
        _ = try await warm.test.vault.detach("A", from: "bot", by: warm.test.localOperator)
        #expect(try await warm.test.start(warm.agent) == [])
    }

    @Test func aRevokedTokenStartsNothing() async throws {
        let warm = try await Warm()
        let rotated = try await warm.test.vault.rotateGatewayToken(
            of: "bot",
            RotateGatewayTokenBody(revoke: true),
            by: warm.test.localOperator
        )
        await #expect(throws: VaultError.token(.revoked)) { _ = try await warm.test.start(warm.agent) }
        #expect(try await warm.test.start(token: rotated.gatewayToken) == ["A=1"])
    }

    @Test func aDeletedAgentStartsNothing() async throws {
        let warm = try await Warm()
        try await warm.test.vault.deleteAgent("bot", by: warm.test.localOperator)
        await #expect(throws: VaultError.self) { _ = try await warm.test.start(warm.agent) }
    }

    @Test func anOldTokenEndsWhenTheNewOneIsFirstUsed() async throws {
        let warm = try await Warm()
        let rotated = try await warm.test.vault.rotateGatewayToken(
            of: "bot",
            RotateGatewayTokenBody(),
            by: warm.test.localOperator
        )
        #expect(try await warm.test.start(warm.agent) == ["A=1"])
        #expect(try await warm.test.start(warm.agent) == ["A=1"])
        #expect(try await warm.test.start(token: rotated.gatewayToken) == ["A=1"])
        await #expect(throws: VaultError.token(.rotated)) { _ = try await warm.test.start(warm.agent) }
    }
}

// SPDX-License-Identifier: Apache-2.0

import APITypes
import TestSupport
import Testing
import VaultCore
import VaultModel

struct AttachmentTests {
    @Test func eachAgentGetsExactlyItsOwn() async throws {
        let test = try await TestVault.make()
        _ = try await test.create("A", "1")
        _ = try await test.create("B", "2", kind: .variable)
        _ = try await test.create("C", "3")
        let first = try await test.createAgent("first", with: ["A", "B"])
        let second = try await test.createAgent("second", with: ["C"])
        let third = try await test.createAgent("third")
        #expect(try await test.start(first) == ["A=1", "B=2"])
        #expect(try await test.start(second) == ["C=3"])
        #expect(try await test.start(third) == [])
    }

    @Test func oneConflictAttachesNone() async throws {
        let test = try await TestVault.make()
        _ = try await test.create("A", "1", provider: "openai")
        _ = try await test.create("B", "2", provider: "openai")
        _ = try await test.create("C", "3")
        _ = try await test.createAgent("bot", with: ["A"])
        await #expect(
            throws: VaultError.conflicts([ConflictBody(code: .duplicateProvider, name: "B", with: "A")])
        ) {
            _ = try await test.vault.attach(AttachBody(secretIds: ["C", "B"]), to: "bot", by: test.localOperator)
        }
        let attached = try await test.vault.attachedSecrets(of: "bot", by: test.localOperator)
        #expect(attached.secrets.map(\.name) == ["A"])
    }

    @Test func anAgentIsNotMadeWhenItsAttachmentsConflict() async throws {
        let test = try await TestVault.make()
        _ = try await test.create("A", "1", provider: "openai")
        _ = try await test.create("B", "2", provider: "openai")
        await #expect(throws: VaultError.self) { _ = try await test.createAgent("bot", with: ["A", "B"]) }
        #expect(try await test.vault.agents(PageRequest(), by: test.localOperator).agents.isEmpty)
    }

    @Test func aHundredConcurrentAttachesOfOneProviderHaveExactlyOneWinner() async throws {
        let test = try await TestVault.make()
        for number in 0..<100 { _ = try await test.create("KEY_\(number)", "v", provider: "openai") }
        _ = try await test.createAgent("bot")
        let winners = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<100 {
                group.addTask {
                    do {
                        let body = AttachBody(secretIds: ["KEY_\(number)"])
                        _ = try await test.vault.attach(body, to: "bot", by: test.localOperator)
                        return 1
                    } catch VaultError.conflicts(let conflicts) {
                        #expect(conflicts.map(\.code) == [.duplicateProvider])
                        return 0
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(winners == 1)
        let attached = try await test.vault.attachedSecrets(of: "bot", by: test.localOperator)
        #expect(attached.secrets.count == 1)
        let audit = try await test.vault.audit(PageRequest(limit: 500), by: test.localOperator)
        let attaches = audit.entries.filter { $0.action == "agent.attach" }
        #expect(attaches.count == 1)
        #expect(attaches.first?.subjects.last?.id == attached.secrets.first?.id)
        #expect(try await test.vault.verifyAudit(by: test.localOperator).intact)
    }

    @Test func aProviderGivenLaterIsHeldToTheSameRule() async throws {
        let test = try await TestVault.make()
        _ = try await test.create("A", "1", provider: "openai")
        _ = try await test.create("B", "2")
        _ = try await test.createAgent("bot", with: ["A", "B"])
        await #expect(throws: VaultError.conflicts([ConflictBody(code: .duplicateProvider, name: "B")])) {
            _ = try await test.update("B", UpdateSecretBody(provider: "openai"))
        }
        _ = try await test.update("B", UpdateSecretBody(provider: "groq"))
        _ = try await test.create("C", "3", provider: "groq")
        await #expect(throws: VaultError.self) {
            _ = try await test.vault.attach(AttachBody(secretIds: ["C"]), to: "bot", by: test.localOperator)
        }
    }
}

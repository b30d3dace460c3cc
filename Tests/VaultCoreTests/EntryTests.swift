// SPDX-License-Identifier: Apache-2.0

import APITypes
import TestSupport
import Testing
import VaultCore
import VaultModel

struct EntryTests {
    @Test func aVariableIsListedWithItsValueAndASecretWithItsMaskOnly() async throws {
        let test = try await TestVault.make()
        _ = try await test.create("REGION", "eu-west-3", kind: .variable)
        _ = try await test.create("API_KEY", "sk-live-0123456789abcdefghij", kind: .secret)
        let page = try await test.vault.secrets(PageRequest(), by: test.localOperator)
        #expect(page.secrets.map(\.name) == ["REGION", "API_KEY"])
        #expect(page.secrets.map(\.value) == ["eu-west-3", nil])
        #expect(page.secrets.map(\.mask) == [nil, "sk-live-***"])
        #expect(page.secrets.map(\.version) == [1, 1])
        #expect(page.nextCursor == nil)
    }

    @Test func aSecondLiveEntryOfANameIsAConflictAndChangesNothing() async throws {
        let test = try await TestVault.make()
        _ = try await test.create("TOKEN", "one")
        await #expect(throws: VaultError.conflicts([ConflictBody(code: .duplicateName, name: "TOKEN")])) {
            _ = try await test.create("TOKEN", "two")
        }
        #expect(try await test.vault.secrets(PageRequest(), by: test.localOperator).secrets.count == 1)
    }

    @Test func aDeletedNameIsFreeAgain() async throws {
        let test = try await TestVault.make()
        let first = try await test.create("TOKEN", "one")
        try await test.vault.deleteSecret("TOKEN", by: test.localOperator)
        let second = try await test.create("TOKEN", "two")
        #expect(first.id != second.id)
        await #expect(throws: VaultError.notFound(.entry)) {
            _ = try await test.vault.secret(first.id, by: test.localOperator)
        }
    }

    @Test func aNewValueMakesTheNextVersionAndOtherChangesDoNot() async throws {
        let test = try await TestVault.make()
        _ = try await test.create("TOKEN", "one")
        let noted = try await test.update("TOKEN", UpdateSecretBody(note: "used by billing"))
        #expect(noted.version == 1)
        #expect(noted.note == "used by billing")
        let changed = try await test.update("TOKEN", UpdateSecretBody(value: .text("two")))
        #expect(changed.version == 2)
        #expect(changed.note == "used by billing")
    }

    @Test func aConditionalUpdateIsRefusedWhenTheVersionMovedOn() async throws {
        let test = try await TestVault.make()
        _ = try await test.create("TOKEN", "one")
        _ = try await test.update("TOKEN", UpdateSecretBody(value: .text("two")))
        await #expect(throws: VaultError.versionMismatch(current: 2)) {
            _ = try await test.vault.updateSecret(
                "TOKEN",
                UpdateSecretBody(value: .text("three")),
                ifVersion: 1,
                by: test.localOperator
            )
        }
        let body = try await test.vault.updateSecret(
            "TOKEN",
            UpdateSecretBody(value: .text("three")),
            ifVersion: 2,
            by: test.localOperator
        )
        #expect(body.version == 3)
    }

    @Test func aSecretNeverBecomesReadable() async throws {
        let test = try await TestVault.make()
        _ = try await test.create("TOKEN", "one", kind: .secret)
        await #expect(throws: VaultError.kindIsFinal(name: "TOKEN")) {
            _ = try await test.update("TOKEN", UpdateSecretBody(kind: .variable))
        }
    }

    @Test func aVariableThatBecomesASecretKeepsItsValueAndIsNoLongerListed() async throws {
        let test = try await TestVault.make()
        let canary = "canary-7f3a9c51d2e84b60"
        _ = try await test.create("SETTING", canary, kind: .variable)
        let changed = try await test.update("SETTING", UpdateSecretBody(kind: .secret))
        #expect(changed.value == nil)
        #expect(changed.kind == .secret)
        #expect(changed.version == 2)
        let agent = try await test.createAgent("bot", with: ["SETTING"])
        #expect(try await test.start(agent) == ["SETTING=\(canary)"])
        #expect(try test.bytesOnDisk(contain: canary) == false)
    }

    @Test func anAttachedEntryIsNotDeletedAndTheAnswerNamesTheAgents() async throws {
        let test = try await TestVault.make()
        _ = try await test.create("TOKEN", "one")
        let agent = try await test.createAgent("bot", with: ["TOKEN"])
        await #expect(
            throws: VaultError.stillAttached(
                entry: "TOKEN",
                agents: [NamedBody(id: agent.id, name: "bot")]
            )
        ) {
            try await test.vault.deleteSecret("TOKEN", by: test.localOperator)
        }
        try await test.vault.detach("TOKEN", from: "bot", by: test.localOperator)
        try await test.vault.deleteSecret("TOKEN", by: test.localOperator)
    }

    @Test(arguments: ["", "9A", "my-key", "A B", "A=B", "CLÉ", "A\u{0}B", String(repeating: "A", count: 129)])
    func anInvalidNameIsRefused(name: String) async throws {
        let test = try await TestVault.make()
        await #expect(throws: VaultError.self) { _ = try await test.create(name, "x") }
        #expect(try await test.vault.secrets(PageRequest(), by: test.localOperator).secrets.isEmpty)
    }

    @Test(arguments: ["PATH", "LD_PRELOAD", "NODE_OPTIONS", "MALLOC_CHECK_", "HOME"])
    func aDangerousNameIsRefusedUntilAnAgentAllowsIt(name: String) async throws {
        let test = try await TestVault.make()
        await #expect(throws: VaultError.self) { _ = try await test.create(name, "x") }
        _ = try await test.vault.createAgent(
            CreateAgentBody(name: "special", allowedNames: [name]),
            by: test.localOperator
        )
        #expect(try await test.create(name, "x").name == name)
        let plain = try await test.createAgent("plain")
        await #expect(throws: VaultError.self) {
            _ = try await test.vault.attach(AttachBody(secretIds: [name]), to: plain.id, by: test.localOperator)
        }
        _ = try await test.vault.attach(AttachBody(secretIds: [name]), to: "special", by: test.localOperator)
    }

    @Test func aNameOfTheWrappersOwnIsNeverAllowed() async throws {
        let test = try await TestVault.make()
        await #expect(throws: VaultError.self) {
            _ = try await test.vault.createAgent(
                CreateAgentBody(name: "special", allowedNames: ["ATTACHE_GATEWAY_TOKEN"]),
                by: test.localOperator
            )
        }
        await #expect(throws: VaultError.self) { _ = try await test.create("ATTACHE_GATEWAY_TOKEN", "x") }
    }

    @Test func theKernelsLimitIsHeldToTheByte() async throws {
        let test = try await TestVault.make()
        let longest = String(repeating: "x", count: 131_071 - 2)
        #expect(try await test.create("A", longest).version == 1)
        await #expect(throws: VaultError.self) { _ = try await test.create("AB", longest) }
        await #expect(throws: VaultError.self) { _ = try await test.create("B", "a\u{0}b") }
        #expect(try await test.create("EMPTY", "").version == 1)
    }

    @Test func pagesGoThroughEverythingOnce() async throws {
        let test = try await TestVault.make()
        for number in 0..<7 { _ = try await test.create("NAME_\(number)", "v") }
        var seen: [String] = []
        var cursor: String?
        repeat {
            let page = try await test.vault.secrets(PageRequest(limit: 3, cursor: cursor), by: test.localOperator)
            seen += page.secrets.map(\.name)
            cursor = page.nextCursor
        } while cursor != nil
        #expect(seen == (0..<7).map { "NAME_\($0)" })
        let found = try await test.vault.secrets(PageRequest(matching: "name_3"), by: test.localOperator)
        #expect(found.secrets.map(\.name) == ["NAME_3"])
        await #expect(throws: VaultError.invalidCursor) {
            _ = try await test.vault.secrets(PageRequest(cursor: "x"), by: test.localOperator)
        }
    }

    @Test func aRepeatedRequestActsOnceAndGetsTheSameAnswer() async throws {
        let test = try await TestVault.make()
        let once = Once(key: "k-1", request: [1, 2, 3])
        let new = CreateAgentBody(name: "bot")
        let first = try await test.vault.createAgent(new, by: test.localOperator, once: once)
        let second = try await test.vault.createAgent(new, by: test.localOperator, once: once)
        #expect(first == second)
        #expect(first.gatewayToken != nil)
        await #expect(throws: VaultError.idempotencyKeyReused) {
            _ = try await test.vault.createAgent(
                CreateAgentBody(name: "other"),
                by: test.localOperator,
                once: Once(key: "k-1", request: [9])
            )
        }
        #expect(try test.bytesOnDisk(contain: first.gatewayToken ?? "") == false)
    }
}

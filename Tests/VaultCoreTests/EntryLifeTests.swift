// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import TestSupport
import Testing
import VaultCore
import VaultModel

struct EntryLifeTests {
    private static let day: Duration = .seconds(86_400)

    private func expiring(_ test: TestVault, in time: Duration, _ name: String = "A") async throws {
        try await test.create(name, "1")
        try await test.update(name, UpdateSecretBody(expiresAt: test.clock.now + time))
    }

    @Test func anExpiredEntryIsNotDeliveredAndTheRefusalNamesIt() async throws {
        let test = try await TestVault.make()
        try await expiring(test, in: Self.day)
        try await test.create("B", "2")
        let bot = try await test.createAgent("bot", with: ["A", "B"])
        #expect(try await test.start(bot) == ["A=1", "B=2"])
        test.clock.advance(by: Self.day)
        await #expect(throws: VaultError.expired(entries: ["A"])) { try await test.start(bot) }
        var filter = AuditFilter()
        filter.isAllowed = false
        let refused = try await test.vault.audit(PageRequest(), filter, by: test.localOperator)
        #expect(refused.entries.map(\.reason) == ["expired"])

        let renewed = try await test.update("A", UpdateSecretBody(value: .text("3")))
        #expect(renewed.expiresAt == nil)
        #expect(try await test.start(bot) == ["A=3", "B=2"])
    }

    @Test func aNewValueKeepsATimeThatIsStillToCome() async throws {
        let test = try await TestVault.make()
        try await expiring(test, in: Self.day)
        #expect(try await test.update("A", UpdateSecretBody(value: .text("2"))).expiresAt != nil)
    }

    @Test func aTimeInThePastIsRefused() async throws {
        let test = try await TestVault.make()
        try await test.create("A", "1")
        await #expect(throws: VaultError.invalidField("expiresAt", reason: "the time is in the past")) {
            try await test.update("A", UpdateSecretBody(expiresAt: test.clock.now))
        }
    }

    @Test(arguments: [
        (8 * 86_400, ExpiryState?.none), (7 * 86_400, .expiringSoon), (86_401, .expiringSoon), (86_400, .expiring),
        (1, .expiring),
    ])
    func listsShowHowNearTheEndIs(seconds: Int64, state: ExpiryState?) async throws {
        let test = try await TestVault.make()
        try await expiring(test, in: .seconds(seconds))
        #expect(try await test.vault.secret("A", by: test.localOperator).expiry == state)
        let status = try await test.vault.status(by: test.localOperator)
        #expect(status.expiring.map(\.expiry) == [state].compactMap { $0 })
    }

    @Test func eachReminderIsGivenOnce() async throws {
        let test = try await TestVault.make()
        try await expiring(test, in: .seconds(10 * 86_400))
        #expect(try await test.vault.upkeep().reminders.isEmpty)
        var given: [Bool] = []
        for _ in 0..<11 {
            test.clock.advance(by: Self.day)
            given += try await test.vault.upkeep().reminders.map(\.hasExpired)
            given += try await test.vault.upkeep().reminders.map(\.hasExpired)
        }
        #expect(given == [false, false, true])
        // A new time has reminders of its own.
        try await test.update("A", UpdateSecretBody(expiresAt: test.clock.now + .seconds(60)))
        #expect(try await test.vault.upkeep().reminders.count == 1)
    }

    @Test func theThresholdsOfRemindersAreAnOperatorsChoice() async throws {
        let test = try await TestVault.make()
        var vault = test.vault
        vault.settings.reminders = [.seconds(30 * 86_400)]
        try await expiring(test, in: .seconds(20 * 86_400))
        #expect(try await vault.upkeep().reminders.count == 1)
        #expect(try await vault.secret("A", by: test.localOperator).expiry == .expiringSoon)
    }

    @Test func aListFindsWhatExpiresAndWhatIsNotUsed() async throws {
        let test = try await TestVault.make()
        try await expiring(test, in: .seconds(3 * 86_400), "SOON")
        try await test.create("USED", "1")
        try await test.create("IDLE", "1")
        let bot = try await test.createAgent("bot", with: ["USED"])
        test.clock.advance(by: Self.day)
        let boundary = test.clock.now
        test.clock.advance(by: Self.day)
        try await test.start(bot)
        _ = try await test.vault.upkeep()
        let expiring = try await test.vault.secrets(
            PageRequest(),
            expiringBefore: test.clock.now + Self.day + .seconds(1),
            by: test.localOperator
        )
        #expect(expiring.secrets.map(\.name) == ["SOON"])
        let unused = try await test.vault.secrets(PageRequest(), unusedSince: boundary, by: test.localOperator)
        #expect(unused.secrets.map(\.name) == ["SOON", "IDLE"])
        #expect(try await test.vault.secret("USED", by: test.localOperator).lastUsedAt == test.clock.now)
    }

    @Test func aSessionCountsAsAUse() async throws {
        let test = try await TestVault.make()
        try await test.create("A", "1")
        try await test.createAgent("bot", with: ["A"])
        let session = try await test.vault.createSession(for: "bot", by: test.localOperator)
        try await test.start(token: session.gatewayToken)
        _ = try await test.vault.upkeep()
        #expect(try await test.vault.secret("A", by: test.localOperator).lastUsedAt == test.clock.now)
    }

    @Test func theHistorySaysWhoAndWhenOfADeletedEntryToo() async throws {
        let test = try await TestVault.make()
        let id = try await test.create("A", "canary-one").id
        test.clock.advance(by: .seconds(5))
        try await test.update("A", UpdateSecretBody(value: .text("canary-two")))
        var page = try await test.vault.versions(of: "A", PageRequest(), by: test.localOperator)
        #expect(page.versions.map(\.version) == [2, 1])
        #expect(page.versions.map(\.createdBy.name) == ["operator", "operator"])
        #expect(page.versions.map { $0.destroyedAt == nil } == [true, false])
        try await test.vault.deleteSecret("A", by: test.localOperator)
        page = try await test.vault.versions(of: id, PageRequest(limit: 1), by: test.localOperator)
        #expect(page.versions.map(\.version) == [2])
        #expect(page.nextCursor == "2")
        await #expect(throws: VaultError.notFound(.entry)) {
            _ = try await test.vault.versions(of: "A", PageRequest(), by: test.localOperator)
        }
    }

    @Test func providerNoteAndTimeCanBeTakenAway() async throws {
        let test = try await TestVault.make()
        try await test.create("A", "1", provider: "openai")
        try await test.update("A", UpdateSecretBody(note: "n", expiresAt: test.clock.now + Self.day))
        let json = Data("{\"provider\":null,\"note\":null,\"expiresAt\":null,\"kind\":null}".utf8)
        let change = try JSONDecoder().decode(UpdateSecretBody.self, from: json)
        let body = try await test.update("A", change)
        #expect(body.provider == nil)
        #expect(body.note == "")
        #expect(body.expiresAt == nil)
        #expect(body.version == 1)
    }

    @Test func severalEntriesAreDeletedTogetherOrNotAtAll() async throws {
        let test = try await TestVault.make()
        for name in ["A", "B", "C"] { try await test.create(name, "1") }
        try await test.createAgent("one", with: ["A", "B"])
        let conflicts = [
            ConflictBody(code: .stillAttached, name: "A", with: "one"),
            ConflictBody(code: .stillAttached, name: "B", with: "one"),
        ]
        await #expect(throws: VaultError.conflicts(conflicts)) {
            _ = try await test.vault.bulk(BulkSecretsBody(.delete, ["C", "A", "B"]), by: test.localOperator)
        }
        #expect(try await test.vault.secrets(PageRequest(), by: test.localOperator).secrets.count == 3)
        try await test.vault.deleteAgent("one", by: test.localOperator)
        _ = try await test.vault.bulk(BulkSecretsBody(.delete, ["C", "A"]), by: test.localOperator)
        #expect(try await test.vault.secrets(PageRequest(), by: test.localOperator).secrets.map(\.name) == ["B"])
        var filter = AuditFilter()
        filter.action = "entry.delete"
        #expect(try await test.vault.audit(PageRequest(), filter, by: test.localOperator).entries.count == 2)
    }

    @Test func severalEntriesAreAttachedToSeveralAgentsOrNothingIs() async throws {
        let test = try await TestVault.make()
        for name in ["A", "B"] { try await test.create(name, "1") }
        try await test.createAgent("one", with: ["A"])
        try await test.createAgent("two")
        let conflict = ConflictBody(code: .alreadyAttached, name: "A", agent: "one")
        await #expect(throws: VaultError.conflicts([conflict])) {
            let body = BulkSecretsBody(.attach, ["A", "B"], agents: ["two", "one"])
            _ = try await test.vault.bulk(body, by: test.localOperator)
        }
        #expect(try await test.attached(to: "two") == [])
        let rest = BulkSecretsBody(.attach, ["B"], agents: ["two", "one"])
        _ = try await test.vault.bulk(rest, by: test.localOperator)
        #expect(try await test.attached(to: "one") == ["A", "B"])
        #expect(try await test.attached(to: "two") == ["B"])
        var filter = AuditFilter()
        filter.action = "agent.attach"
        // The one that the agent was made with, and one for each of the two.
        #expect(try await test.vault.audit(PageRequest(), filter, by: test.localOperator).entries.count == 3)
    }

    @Test func severalEntriesAreDetachedFromSeveralAgentsOrNothingIs() async throws {
        let test = try await TestVault.make()
        for name in ["A", "B"] { try await test.create(name, "1") }
        try await test.createAgent("one", with: ["A", "B"])
        try await test.createAgent("two", with: ["B"])
        let conflict = ConflictBody(code: .notFound, name: "A", agent: "two")
        await #expect(throws: VaultError.conflicts([conflict])) {
            let body = BulkSecretsBody(.detach, ["A", "B"], agents: ["one", "two"])
            _ = try await test.vault.bulk(body, by: test.localOperator)
        }
        #expect(try await test.attached(to: "one") == ["A", "B"])
        let both = BulkSecretsBody(.detach, ["B"], agents: ["one", "two"])
        _ = try await test.vault.bulk(both, by: test.localOperator)
        #expect(try await test.attached(to: "one") == ["A"])
        #expect(try await test.attached(to: "two") == [])
    }

    @Test(arguments: [
        BulkSecretsBody(.attach, ["A"]), BulkSecretsBody(.attach, ["A"], agents: []),
        BulkSecretsBody(.attach, ["A"], agents: ["bot", "BOT"]), BulkSecretsBody(.attach, ["A"], agents: ["nobody"]),
        BulkSecretsBody(.attach, ["A"], note: "n", agents: ["bot"]), BulkSecretsBody(.delete, ["A"], agents: ["bot"]),
        BulkSecretsBody(.annotate, ["A"], note: "n", agents: ["bot"]),
    ])
    func aBulkActWithoutItsAgentsOrWithWhatIsNotItsOwnIsRefused(body: BulkSecretsBody) async throws {
        let test = try await TestVault.make()
        try await test.create("A", "1")
        try await test.createAgent("bot")
        await #expect(throws: VaultError.self) { _ = try await test.vault.bulk(body, by: test.localOperator) }
        #expect(try await test.attached(to: "bot") == [])
        #expect(try await test.vault.secret("A", by: test.localOperator).note == "")
    }

    @Test(arguments: [[], ["A", "A"], ["A", "MISSING"]])
    func aBulkActOnNothingOnOneTwiceOrOnWhatIsNotThereIsRefused(names: [String]) async throws {
        let test = try await TestVault.make()
        try await test.create("A", "1")
        await #expect(throws: VaultError.self) {
            _ = try await test.vault.bulk(BulkSecretsBody(.annotate, names, note: "n"), by: test.localOperator)
        }
        #expect(try await test.vault.secret("A", by: test.localOperator).note == "")
    }

    private func names(_ test: TestVault) async throws -> [String: String] {
        let secrets = try await test.vault.secrets(PageRequest(), by: test.localOperator).secrets
        return Dictionary(uniqueKeysWithValues: secrets.map { ($0.id, $0.name) })
    }

    @Test func severalEntriesAreRenamedTogetherAndMayChangePlaces() async throws {
        let test = try await TestVault.make()
        for name in ["A", "B", "C", "D"] { try await test.create(name, "value of \(name)") }
        let bot = try await test.createAgent("bot", with: ["A", "B", "C", "D"])
        // A and B change places, C takes a name that D leaves.
        let body = BulkSecretsBody(.rename, ["A", "D", "B", "C"], names: ["B", "E", "A", "D"])
        let done = try await test.vault.bulk(body, by: test.localOperator)
        #expect(done.secrets.map(\.name) == ["B", "E", "A", "D"])
        #expect(
            try await test.start(bot) == ["A=value of B", "B=value of A", "D=value of C", "E=value of D"]
        )
        #expect(try await test.vault.verifyEverything(by: test.localOperator).intact)
        var filter = AuditFilter()
        filter.action = "entry.update"
        let audit = try await test.vault.audit(PageRequest(), filter, by: test.localOperator)
        #expect(audit.entries.reversed().map { $0.subjects.map(\.name) } == [["B"], ["E"], ["A"], ["D"]])
        let again = try await test.vault.bulk(
            BulkSecretsBody(.rename, ["A", "B"], names: ["A", "C"]),
            by: test.localOperator
        )
        #expect(again.secrets.map(\.name) == ["A", "C"])
    }

    @Test func whatIsInTheWayOfANewNameIsToldForEveryEntryAndNothingIsRenamed() async throws {
        let test = try await TestVault.make()
        for name in ["A", "B", "C", "D", "TAKEN"] { try await test.create(name, "1") }
        _ = try await test.vault.createCredential(
            CreateCredentialBody(name: "key", type: .apiKey, value: .text("a-long-key"), environmentName: "OF_KEY"),
            by: test.localOperator
        )
        try await test.createAgent("bot", with: ["C"])
        _ = try await test.vault.attachCredential(
            AttachCredentialBody(credentialId: "key", delivery: .environment),
            to: "bot",
            by: test.localOperator
        )
        let before = try await names(test)
        let conflicts = [
            ConflictBody(code: .duplicateName, name: "TAKEN"), ConflictBody(code: .duplicateName, name: "TAKEN"),
            ConflictBody(code: .duplicateVariable, name: "OF_KEY", with: "OF_KEY", agent: "bot"),
            ConflictBody(code: .invalidName, name: "LD_PRELOAD"),
        ]
        await #expect(throws: VaultError.conflicts(conflicts)) {
            let body = BulkSecretsBody(
                .rename,
                ["A", "B", "C", "D"],
                names: ["TAKEN", "TAKEN", "OF_KEY", "LD_PRELOAD"]
            )
            _ = try await test.vault.bulk(body, by: test.localOperator)
        }
        // One at a time it is refused for the same.
        await #expect(throws: VaultError.conflicts([conflicts[2]])) {
            _ = try await test.update("C", UpdateSecretBody(name: "OF_KEY"))
        }
        #expect(try await names(test) == before)
        // An agent that does not have it is not in the way.
        _ = try await test.vault.bulk(BulkSecretsBody(.rename, ["A"], names: ["OF_KEY"]), by: test.localOperator)
    }

    @Test func aDangerousNameIsGivenOnlyWhereEveryAgentThatHasTheEntryAllowsIt() async throws {
        let test = try await TestVault.make()
        for name in ["A", "B"] { try await test.create(name, "1") }
        _ = try await test.vault.createAgent(
            CreateAgentBody(name: "allows", allowedNames: ["NODE_OPTIONS"], secretIds: ["A"]),
            by: test.localOperator
        )
        try await test.createAgent("forbids", with: ["B"])
        let conflict = ConflictBody(code: .invalidName, name: "NODE_OPTIONS", agent: "forbids")
        await #expect(throws: VaultError.conflicts([conflict])) {
            _ = try await test.vault.bulk(
                BulkSecretsBody(.rename, ["B"], names: ["NODE_OPTIONS"]),
                by: test.localOperator
            )
        }
        _ = try await test.vault.bulk(
            BulkSecretsBody(.rename, ["A"], names: ["NODE_OPTIONS"]),
            by: test.localOperator
        )
    }

    @Test(arguments: [
        BulkSecretsBody(.rename, ["A", "B"]), BulkSecretsBody(.rename, ["A", "B"], names: ["C"]),
        BulkSecretsBody(.rename, ["A", "B"], names: ["C", "1D"]),
        BulkSecretsBody(.rename, ["A", "A"], names: ["C", "D"]),
        BulkSecretsBody(.rename, ["A"], note: "n", names: ["C"]),
        BulkSecretsBody(.rename, ["A", "X"], names: ["C", "D"]),
        BulkSecretsBody(.rename, ["A"], agents: ["bot"], names: ["C"]), BulkSecretsBody(.delete, ["A"], names: ["C"]),
        BulkSecretsBody(.rename, ["A", "B"], names: ["C", String(repeating: "N", count: 128)]),
    ])
    func aBulkRenameWithoutANameForEachIsRefused(body: BulkSecretsBody) async throws {
        let test = try await TestVault.make()
        try await test.create("A", "1")
        // With its name the longest value that the kernel takes.
        try await test.create("B", String(repeating: "x", count: 131_069))
        let before = try await names(test)
        await #expect(throws: VaultError.self) { _ = try await test.vault.bulk(body, by: test.localOperator) }
        #expect(try await names(test) == before)
    }

    @Test func aMemberDoesNothingInBulkThatIsRefusedSingly() async throws {
        let test = try await TestVault.make()
        try await test.create("A", "1")
        let member = try await test.caller(role: .member)
        await #expect(throws: VaultError.denied(.entryDelete)) {
            _ = try await test.vault.bulk(BulkSecretsBody(.delete, ["A"]), by: member)
        }
        await #expect(throws: VaultError.denied(.entryUpdate)) {
            _ = try await test.vault.bulk(BulkSecretsBody(.annotate, ["A"], note: "n"), by: member)
        }
        await #expect(throws: VaultError.denied(.entryUpdate)) {
            _ = try await test.vault.bulk(BulkSecretsBody(.rename, ["A"], names: ["B"]), by: member)
        }
    }
}

extension TestVault {
    /// The names of what an agent holds.
    fileprivate func attached(to agent: String) async throws -> [String] {
        try await vault.agent(agent, by: localOperator).secrets?.map(\.name).sorted() ?? []
    }
}

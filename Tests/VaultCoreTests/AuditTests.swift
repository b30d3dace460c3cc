// SPDX-License-Identifier: Apache-2.0

import APITypes
import Storage
import TestSupport
import Testing
import VaultCore
import VaultModel

struct AuditTests {
    private func entries(
        _ test: TestVault,
        _ filter: AuditFilter = AuditFilter(),
        of scope: AuditScope = .workspace
    ) async throws -> [AuditEntryBody] {
        try await test.vault.audit(PageRequest(limit: 500), filter, of: scope, by: test.localOperator).entries
    }

    @Test func aFilterFindsEntriesByActionActorSubjectAndResult() async throws {
        let test = try await TestVault.make()
        try await test.create("A", "1")
        try await test.create("B", "1")
        let bot = try await test.createAgent("bot", with: ["B"])
        try await test.start(bot)
        let member = try await test.caller(role: .member)
        await #expect(throws: VaultError.denied(.entryDelete)) {
            try await test.vault.deleteSecret("A", by: member)
        }
        var filter = AuditFilter()
        filter.subject = "B"
        #expect(try await entries(test, filter).map(\.action) == ["agent.attach", "entry.create"])
        filter = AuditFilter()
        filter.action = "entry.create"
        #expect(try await entries(test, filter).compactMap(\.subjects.first?.name) == ["B", "A"])
        filter = AuditFilter()
        filter.actor = "agent"
        #expect(try await entries(test, filter).map(\.action) == ["agent.start"])
        filter = AuditFilter()
        filter.isAllowed = false
        #expect(try await entries(test, filter).map(\.action) == ["entry.delete"])
        filter = AuditFilter()
        filter.until = test.clock.now
        #expect(try await entries(test, filter).isEmpty)
    }

    /// What only the machine's operator may do, tried by others.
    enum OperatorsAct: String, CaseIterable, Sendable {
        case viewKeys = "keys.view"
        case rotateKeys = "keys.rotate"
        case verifyKeys = "keys.verify"
        case shredUser = "user.shred"
        case viewBackups = "backup.view"
        case createBackup = "backup.create"

        fileprivate func attempt(_ test: TestVault, by caller: Caller) async throws {
            switch self {
            case .viewKeys: _ = try await test.vault.keys(by: caller)
            case .rotateKeys: _ = try await test.vault.beginRotation(RotateKeysBody(kind: "epoch"), by: caller)
            case .verifyKeys: _ = try await test.vault.verifyEverything(by: caller)
            case .shredUser: _ = try await test.vault.shredUser(ShredUserBody(user: "operator"), by: caller)
            case .viewBackups: _ = try await test.backups.list(by: caller)
            case .createBackup: _ = try await test.backups.begin(by: caller)
            }
        }
    }

    @Test(arguments: OperatorsAct.allCases, [Role.owner, .member])
    func anAttemptAtWhatIsTheOperatorsIsRecorded(act: OperatorsAct, role: Role) async throws {
        let test = try await TestVault.make()
        let caller = try await test.caller(role: role)
        await #expect(throws: VaultError.self) { try await act.attempt(test, by: caller) }
        var filter = AuditFilter()
        filter.isAllowed = false
        #expect(try await entries(test, filter).map(\.action) == [act.rawValue])
    }

    @Test func pagesOfAFilteredListFollowEachOther() async throws {
        let test = try await TestVault.make()
        for number in 1...7 {
            try await test.create("A\(number)", "1")
            try await test.createAgent("bot \(number)")
        }
        var filter = AuditFilter()
        filter.action = "entry.create"
        var found: [String] = []
        var cursor: String?
        repeat {
            let page = try await test.vault.audit(
                PageRequest(limit: 3, cursor: cursor),
                filter,
                by: test.localOperator
            )
            found += page.entries.compactMap(\.subjects.first?.name)
            cursor = page.nextCursor
        } while cursor != nil
        #expect(found == (1...7).reversed().map { "A\($0)" })
    }

    @Test func aLookAtTheTrailIsRecordedInItOnceAMinute() async throws {
        let test = try await TestVault.make()
        for _ in 0..<5 { _ = try await entries(test) }
        var filter = AuditFilter()
        filter.action = "audit.view"
        // The look that shows it is another one: it has a filter.
        let first = try await entries(test, filter)
        #expect(first.map(\.details) == [["view": "list"]])
        test.clock.advance(by: .seconds(61))
        _ = try await test.vault.upkeep()
        let later = try await entries(test, filter)
        #expect(later.contains { $0.details == ["view": "list", "repeats": "4"] })
    }

    @Test func refusedAttemptsCannotFillTheTrail() async throws {
        let test = try await TestVault.make()
        let member = try await test.caller(role: .member)
        let before = try await entries(test).count
        for _ in 0..<200 {
            await #expect(throws: VaultError.denied(.entryDelete)) {
                try await test.vault.deleteSecret("A", by: member)
            }
        }
        var filter = AuditFilter()
        filter.isAllowed = false
        #expect(try await entries(test, filter).count == 1)
        _ = try await test.vault.upkeep(isLast: true)
        let counted = try await entries(test, filter)
        #expect(counted.compactMap { $0.details["repeats"] } == ["199"])
        #expect(try await entries(test).count <= before + 6)
    }

    @Test func guessedTokensStandInTheSystemsTrailAndRevokedOnesInTheirWorkspaces() async throws {
        let test = try await TestVault.make()
        for _ in 0..<50 {
            await #expect(throws: VaultError.token(.unknown)) {
                _ = try await test.vault.authenticate(Array("ak_ws_guess".utf8))
            }
        }
        let guessed = try await entries(test, of: .system)
        #expect(guessed.map(\.action) == ["token.use"])
        #expect(guessed.map(\.actor) == ["nobody"])
        #expect(guessed.map(\.reason) == ["unknown"])

        let key = try await test.vault.createAPIKey(CreateAPIKeyBody(name: "k"), by: test.localOperator)
        try await test.vault.revokeAPIKey(key.id, by: test.localOperator)
        await #expect(throws: VaultError.token(.revoked)) {
            _ = try await test.vault.authenticate(Array((key.token ?? "").utf8))
        }
        var filter = AuditFilter()
        filter.action = "token.use"
        #expect(try await entries(test, filter).map(\.actor) == ["api_key:\(key.id)"])
    }

    @Test func aSupervisorWhoseTokenWasRevokedIsRecorded() async throws {
        let test = try await TestVault.make()
        let bot = try await test.createAgent("bot")
        let token = Array((bot.gatewayToken ?? "").utf8)
        let start = StartRequest(
            token: token,
            replica: "one",
            startID: InstanceID(at: test.clock.now).text,
            isSession: false,
            isSupervised: true
        )
        let receipt = try await test.vault.start(start).receipt
        _ = try await test.vault.rotateGatewayToken(
            of: "bot",
            RotateGatewayTokenBody(revoke: true),
            by: test.localOperator
        )
        let request = ChangeRequest(token: token, receipt: receipt, seen: nil, wait: .zero)
        await #expect(throws: VaultError.token(.revoked)) {
            _ = try await test.vault.changes(request, ChangeWait())
        }
        await #expect(throws: VaultError.token(.revoked)) {
            try await test.vault.endInstance(receipt, token: token)
        }
        var filter = AuditFilter()
        filter.action = "token.use"
        #expect(try await entries(test, filter).map(\.actor) == ["agent:\(bot.id)"])
    }

    @Test func theSystemsTrailIsForTheOperatorOfTheMachineOnly() async throws {
        let test = try await TestVault.make()
        let owner = try await test.caller(role: .owner)
        await #expect(throws: VaultError.self) {
            _ = try await test.vault.audit(PageRequest(), of: .system, by: owner)
        }
        await #expect(throws: VaultError.self) { _ = try await test.vault.verifyAudit(of: .system, by: owner) }
    }

    @Test func aDatabaseThatWasPutBackIsFoundByACheckpointThatWasKept() async throws {
        let test = try await TestVault.make()
        try await test.create("A", "1")
        let old = try await test.afterKill()
        try await test.create("B", "1")
        let anchor = try await test.vault.makeCheckpoint(by: test.localOperator).text
        let now = try await test.vault.verifyAudit(anchors: [anchor], by: test.localOperator)
        #expect(now.intact)
        #expect(now.anchors == 1)

        let rolledBack = try await old.vault.verifyAudit(anchors: [anchor], by: old.localOperator)
        #expect(!rolledBack.intact)
        #expect(rolledBack.problem?.contains("put back") == true)

        // Continued from there, it is a fork.
        for number in 0..<9 { try await old.create("C\(number)", "1") }
        let forked = try await old.vault.verifyAudit(anchors: [anchor], by: old.localOperator)
        #expect(forked.problem?.contains("another one") == true)
    }

    @Test func anAnchorThatNobodySignedIsRefused() async throws {
        let test = try await TestVault.make()
        await #expect(throws: VaultError.self) {
            _ = try await test.vault.verifyAudit(anchors: ["atc1.AAAA"], by: test.localOperator)
        }
    }

    @Test func checkpointsAreSignedByThemselvesAMinuteAfterAnEntry() async throws {
        let test = try await TestVault.make()
        try await test.create("A", "1")
        let first = try await test.vault.upkeep()
        #expect(first.checkpoints.count == 1)
        #expect(try await test.vault.upkeep().checkpoints.isEmpty)
        try await test.create("B", "1")
        #expect(try await test.vault.upkeep().checkpoints.isEmpty)
        test.clock.advance(by: .seconds(60))
        #expect(try await test.vault.upkeep().checkpoints.count == 1)
        let result = try await test.vault.verifyAudit(by: test.localOperator)
        #expect(result.intact)
        #expect(result.checkpoints == 2)
    }

    @Test func retentionRemovesWholeSegmentsAndTheRestVerifies() async throws {
        var (test, vault) = try await retained()
        try await test.create("OLD", "1")
        let anchor = try #require(try await vault.upkeep().checkpoints.first).text
        test.clock.advance(by: .seconds(20 * 86_400))
        try await test.create("NEW", "1")
        _ = try await vault.upkeep()
        test.clock.advance(by: .seconds(11 * 86_400))
        let report = try await vault.upkeep()
        #expect(report.prunedEntries > 0)

        let result = try await vault.verifyAudit(anchors: [anchor], by: test.localOperator)
        #expect(result.intact, "\(result.problem ?? "")")
        #expect(result.removed == report.prunedEntries)
        #expect(result.anchors == 1)
        let names = try await entries(test).compactMap(\.subjects.first?.name)
        #expect(names.contains("NEW"))
        #expect(!names.contains("OLD"))
        #expect(try await entries(test).contains { $0.action == "audit.prune" })

        // The next segment follows the first.
        test.clock.advance(by: .seconds(40 * 86_400))
        #expect(try await vault.upkeep().prunedEntries > 0)
        vault.settings = VaultSettings()
        #expect(try await vault.verifyAudit(by: test.localOperator).intact)
    }

    @Test(arguments: [
        "DELETE FROM audit_segments",
        "UPDATE audit_segments SET pruned_at = pruned_at + 1",
        "DELETE FROM audit_entries WHERE sequence = (SELECT min(sequence) FROM audit_entries)",
        "DELETE FROM audit_entries",
        "UPDATE audit_checkpoints SET at = at + 1",
    ])
    func whatSomebodyElseRemovesIsFound(statement: String) async throws {
        let (test, vault) = try await retained()
        _ = try await vault.upkeep()
        test.clock.advance(by: .seconds(31 * 86_400))
        #expect(try await vault.upkeep().prunedEntries > 0)
        try await test.create("NEW", "1")
        #expect(try await vault.verifyAudit(by: test.localOperator).intact)
        _ = try await test.engine.write { try $0.execute(statement, []) }
        #expect(try await vault.verifyAudit(by: test.localOperator).intact == false)
    }

    @Test func aChainThatIsGoneAltogetherIsFound() async throws {
        let test = try await TestVault.make()
        try await test.engine.write { connection in
            try connection.execute("DELETE FROM audit_entries", [])
            try connection.execute("DELETE FROM audit_heads", [])
        }
        let result = try await test.vault.verifyAudit(by: test.localOperator)
        #expect(result.problem == "the whole chain is missing")
    }

    private func retained() async throws -> (TestVault, Vault) {
        let test = try await TestVault.make()
        var vault = test.vault
        vault.settings.auditRetention = .seconds(30 * 86_400)
        return (test, vault)
    }
}

// SPDX-License-Identifier: Apache-2.0

import APITypes
import TestSupport
import Testing
import VaultCore
import VaultModel

/// What a supervisor tells the vault, what it is told, and what *synced* makes of it.
struct SupervisionTests {
    private func supervisedStart(_ test: TestVault, _ agent: AgentBody, replica: String = "one") async throws -> String
    {
        let answer = try await test.vault.start(
            StartRequest(
                token: Array((agent.gatewayToken ?? "").utf8),
                replica: replica,
                startID: InstanceID(at: test.clock.now).text,
                isSession: false,
                isSupervised: true
            )
        )
        return answer.receipt
    }

    private func request(
        _ agent: AgentBody,
        _ receipt: String,
        seen: String? = nil,
        wait: Duration = .seconds(30)
    ) -> ChangeRequest {
        ChangeRequest(token: Array((agent.gatewayToken ?? "").utf8), receipt: receipt, seen: seen, wait: wait)
    }

    /// Says that the process runs, with an answer at once.
    @discardableResult
    private func report(_ test: TestVault, _ agent: AgentBody, _ receipt: String) async throws -> ChangeAnswer {
        let wait = ChangeWait()
        wait.end(.timeout)
        return try await test.vault.changes(request(agent, receipt), wait)
    }

    private func state(_ test: TestVault, of agent: String = "bot") async throws -> SyncState? {
        try await test.vault.attachedSecrets(of: agent, by: test.localOperator).secrets.first?.state
    }

    private func instances(_ test: TestVault) async throws -> [InstanceBody] {
        try await test.vault.instances(of: "bot", PageRequest(), by: test.localOperator).instances
    }

    @Test func aSupervisedInstanceIsSyncedOnceItRunsAndUnknownOnceItIsLost() async throws {
        let test = try await TestVault.make()
        try await test.create("A", "1")
        let agent = try await test.createAgent("bot", with: ["A"])
        let receipt = try await supervisedStart(test, agent)
        #expect(try await state(test) == .unknown)
        #expect(try await instances(test).map(\.liveness) == [.starting])
        #expect(try await report(test, agent, receipt).change == .none)
        #expect(try await state(test) == .synced)
        #expect(try await instances(test).map(\.liveness) == [.connected])
        test.clock.advance(by: .seconds(16))
        #expect(try await state(test) == .unknown)
        #expect(try await instances(test).map(\.liveness) == [.lost])
        try await report(test, agent, receipt)
        #expect(try await state(test) == .synced)
    }

    @Test func aConnectionThatEndsWithoutAnAnswerIsLostAtOnce() async throws {
        let test = try await TestVault.make()
        try await test.create("A", "1")
        let agent = try await test.createAgent("bot", with: ["A"])
        let receipt = try await supervisedStart(test, agent)
        let wait = ChangeWait()
        wait.end(.departed)
        await #expect(throws: VaultError.waitEnded) {
            _ = try await test.vault.changes(request(agent, receipt), wait)
        }
        #expect(try await state(test) == .unknown)
    }

    @Test func theEndThatASupervisorTellsEndsTheInstance() async throws {
        let test = try await TestVault.make()
        try await test.create("A", "1")
        let agent = try await test.createAgent("bot", with: ["A"])
        let receipt = try await supervisedStart(test, agent)
        try await report(test, agent, receipt)
        let token = Array((agent.gatewayToken ?? "").utf8)
        try await test.vault.endInstance(receipt, token: token)
        #expect(try await state(test) == .notDelivered)
        #expect(try await instances(test).map(\.endReason) == ["ended"])
        try await test.vault.endInstance(receipt, token: token)
        try await report(test, agent, receipt)
        #expect(try await state(test) == .synced)
    }

    @Test func aChangeThatCameBeforeTheRequestIsToldAtOnceAndOnce() async throws {
        let test = try await TestVault.make()
        try await test.create("A", "1")
        try await test.create("B", "1")
        let agent = try await test.createAgent("bot", with: ["A"])
        let receipt = try await supervisedStart(test, agent)
        try await test.update("A", UpdateSecretBody(value: .text("2")))
        _ = try await test.vault.attach(AttachBody(secretIds: ["B"]), to: "bot", by: test.localOperator)
        let answer = try await test.vault.changes(request(agent, receipt), ChangeWait())
        #expect(answer.change == .values)
        #expect(answer.names == ["A", "B"])
        #expect(try await state(test) == .stale)
        let wait = ChangeWait()
        wait.end(.timeout)
        let second = try await test.vault.changes(request(agent, receipt, seen: answer.environment), wait)
        #expect(second.change == .none)
    }

    enum Act: CaseIterable {
        case update, attach, detach, restart
    }

    @Test(arguments: Act.allCases)
    func anActWakesWhoWaits(act: Act) async throws {
        let test = try await TestVault.make()
        try await test.create("A", "1")
        try await test.create("B", "1")
        let agent = try await test.createAgent("bot", with: ["A"])
        let receipt = try await supervisedStart(test, agent)
        let waiting = Task { try await test.vault.changes(request(agent, receipt), ChangeWait()) }
        while try await state(test) != .synced { await Task.yield() }
        switch act {
        case .update: try await test.update("A", UpdateSecretBody(value: .text("2")))
        case .attach:
            _ = try await test.vault.attach(AttachBody(secretIds: ["B"]), to: "bot", by: test.localOperator)
        case .detach: try await test.vault.detach("A", from: "bot", by: test.localOperator)
        case .restart: _ = try await test.vault.restartGateway("bot", by: test.localOperator)
        }
        #expect(try await waiting.value.change == (act == .restart ? .restart : .values))
    }

    @Test(.timeLimit(.minutes(1)))
    func keysRotateWhileASupervisorWaitsAndItIsWokenAfterwards() async throws {
        let scene = try await Scene.make()
        let test = scene.test
        let receipt = try await supervisedStart(test, scene.agent)
        let request = request(scene.agent, receipt, wait: .seconds(3600))
        let waiting = Task { try await test.vault.changes(request, ChangeWait()) }
        while try await instances(test).first?.liveness != .connected { await Task.yield() }
        #expect(try await scene.rotate("epoch").phase == "done")
        try await test.update("SECRET_0", UpdateSecretBody(value: .text("value 9")))
        #expect(try await waiting.value.names == ["SECRET_0"])
    }

    @Test func aRevokedTokenEndsTheWait() async throws {
        let test = try await TestVault.make()
        let agent = try await test.createAgent("bot")
        let receipt = try await supervisedStart(test, agent)
        let waiting = Task { try await test.vault.changes(request(agent, receipt), ChangeWait()) }
        while try await instances(test).first?.liveness != .connected { await Task.yield() }
        _ = try await test.vault.rotateGatewayToken(
            of: "bot",
            RotateGatewayTokenBody(revoke: true),
            by: test.localOperator
        )
        await #expect(throws: VaultError.token(.revoked)) { _ = try await waiting.value }
    }

    @Test func theInstanceBeforeEndsWhenTheNextOneRunsAndNotEarlier() async throws {
        let test = try await TestVault.make()
        try await test.create("A", "1")
        let agent = try await test.createAgent("bot", with: ["A"])
        let first = try await supervisedStart(test, agent)
        try await report(test, agent, first)
        let second = try await supervisedStart(test, agent)
        #expect(try await instances(test).map(\.endReason) == [nil, nil])
        try await report(test, agent, second)
        #expect(try await instances(test).map(\.endReason) == [nil, "replaced"])
        await #expect(throws: VaultError.instanceEnded) { try await report(test, agent, first) }
    }

    @Test func aStartThatNeverRanLeavesNothingBehindWhenTheNextOneComes() async throws {
        let test = try await TestVault.make()
        try await test.create("A", "1")
        let agent = try await test.createAgent("bot", with: ["A"])
        _ = try await supervisedStart(test, agent)
        _ = try await supervisedStart(test, agent, replica: "two")
        let last = try await supervisedStart(test, agent)
        try await report(test, agent, last)
        #expect(try await instances(test).count { $0.endedAt == nil } == 1)
        #expect(try await state(test) == .synced)
    }

    @Test func anotherAgentsReceiptIsNotFound() async throws {
        let test = try await TestVault.make()
        let agent = try await test.createAgent("bot")
        let other = try await test.createAgent("other")
        let receipt = try await supervisedStart(test, agent)
        await #expect(throws: VaultError.notFound(.receipt)) { try await report(test, other, receipt) }
        await #expect(throws: VaultError.notFound(.receipt)) {
            try await test.vault.endInstance(receipt, token: Array((other.gatewayToken ?? "").utf8))
        }
    }

    @Test func aSessionsTokenNeitherWaitsNorEndsAnInstance() async throws {
        let test = try await TestVault.make()
        let agent = try await test.createAgent("bot")
        let receipt = try await supervisedStart(test, agent)
        let session = try await test.vault.createSession(for: "bot", by: test.localOperator)
        var holder = agent
        holder.gatewayToken = session.gatewayToken
        await #expect(throws: VaultError.token(.unknown)) { try await report(test, holder, receipt) }
        await #expect(throws: VaultError.token(.unknown)) {
            try await test.vault.endInstance(receipt, token: Array(session.gatewayToken.utf8))
        }
    }

    @Test func aRestartTellsWhoWasAskedAndWhoIsBack() async throws {
        let test = try await TestVault.make()
        try await test.create("A", "1")
        let agent = try await test.createAgent("bot", with: ["A"])
        _ = try await test.vault.updateAgent("bot", UpdateAgentBody(replicas: 3), by: test.localOperator)
        let first = try await supervisedStart(test, agent)
        try await report(test, agent, first)
        let second = try await supervisedStart(test, agent, replica: "two")
        try await report(test, agent, second)
        try await test.start(agent, replica: "three")
        let told = try await test.vault.restartGateway("bot", by: test.localOperator)
        #expect(told.instances.map(\.state) == [.told, .told, .notSupervised])
        #expect((told.told, told.synced) == (2, 0))
        #expect(try await report(test, agent, first).change == .restart)
        let next = try await supervisedStart(test, agent)
        try await report(test, agent, next)
        let progress = try await test.vault.restartProgress(of: "bot", by: test.localOperator)
        #expect(progress.instances.map(\.state) == [.synced, .told, .notSupervised])
        try await test.vault.endInstance(second, token: Array((agent.gatewayToken ?? "").utf8))
        let rest = try await test.vault.restartProgress(
            of: "bot",
            by: test.localOperator,
            within: .seconds(30),
            ChangeWait()
        )
        #expect(rest.instances.map(\.state) == [.synced, .ended, .notSupervised])
    }

    @Test func aNewerWaitOfOneInstanceEndsTheOlder() async throws {
        let test = try await TestVault.make()
        let agent = try await test.createAgent("bot")
        let receipt = try await supervisedStart(test, agent)
        let older = Task { try await test.vault.changes(request(agent, receipt), ChangeWait()) }
        while try await instances(test).first?.liveness != .connected { await Task.yield() }
        let newer = ChangeWait()
        let task = Task { try await test.vault.changes(request(agent, receipt), newer) }
        #expect(try await older.value.change == .none)
        newer.end(.timeout)
        #expect(try await task.value.change == .none)
    }
}

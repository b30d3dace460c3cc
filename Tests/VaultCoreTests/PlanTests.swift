// SPDX-License-Identifier: Apache-2.0

import APITypes
import Storage
import TestSupport
import Testing
import VaultCore
import VaultModel

/// What a plan lets a workspace hold and send.
struct PlanTests {
    @Test(arguments: [
        (Plan.free, [3, 1, 100]), (.starter, [25, 5, 10_000]), (.pro, [100, 25, 100_000]),
        (.scale, [500, 100, 500_000]),
        (.enterprise, []), (.selfHosted, []),
    ])
    func aPlanHasTheLimitsThatUsersWerePromised(plan: Plan, limits: [Int]) {
        #expect(
            [plan.limits.credentials, plan.limits.agents, plan.limits.requestsPerMonth].compactMap(\.self) == limits
        )
    }

    @Test func withoutAChoiceThereIsNoLimit() async throws {
        let test = try await TestVault.make()
        let workspace = try await test.vault.workspace(by: test.localOperator)
        #expect(workspace.plan == .selfHosted)
        #expect(workspace.limits == LimitsBody())
        #expect(workspace.usage == UsageBody(credentials: 0, agents: 0, requestsThisMonth: 0))
    }

    @Test func theFourthCredentialAndTheSecondAgentOfAFreeWorkspaceAreRefused() async throws {
        let test = try await TestVault.make()
        try await test.choose(.free)
        for number in 0..<3 { try await test.key("key \(number)") }
        await #expect(throws: VaultError.planLimit("the workspace's plan allows 3 credentials")) {
            try await test.key("one more")
        }
        try await test.createAgent("bot")
        await #expect(throws: VaultError.planLimit("the workspace's plan allows 1 agents")) {
            try await test.createAgent("second")
        }
        // What is removed makes room, and what is there stays when the plan gets smaller.
        try await test.vault.deleteCredential("key 0", by: test.localOperator)
        try await test.key("one more")
        try await test.choose(.starter)
        try await test.createAgent("second")
        try await test.choose(.free)
        let usage = try await test.vault.status(by: test.localOperator).workspace
        #expect(usage.usage == UsageBody(credentials: 3, agents: 2, requestsThisMonth: 0))
        #expect(usage.limits == LimitsBody(credentials: 3, agents: 1, requestsPerMonth: 100))
    }

    @Test func theHundredAndFirstRequestOfAMonthIsRefusedAndTheNextMonthBeginsAnew() async throws {
        let test = try await TestVault.make()
        try await test.choose(.free)
        let token = try await test.token()
        for _ in 0..<100 { try await test.use(token) }
        let wait = CalendarMonth(of: test.clock.now).end.milliseconds - test.clock.now.milliseconds
        for _ in 0..<3 {
            await #expect(throws: VaultError.quotaReached(most: 100, retryAfter: (wait + 999) / 1_000)) {
                try await test.use(token)
            }
        }
        await test.vault.settleAttempts()
        #expect(try await test.sent() == 100)
        #expect(try await test.vault.agent("bot", by: test.localOperator).requestsThisMonth == 100)
        // However often it is refused, the trail says so once a minute.
        let trail = try await test.vault.audit(PageRequest(limit: 500), by: test.localOperator).entries
        #expect(trail.filter { !$0.allowed && $0.reason == "quota_reached" }.count == 1)
        test.clock.advance(by: .milliseconds(wait))
        try await test.use(token)
        await test.vault.settleAttempts()
        #expect(try await test.sent() == 1)
    }

    /// Also of what the trail does not have yet.
    @Test func aClockThatLeavesAMonthAndComesBackAdmitsNoMore() async throws {
        let test = try await TestVault.make()
        try await test.choose(.free)
        let token = try await test.token()
        let caller = ProxyCaller.token(Array(token.utf8), from: .loopback)
        let attempt = ProxyAttempt(target: "https://api.test.example/a", method: "GET")
        var opens: [OpenAttempt] = []
        for _ in 0..<100 {
            opens.append(try await test.vault.begin(attempt, with: test.vault.proxyGrant(caller, credential: nil)))
        }
        test.clock.advance(by: .seconds(-3_600))
        try await test.use(token)
        test.clock.advance(by: .seconds(3_600))
        await #expect(throws: VaultError.self) { try await test.use(token) }
        withExtendedLifetime(opens) {}
    }

    @Test func aClockThatJumpsToAnotherMonthAndBackFindsTheCountOfEachAsItWas() async throws {
        let test = try await TestVault.make()
        try await test.choose(.free)
        let token = try await test.token()
        for _ in 0..<100 { try await test.use(token) }
        await test.vault.settleAttempts()
        // The clock of a test begins with a month.
        for (jump, sent) in [(Duration.seconds(-3_600), 1), (.seconds(32 * 86_400), 1), (.seconds(-3_600), 2)] {
            test.clock.advance(by: jump)
            try await test.use(token)
            await test.vault.settleAttempts()
            #expect(try await test.sent() == sent)
            test.clock.advance(by: .zero - jump)
            await #expect(throws: VaultError.self) { try await test.use(token) }
            #expect(try await test.sent() == 100)
        }
        let agent = try await test.vault.agent("bot", by: test.localOperator)
        #expect(agent.requestsThisMonth == 100)
        #expect(try await test.vault.verification().problems == [])
    }

    @Test func theCountOutlivesTheServerAndAnotherKeyForARequestDoesNotCount() async throws {
        let test = try await TestVault.make()
        try await test.choose(.free)
        let token = try await test.token()
        for _ in 0..<99 { try await test.use(token) }
        try await test.use(token, number: 2)
        await test.vault.settleAttempts()
        let later = try await test.afterKill()
        #expect(try await later.sent() == 99)
        try await later.use(token)
        await #expect(throws: VaultError.self) { try await later.use(token) }
    }

    @Test func ofManyRequestsAtOnceNoMoreThanThePlanAllowsAreSent() async throws {
        let test = try await TestVault.make()
        try await test.choose(.free)
        let token = try await test.token()
        let sent = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<150 { group.addTask { (try? await test.use(token)) != nil } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(sent == 100)
    }

    @Test func aPlanIsChosenByOwnersAndWhereTheServersHasLimitsByItsOperator() async throws {
        let test = try await TestVault.make()
        for (role, isAllowed) in [(Role.owner, true), (.admin, false), (.member, false)] {
            let caller = try await test.caller(role: role)
            let done = try? await test.vault.updateWorkspace(UpdateWorkspaceBody(plan: .pro), by: caller)
            #expect((done?.plan == .pro) == isAllowed, "\(role)")
        }
        var limited = test.vault
        limited.settings.plan = .free
        let owner = try await test.caller(role: .owner)
        await #expect(throws: VaultError.denied(.planUpdate)) {
            _ = try await limited.updateWorkspace(UpdateWorkspaceBody(plan: .enterprise), by: owner)
        }
        let changed = try await limited.updateWorkspace(UpdateWorkspaceBody(plan: .scale), by: test.localOperator)
        #expect(changed.limits == LimitsBody(credentials: 500, agents: 100, requestsPerMonth: 500_000))
        let trail = try await test.vault.audit(PageRequest(), by: test.localOperator).entries
        #expect(trail.first?.details["plan"] == "scale")
    }

    /// A time in milliseconds, the year and month that it is in, and when that month began.
    private static let times: [(Int64, Int64, Int64, Int64)] = [
        (0, 1970, 1, 0), (-1, 1969, 12, -2_678_400_000), (951_782_399_999, 2000, 2, 949_363_200_000),
        (951_782_400_000, 2000, 2, 949_363_200_000), (951_868_799_999, 2000, 2, 949_363_200_000),
        (951_868_800_000, 2000, 3, 951_868_800_000), (1_798_761_599_999, 2026, 12, 1_796_083_200_000),
        (1_798_761_600_000, 2027, 1, 1_798_761_600_000), (4_107_542_400_000, 2100, 3, 4_107_542_400_000),
    ]

    @Test(arguments: times)
    func aTimeIsInOneMonthOfUTC(milliseconds: Int64, year: Int64, month: Int64, start: Int64) {
        let number = year * 12 + month - 1
        let found = CalendarMonth(of: Timestamp(milliseconds: milliseconds))
        #expect(found.number == number)
        #expect(found.start.milliseconds == start)
        #expect(start <= milliseconds && milliseconds < found.end.milliseconds)
        #expect(CalendarMonth(of: found.end).number == number + 1)
    }
}

extension TestVault {
    fileprivate func choose(_ plan: Plan) async throws {
        _ = try await vault.updateWorkspace(UpdateWorkspaceBody(plan: plan), by: localOperator)
    }

    fileprivate func key(_ name: String) async throws {
        let body = CreateCredentialBody(name: name, value: .text("sk-canary-0123456789"), provider: "openai")
        _ = try await vault.createCredential(body, by: localOperator)
    }

    /// An agent's token for a credential.
    fileprivate func token() async throws -> String {
        try await key("key")
        try await createAgent("bot")
        let body = AttachCredentialBody(credentialId: "key")
        return try await vault.attachCredential(body, to: "bot", by: localOperator).proxyToken ?? ""
    }

    fileprivate func use(_ token: String, number: Int = 1) async throws {
        let grant = try await vault.proxyGrant(.token(Array(token.utf8), from: .loopback), credential: nil)
        var attempt = ProxyAttempt(target: "https://api.openai.com/", method: "GET")
        attempt.number = number
        let open = try await vault.begin(attempt, with: grant)
        attempt.status = 200
        open.end(attempt)
    }

    fileprivate func sent() async throws -> Int? {
        try await vault.workspace(by: localOperator).usage?.requestsThisMonth
    }
}

// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import Storage
import TestSupport
import Testing
import VaultCore
import VaultModel

/// What the audit trail has of attempts to reach targets, whatever becomes of the server.
struct AttemptTests {
    private static let key = "sk-c4n4ry-0123456789"

    private struct Scene {
        let test: TestVault
        let token: String

        init() async throws {
            test = try await TestVault.make()
            _ = try await test.vault.createCredential(
                CreateCredentialBody(
                    name: "X",
                    type: .apiKey,
                    value: .text(AttemptTests.key),
                    hosts: ["api.test.example"]
                ),
                by: test.localOperator
            )
            _ = try await test.createAgent("bot")
            token =
                try await test.vault.attachCredential(
                    AttachCredentialBody(credentialId: "X"),
                    to: "bot",
                    by: test.localOperator
                ).proxyToken ?? ""
        }

        var attempt: ProxyAttempt { ProxyAttempt(target: "https://api.test.example/a", method: "GET") }

        func grant(_ vault: Vault? = nil) async throws(VaultError) -> ProxyGrant {
            try await (vault ?? test.vault).proxyGrant(.token(Array(token.utf8), from: .loopback), credential: nil)
        }

        /// Begins as many attempts as there may be under way.
        func fillSlots() async throws -> [OpenAttempt] {
            let grant = try await grant()
            var opens: [OpenAttempt] = []
            for _ in 0..<AttemptSlots.count { opens.append(try await test.vault.begin(attempt, with: grant)) }
            return opens
        }

        func uses(of vault: Vault) async throws -> [AuditEntryBody] {
            try await vault.audit(PageRequest(), by: test.localOperator).entries.filter {
                $0.action == "credential.use"
            }
        }
    }

    /// What a token could not be used for is in the trail of its workspace, or in the system's where it was never one.
    @Test(arguments: ["revoked", "expired", "damaged", "unknown"])
    func aTokenThatOpensNothingIsRecorded(why: String) async throws {
        let scene = try await Scene()
        var token = scene.token
        let test = scene.test
        switch why {
        case "revoked": try await test.vault.deleteAgent("bot", by: test.localOperator)
        case "expired":
            let body = UpdateCredentialBody(expiresAt: test.clock.now + .seconds(1))
            _ = try await test.vault.updateCredential("X", body, by: test.localOperator)
            test.clock.advance(by: .seconds(2))
        case "damaged": try await test.damageHosts()
        default: token = String(token.dropLast(8)) + "00000000"
        }
        let tries = ProxyCaller.token(Array(token.utf8), from: .loopback)
        for _ in 0..<3 {
            await #expect(throws: VaultError.self) { try await test.vault.proxyGrants(tries, credential: nil) }
        }
        let scope: AuditScope = why == "unknown" ? .system : .workspace
        let entries = try await test.vault.audit(PageRequest(), of: scope, by: test.localOperator).entries.filter {
            !$0.allowed
        }
        let reasons = ["revoked": "revoked", "expired": "expired", "damaged": "integrity_error", "unknown": "unknown"]
        #expect(entries.map(\.reason) == [reasons[why]])
        #expect(entries.map(\.action) == [why == "revoked" || why == "unknown" ? "token.use" : "credential.use"])
    }

    @Test func anAttemptIsOneEntryWhenItIsOver() async throws {
        let scene = try await Scene()
        let open = try await scene.test.vault.begin(scene.attempt, with: scene.grant())
        #expect(try await scene.uses(of: scene.test.vault).isEmpty)
        var attempt = scene.attempt
        attempt.status = 204
        attempt.bytes = 12
        open.end(attempt)
        open.end(scene.attempt)
        let entry = try #require(try await scene.uses(of: scene.test.vault).first)
        #expect(try await scene.uses(of: scene.test.vault).count == 1)
        #expect(entry.allowed && entry.details["status"] == "204" && entry.details["bytes"] == "12")
        #expect(entry.details["target"] == "https://api.test.example/a")
        #expect(try await scene.test.vault.verification().problems == [])
    }

    @Test func anAttemptThatWentAnotherWayThanItBeganIsEnteredAsItWent() async throws {
        let scene = try await Scene()
        var attempt = scene.attempt
        attempt.address = "192.0.2.1"
        let open = try await scene.test.vault.begin(attempt, with: scene.grant())
        attempt.address = "192.0.2.2"
        attempt.status = 200
        open.end(attempt)
        let entry = try #require(try await scene.uses(of: scene.test.vault).first)
        #expect(entry.details["address"] == "192.0.2.2" && entry.details["status"] == "200")
        #expect(entry.details["target"] == "https://api.test.example/a")
    }

    @Test func anAttemptThatNobodyEndsIsEnteredAllTheSame() async throws {
        let scene = try await Scene()
        _ = try await scene.test.vault.begin(scene.attempt, with: scene.grant())
        #expect(try await scene.uses(of: scene.test.vault).map { $0.details["error"] } == ["broken_off"])
    }

    @Test func whatWasUnderWayWhenTheServerWasKilledIsEnteredByTheNextOne() async throws {
        let scene = try await Scene()
        let open = try await scene.test.vault.begin(scene.attempt, with: scene.grant())
        let next = try await scene.test.afterKill()
        let entries = try await scene.uses(of: next.vault)
        #expect(entries.map { $0.details["error"] } == ["server_ended"])
        #expect(entries.first?.details["target"] == "https://api.test.example/a")
        #expect(try await next.vault.verification().problems == [])
        let third = try await next.afterKill()
        #expect(try await scene.uses(of: third.vault).count == 1)
        withExtendedLifetime(open) {}
    }

    @Test func aSlotThatWasChangedFromOutsideSaysNothing() async throws {
        let scene = try await Scene()
        let open = try await scene.test.vault.begin(scene.attempt, with: scene.grant())
        let path = scene.test.directory.appending("attache.attempts")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let place = try #require(bytes.range(of: Data("api.test.example".utf8)))
        bytes[place.lowerBound] = UInt8(ascii: "b")
        let copy = try TemporaryDirectory()
        for name in ["attache.db", "attache.db-wal"] {
            try FileManager.default.copyItem(atPath: scene.test.directory.appending(name), toPath: copy.appending(name))
        }
        try bytes.write(to: URL(fileURLWithPath: copy.appending("attache.attempts")))
        let next = try await scene.test.opening(copy)
        #expect(try await scene.uses(of: next.vault).isEmpty)
        withExtendedLifetime(open) {}
    }

    @Test func noAttemptBeginsWhileEntriesCannotBeWritten() async throws {
        let scene = try await Scene()
        let grant = try await scene.grant()
        let open = try await scene.test.vault.begin(scene.attempt, with: grant)
        try await scene.test.engine.close()
        open.end(scene.attempt)
        await scene.test.vault.settleAttempts()
        await #expect(throws: VaultError.auditUnavailable) {
            _ = try await scene.test.vault.begin(scene.attempt, with: grant)
        }
        // Nothing is lost: it stands in its slot.
        let next = try await scene.test.afterKill()
        #expect(try await scene.uses(of: next.vault).count == 1)
    }

    @Test func neitherSlotsNorTrailHoldTheValueOrTheToken() async throws {
        let scene = try await Scene()
        let open = try await scene.test.vault.begin(scene.attempt, with: scene.grant())
        #expect(try !scene.test.bytesOnDisk(contain: Self.key))
        #expect(try !scene.test.bytesOnDisk(contain: scene.token))
        open.end(scene.attempt)
        await scene.test.vault.settleAttempts()
        #expect(try !scene.test.bytesOnDisk(contain: Self.key))
        #expect(try !scene.test.bytesOnDisk(contain: scene.token))
    }

    @Test func manyAttemptsAtOnceAreEachEnteredOnce() async throws {
        let scene = try await Scene()
        let grant = try await scene.grant()
        let vault = scene.test.vault
        let commits = scene.test.engine.commitCount
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<400 {
                group.addTask {
                    var attempt = ProxyAttempt(target: "https://api.test.example/\(number)", method: "GET")
                    let open = try await vault.begin(attempt, with: grant)
                    attempt.status = 200
                    open.end(attempt)
                }
            }
            try await group.waitForAll()
        }
        await vault.settleAttempts()
        #expect(scene.test.engine.commitCount - commits < 100)
        var seen: Set<String> = []
        var cursor: String?
        repeat {
            let page = try await vault.audit(PageRequest(limit: 200, cursor: cursor), by: scene.test.localOperator)
            for entry in page.entries where entry.action == "credential.use" {
                #expect(seen.insert(entry.details["target"] ?? "").inserted)
            }
            cursor = page.nextCursor
        } while cursor != nil
        #expect(seen.count == 400)
        #expect(try await vault.verification().problems == [])
    }

    @Test func attemptsOfSeveralWorkspacesAreEachEnteredInTheirOwn() async throws {
        let test = try await TestVault.make()
        var callers: [Caller] = []
        for name in ["ada", "grace"] { callers.append(try await test.caller(test.person(name))) }
        var grants: [ProxyGrant] = []
        for caller in callers {
            let body = CreateCredentialBody(
                name: "X",
                type: .apiKey,
                value: .text(Self.key),
                hosts: ["api.test.example"]
            )
            _ = try await test.vault.createCredential(body, by: caller)
        }
        for caller in callers { grants.append(try await test.vault.proxyGrant(.known(caller), credential: "X")) }
        for number in 0..<20 {
            for (place, grant) in grants.enumerated() {
                let attempt = ProxyAttempt(target: "https://api.test.example/\(place)/\(number)", method: "GET")
                let open = try await test.vault.begin(attempt, with: grant)
                open.end(attempt)
            }
        }
        await test.vault.settleAttempts()
        for (place, caller) in callers.enumerated() {
            let trail = try await test.vault.audit(PageRequest(limit: 200), by: caller).entries
            let targets = trail.filter { $0.action == "credential.use" }.compactMap { $0.details["target"] }
            #expect(targets == (0..<20).reversed().map { "https://api.test.example/\(place)/\($0)" })
            #expect(try await test.vault.verifyAudit(by: caller).intact)
            #expect(try await test.vault.workspace(by: caller).usage?.requestsThisMonth == 20)
        }
    }

    @Test func whoWaitsForWhatIsOverDoesNotWaitForWhatEndsLater() async throws {
        let scene = try await Scene()
        let vault = scene.test.vault
        let grant = try await scene.grant()
        try await vault.begin(scene.attempt, with: grant).end(scene.attempt)
        let others = (0..<4).map { _ in
            Task {
                while !Task.isCancelled { try await vault.begin(scene.attempt, with: grant).end(scene.attempt) }
            }
        }
        let watch = Task {
            // Ends the others late, so that a wait which never ends without that is seen as one that took too long.
            try await Task.sleep(for: .seconds(10))
            for other in others { other.cancel() }
        }
        await vault.settleAttempts()
        #expect(others.allSatisfy { !$0.isCancelled })
        watch.cancel()
        for other in others { other.cancel() }
        for other in others { _ = await other.result }
    }

    @Test func aSlowDiskMakesRequestsWaitAndRefusesNone() async throws {
        let scene = try await Scene()
        let grant = try await scene.grant()
        let opens = try await scene.fillSlots()
        let engine = scene.test.engine
        let vault = scene.test.vault
        let (isHeld, held) = AsyncStream.makeStream(of: Void.self)
        let disk = DispatchSemaphore(value: 0)
        // Entries of attempts are written behind it.
        async let slow: Void = engine.append { _ in
            held.yield()
            _ = disk.wait(timeout: .now() + 20)
        }
        for await _ in isHeld { break }
        for open in opens { open.end(scene.attempt) }
        async let late = vault.begin(scene.attempt, with: grant)
        let deadline = ContinuousClock.now + .seconds(10)
        while vault.attemptsWithoutSlot == 0, ContinuousClock.now < deadline { await Task.yield() }
        #expect(vault.attemptsWithoutSlot == 1)
        disk.signal()
        try await late.end(scene.attempt)
        try await slow
        await scene.test.vault.settleAttempts()
        #expect(try await scene.test.vault.verification().problems == [])
    }

    @Test func whereAllSlotsAreOfAttemptsUnderWayTheNextIsRefusedAtOnce() async throws {
        let scene = try await Scene()
        let opens = try await scene.fillSlots()
        await #expect(throws: VaultError.auditUnavailable) {
            _ = try await scene.test.vault.begin(scene.attempt, with: scene.grant())
        }
        opens.first?.end(scene.attempt)
        let next = try await scene.test.vault.begin(scene.attempt, with: scene.grant())
        withExtendedLifetime((opens, next)) {}
    }

    // MARK: - What is remembered of tokens

    @Test func aTokenIsLookedUpOnceAndAnewWhenAnythingWasWritten() async throws {
        let scene = try await Scene()
        let first = try await scene.grant()
        #expect(try await scene.grant() === first)
        try await scene.test.create("OTHER", "value")
        let second = try await scene.grant()
        #expect(second !== first)
        let open = try await scene.test.vault.begin(scene.attempt, with: second)
        open.end(scene.attempt)
        await scene.test.vault.settleAttempts()
        _ = try await scene.grant()
        // The attempts themselves are no reason, once the first of them has looked for other programs' writes.
        let third = try await scene.grant()
        let next = try await scene.test.vault.begin(scene.attempt, with: third)
        next.end(scene.attempt)
        await scene.test.vault.settleAttempts()
        #expect(try await scene.grant() === third)
    }

    @Test func aTokenThatIsDetachedWhileARequestIsUnderWayOpensNothing() async throws {
        let scene = try await Scene()
        let grant = try await scene.grant()
        try await scene.test.vault.detachCredential("X", from: "bot", by: scene.test.localOperator)
        await #expect(throws: VaultError.token(.revoked)) {
            _ = try await scene.test.vault.begin(scene.attempt, with: grant)
        }
        await #expect(throws: VaultError.token(.revoked)) { _ = try await scene.grant() }
    }

    @Test func hostsThatChangeWhileARequestIsUnderWayEndIt() async throws {
        let scene = try await Scene()
        let grant = try await scene.grant()
        _ = try await scene.test.vault.updateCredential(
            "X",
            UpdateCredentialBody(hosts: ["other.example"]),
            by: scene.test.localOperator
        )
        await #expect(throws: VaultError.storage(.busy)) {
            _ = try await scene.test.vault.begin(scene.attempt, with: grant)
        }
    }

    @Test func aRememberedGrantEndsWithItsCredential() async throws {
        let scene = try await Scene()
        _ = try await scene.test.vault.updateCredential(
            "X",
            UpdateCredentialBody(expiresAt: scene.test.clock.now + .seconds(30)),
            by: scene.test.localOperator
        )
        _ = try await scene.grant()
        scene.test.clock.advance(by: .seconds(30))
        await #expect(throws: VaultError.credentialExpired("X")) { _ = try await scene.grant() }
    }

    private static let jumps: [Duration] = [.seconds(-3_600), .seconds(31 * 86_400)]

    @Test(arguments: jumps)
    func whatIsRememberedIsLookedUpAnewWhereTheClockJumps(jump: Duration) async throws {
        let scene = try await Scene()
        let first = try await scene.grant()
        scene.test.clock.advance(by: jump)
        let second = try await scene.grant()
        #expect(second !== first)
        #expect(try await scene.grant() === second)
        scene.test.clock.advance(by: .zero - jump)
        #expect(try await scene.grant() !== second)
    }

    @Test(arguments: jumps)
    func whatWasRevokedStaysRefusedWhereTheClockJumps(jump: Duration) async throws {
        let scene = try await Scene()
        let grant = try await scene.grant()
        let body = RotateGatewayTokenBody(revoke: true)
        _ = try await scene.test.vault.rotateProxyToken(of: "X", on: "bot", body, by: scene.test.localOperator)
        for step in [.zero, jump, .zero - jump] {
            scene.test.clock.advance(by: step)
            await #expect(throws: VaultError.token(.revoked)) { _ = try await scene.grant() }
            await #expect(throws: VaultError.token(.revoked)) {
                _ = try await scene.test.vault.begin(scene.attempt, with: grant)
            }
        }
    }

    @Test func whatHasExpiredIsRefusedHoweverTheClockCameThere() async throws {
        let scene = try await Scene()
        let body = UpdateCredentialBody(expiresAt: scene.test.clock.now + .seconds(30))
        _ = try await scene.test.vault.updateCredential("X", body, by: scene.test.localOperator)
        _ = try await scene.grant()
        scene.test.clock.advance(by: .seconds(-3_600))
        _ = try await scene.grant()
        scene.test.clock.advance(by: .seconds(3_630))
        await #expect(throws: VaultError.credentialExpired("X")) { _ = try await scene.grant() }
        scene.test.clock.advance(by: .seconds(31 * 86_400))
        await #expect(throws: VaultError.credentialExpired("X")) { _ = try await scene.grant() }
    }

    @Test func requestsThatAreUnderWayAtOnceShareTheOpenedValueAndNoneOutlivesThem() async throws {
        let scene = try await Scene()
        let grant = try await scene.grant()
        let first = try await scene.test.vault.begin(scene.attempt, with: grant)
        let second = try await scene.test.vault.begin(scene.attempt, with: grant)
        #expect(first.credential === second.credential)
        weak let opened = first.credential
        #expect(opened != nil)
        func use(_ first: consuming OpenAttempt, _ second: consuming OpenAttempt) {}
        use(consume first, consume second)
        #expect(opened == nil)
    }
}

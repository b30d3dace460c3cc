// SPDX-License-Identifier: Apache-2.0

import APITypes
import Storage
import TestSupport
import Testing
import VaultCore
import VaultModel

/// What a start hands out for a credential that goes through the proxy.
struct ProxiedStartTests {
    private static let key = "sk-ant-api03-canary-0123456789"

    /// A vault whose agent `bot` has Anthropic by proxy.
    private struct Scene {
        let test: TestVault
        let vault: Vault
        let agent: AgentBody
        let credential: CredentialBody

        init(provider: String? = "anthropic", hosts: [String]? = nil, address: String? = "http://vault.test:8750")
            async throws
        {
            test = try await TestVault.make()
            var vault = test.vault
            vault.settings.agentURL = address
            self.vault = vault
            credential = try await vault.createCredential(
                CreateCredentialBody(
                    name: "Claude",
                    type: provider == nil ? .apiKey : nil,
                    value: .text(ProxiedStartTests.key),
                    provider: provider,
                    hosts: hosts
                ),
                by: test.localOperator
            )
            agent = try await test.createAgent("bot")
            try await attach()
        }

        @discardableResult
        func attach() async throws -> String {
            let body = AttachCredentialBody(credentialId: "Claude")
            let attached = try await vault.attachCredential(body, to: "bot", by: test.localOperator)
            return attached.proxyToken ?? ""
        }

        func start(
            _ replica: String = "one",
            id: String? = nil,
            isSession: Bool = false,
            forwardingPort: UInt16? = nil
        ) async throws -> [String: String] {
            let request = StartRequest(
                token: Array((agent.gatewayToken ?? "").utf8),
                replica: replica,
                startID: id ?? InstanceID(at: test.clock.now).text,
                isSession: isSession,
                forwardingPort: forwardingPort
            )
            let answer = try await vault.start(request)
            let pairs = answer.environment.bytes.withBytes { bytes in
                bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            }
            return Dictionary(
                uniqueKeysWithValues: pairs.map { pair in
                    let parts = pair.split(separator: "=", maxSplits: 1)
                    return (String(parts[0]), String(parts[1]))
                }
            )
        }

        /// What the supervisor of a start is told not to mask.
        func readableNames(isSupervised: Bool = true) async throws -> [String] {
            let request = StartRequest(
                token: Array((agent.gatewayToken ?? "").utf8),
                replica: "one",
                startID: InstanceID(at: test.clock.now).text,
                isSession: false,
                isSupervised: isSupervised
            )
            return try await vault.start(request).readableNames
        }

        /// Rotates the agent's own token and returns the new one.
        func rotate(_ body: RotateGatewayTokenBody) async throws -> RotatedProxyTokenBody {
            try await vault.rotateProxyToken(of: "Claude", on: "bot", body, by: test.localOperator)
        }

        func opens(_ token: String?) async -> Bool {
            let grant = try? await vault.proxyGrant(.token(Array((token ?? "").utf8), from: .loopback), credential: nil)
            return grant?.credentialName == "Claude"
        }

        func state() async throws -> SyncState? {
            try await vault.agent("bot", by: test.localOperator).secrets?.first?.state
        }
    }

    @Test func anInstanceGetsATokenAndItsBaseURLInTheCredentialsPlace() async throws {
        let scene = try await Scene()
        let environment = try await scene.start()
        #expect(environment.keys.sorted() == ["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"])
        #expect(environment["ANTHROPIC_BASE_URL"] == "http://vault.test:8750/v1/via/\(scene.credential.id)")
        #expect(environment["ANTHROPIC_API_KEY"]?.hasPrefix("pxr_") == true)
        #expect(await scene.opens(environment["ANTHROPIC_API_KEY"]))
    }

    @Test func aSupervisorIsToldWhichValuesAreNoSecrets() async throws {
        let scene = try await Scene()
        try await scene.test.create("LEVEL", "debug", kind: .variable)
        try await scene.test.create("TOKEN", "canary", kind: .secret)
        let body = AttachBody(secretIds: ["LEVEL", "TOKEN"])
        _ = try await scene.vault.attach(body, to: "bot", by: scene.test.localOperator)
        #expect(try await scene.readableNames() == ["LEVEL", "ANTHROPIC_BASE_URL"])
        #expect(try await scene.readableNames(isSupervised: false) == [])
    }

    @Test func aSecretUnderTheNameOfABaseURLIsNotCalledReadable() async throws {
        let scene = try await Scene()
        try await scene.test.create("ANTHROPIC_BASE_URL", "https://user:canary@proxy.test", kind: .secret)
        let body = AttachBody(secretIds: ["ANTHROPIC_BASE_URL"])
        _ = try await scene.vault.attach(body, to: "bot", by: scene.test.localOperator)
        #expect(try await scene.readableNames() == [])
    }

    @Test func aCredentialWithoutAProviderNamesItsBaseURLAfterItself() async throws {
        let scene = try await Scene(provider: nil, hosts: ["api.example.com"])
        #expect(try await scene.start().keys.sorted() == ["CLAUDE", "CLAUDE_BASE_URL"])
    }

    @Test func aCredentialOfSeveralHostsIsToldWhereTheProxyIs() async throws {
        let scene = try await Scene(provider: nil, hosts: ["api.example.com", "other.example.com"])
        let environment = try await scene.start()
        #expect(environment.keys.sorted() == ["CLAUDE", "CLAUDE_PROXY_URL"])
        #expect(environment["CLAUDE_PROXY_URL"] == "http://vault.test:8750/v1/proxy")
    }

    @Test func theWrappersOwnForwarderIsNearer() async throws {
        let scene = try await Scene()
        let environment = try await scene.start(forwardingPort: 9_000)
        #expect(environment["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:9000/v1/via/\(scene.credential.id)")
    }

    @Test func aStartThatNobodyToldWhereTheProxyIsFails() async throws {
        let scene = try await Scene(address: nil)
        await #expect(throws: VaultError.noProxyAddress(credential: "Claude")) { _ = try await scene.start() }
        #expect(try await scene.start(forwardingPort: 9_000).count == 2)
    }

    @Test func whatIsAttachedWinsOverABaseURLOfTheSameName() async throws {
        let scene = try await Scene()
        try await scene.test.create("ANTHROPIC_BASE_URL", "http://own.test", kind: .variable)
        let body = AttachBody(secretIds: ["ANTHROPIC_BASE_URL"])
        _ = try await scene.vault.attach(body, to: "bot", by: scene.test.localOperator)
        #expect(try await scene.start()["ANTHROPIC_BASE_URL"] == "http://own.test")
    }

    @Test func aTokenEndsWithItsInstance() async throws {
        let scene = try await Scene()
        let first = try await scene.start("a")["ANTHROPIC_API_KEY"]
        let second = try await scene.start("a")["ANTHROPIC_API_KEY"]
        #expect(await !scene.opens(first))
        #expect(await scene.opens(second))
        #expect(first != second)
        // Beyond the one replica that the agent has.
        let third = try await scene.start("b")["ANTHROPIC_API_KEY"]
        #expect(await !scene.opens(second))
        #expect(await scene.opens(third))
    }

    @Test func aRetryOfAStartGetsTheOnlyTokenThatOpens() async throws {
        let scene = try await Scene()
        let first = try await scene.start(id: "start-0001")["ANTHROPIC_API_KEY"]
        let second = try await scene.start(id: "start-0001")["ANTHROPIC_API_KEY"]
        #expect(await !scene.opens(first))
        #expect(await scene.opens(second))
    }

    @Test func aSessionsTokenLastsForHalfADay() async throws {
        let scene = try await Scene()
        let token = try await scene.start(isSession: true)["ANTHROPIC_API_KEY"]
        _ = try await scene.start()
        scene.test.clock.advance(by: .seconds(43_199))
        #expect(await scene.opens(token))
        scene.test.clock.advance(by: .seconds(1))
        // Nothing has taken its place.
        await #expect(throws: VaultError.token(.revoked)) {
            try await scene.vault.proxyGrant(.token(Array((token ?? "").utf8), from: .loopback), credential: nil)
        }
    }

    @Test func whatHasEndedIsRemovedByALaterStart() async throws {
        let scene = try await Scene()
        for _ in 0..<3 { _ = try await scene.start() }
        scene.test.clock.advance(by: .seconds(2 * 86_400))
        _ = try await scene.start()
        let rows = try await scene.test.engine.read {
            try $0.query("SELECT id FROM tokens WHERE instance_id IS NOT NULL", [])
        }
        // The one that this start ended is a day younger than what is removed.
        #expect(rows.count == 2)
    }

    @Test func aRotationIsNoneOfARunningInstancesBusinessButARevocationEndsAll() async throws {
        let scene = try await Scene()
        let token = try await scene.start()["ANTHROPIC_API_KEY"]
        _ = try await scene.rotate(RotateGatewayTokenBody(graceSeconds: 0))
        #expect(await scene.opens(token))
        _ = try await scene.rotate(RotateGatewayTokenBody(revoke: true))
        #expect(await !scene.opens(token))
    }

    @Test func theGraceOfARotatedTokenEndsAtItsTime() async throws {
        let scene = try await Scene()
        let first = try await scene.rotate(RotateGatewayTokenBody(graceSeconds: 0)).proxyToken
        let rotated = try await scene.rotate(RotateGatewayTokenBody(graceSeconds: 60))
        #expect(rotated.previousExpiresAt == scene.test.clock.now + .seconds(60))
        scene.test.clock.advance(by: .milliseconds(59_999))
        #expect(await scene.opens(first))
        scene.test.clock.advance(by: .milliseconds(1))
        #expect(await !scene.opens(first))
        #expect(await scene.opens(rotated.proxyToken))
    }

    @Test(arguments: [60, 3_600])
    func aSecondRotationDoesNotLengthenTheGraceOfTheFirst(grace: Int64) async throws {
        let scene = try await Scene()
        let first = try await scene.rotate(RotateGatewayTokenBody(graceSeconds: 0)).proxyToken
        let second = try await scene.rotate(RotateGatewayTokenBody(graceSeconds: 60)).proxyToken
        scene.test.clock.advance(by: .seconds(30))
        let third = try await scene.rotate(RotateGatewayTokenBody(graceSeconds: grace)).proxyToken
        scene.test.clock.advance(by: .milliseconds(29_999))
        #expect(await scene.opens(first))
        scene.test.clock.advance(by: .milliseconds(1))
        #expect(await !scene.opens(first))
        #expect(await scene.opens(second))
        scene.test.clock.advance(by: .seconds(grace - 30))
        #expect(await !scene.opens(second))
        #expect(await scene.opens(third))
    }

    @Test func aSecondRotationMayShortenTheGraceOfTheFirst() async throws {
        let scene = try await Scene()
        let first = try await scene.rotate(RotateGatewayTokenBody(graceSeconds: 0)).proxyToken
        _ = try await scene.rotate(RotateGatewayTokenBody(graceSeconds: 60))
        _ = try await scene.rotate(RotateGatewayTokenBody(graceSeconds: 10))
        scene.test.clock.advance(by: .seconds(10))
        #expect(await !scene.opens(first))
    }

    @Test func deletingTheAgentEndsItsTokensAndTheirGraceAtOnce() async throws {
        let scene = try await Scene()
        let instance = try await scene.start()["ANTHROPIC_API_KEY"]
        let session = try await scene.start(isSession: true)["ANTHROPIC_API_KEY"]
        let first = try await scene.rotate(RotateGatewayTokenBody(graceSeconds: 0)).proxyToken
        let second = try await scene.rotate(RotateGatewayTokenBody(graceSeconds: 3_600)).proxyToken
        for token in [instance, session, first, second] { #expect(await scene.opens(token)) }
        try await scene.vault.deleteAgent("bot", by: scene.test.localOperator)
        for token in [instance, session, first, second] { #expect(await !scene.opens(token)) }
    }

    @Test func detachingEndsTheTokensOfInstancesAtOnce() async throws {
        let scene = try await Scene()
        let token = try await scene.start()["ANTHROPIC_API_KEY"]
        try await scene.vault.detachCredential("Claude", from: "bot", by: scene.test.localOperator)
        #expect(await !scene.opens(token))
    }

    @Test(arguments: [
        "UPDATE tokens SET instance_id = NULL WHERE instance_id IS NOT NULL",
        "UPDATE tokens SET expires_at = 99999999999999 WHERE instance_id IS NOT NULL",
    ])
    func aTokenThatWasFreedOfItsInstanceFromOutsideOpensNothing(statement: String) async throws {
        let scene = try await Scene()
        let token = try await scene.start()["ANTHROPIC_API_KEY"]
        try await scene.test.changeFromOutside(statement)
        #expect(await !scene.opens(token))
    }

    @Test func aNewValueNeedsNoStartAndALateAttachmentDoes() async throws {
        let scene = try await Scene()
        #expect(try await scene.state() == .synced)
        _ = try await scene.start()
        #expect(try await scene.state() == .synced)
        _ = try await scene.vault.updateCredential(
            "Claude",
            UpdateCredentialBody(value: .text("sk-ant-api03-another-0123456789")),
            by: scene.test.localOperator
        )
        #expect(try await scene.state() == .synced)
        try await scene.vault.detachCredential("Claude", from: "bot", by: scene.test.localOperator)
        #expect(try await scene.state() == .removedPendingRestart)
        _ = try await scene.start()
        try await scene.attach()
        #expect(try await scene.state() == .stale)
    }

    @Test func noStartHandsOutTheValueItself() async throws {
        let scene = try await Scene()
        #expect(try await !scene.start().values.contains { $0.contains("canary") })
        #expect(try !scene.test.bytesOnDisk(contain: Self.key))
    }
}

// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import TestSupport
import Testing

/// What an operator lets one agent, and each of its tokens, send through the built server's proxy.
struct ProxyLimitTests {
    /// A target that answers nothing before it is told to, and says when it was asked.
    private final class HeldTarget: Sendable {
        let target: RecordingTarget
        private let asked: AsyncStream<Void>
        private let mayAnswer = DispatchSemaphore(value: 0)

        init() throws {
            let (asked, isAsked) = AsyncStream.makeStream(of: Void.self)
            let mayAnswer = mayAnswer
            self.asked = asked
            target = try RecordingTarget { request in
                let answer = RecordingTarget.Piece.text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                guard request.hasPrefix("GET /held") else { return [answer] }
                isAsked.yield()
                return [.call { _ = mayAnswer.wait(timeout: .now() + 20) }, answer]
            }
        }

        func untilAsked() async { _ = await asked.first { _ in true } }

        func answer() { mayAnswer.signal() }
    }

    private static func target() throws -> RecordingTarget {
        try RecordingTarget { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")] }
    }

    /// Each has a token of its own.
    private static let agentURL = ["--agent-url", "http://127.0.0.1:1"]

    @Test func anAgentHasSoManyRequestsUnderWayAndAnotherOneItsOwn() async throws {
        let held = try HeldTarget()
        let scene = try await ProxyScene(held.target, environment: ["ATTACHE_PROXY_CONCURRENT": "1"])
        let second = try await scene.attachSecondCredential(to: "bot")
        let other = try await scene.tokenOfSecondAgent()
        async let first = scene.status(of: "/held")
        await held.untilAsked()
        let refused = try await scene.send("GET", "\(scene.base)/")
        #expect(refused.hasPrefix("HTTP/1.1 429"))
        #expect(refused.contains("Retry-After: 1\r\n") && refused.contains("\"code\":\"rate_limited\""))
        // Another token of the same agent is the same agent.
        #expect(try await scene.status(with: second) == 429)
        #expect(try await scene.status(with: other) == 200)
        held.answer()
        #expect(try await first == 200)
        #expect(try await scene.statusWhenLetGo() == 200)
        let trail = try await scene.waitForAudit("rate_limited")
        #expect(!trail.contains(ProxyScene.key))
    }

    @Test func aTokenHasSoManyRequestsUnderWayAndAnotherOneOfTheAgentItsOwn() async throws {
        let held = try HeldTarget()
        let scene = try await ProxyScene(held.target, environment: ["ATTACHE_PROXY_TOKEN_CONCURRENT": "1"])
        let second = try await scene.attachSecondCredential(to: "bot")
        async let first = scene.status(of: "/held")
        await held.untilAsked()
        #expect(try await scene.status() == 429)
        #expect(try await scene.status(with: second) == 200)
        held.answer()
        #expect(try await first == 200)
        #expect(try await scene.statusWhenLetGo() == 200)
    }

    @Test func aTokenSendsSoMuchAMinuteAndThatOfAnInstanceIsOneOfItsOwn() async throws {
        let target = try Self.target()
        let scene = try await ProxyScene(
            target,
            serve: Self.agentURL,
            environment: ["ATTACHE_PROXY_TOKEN_RATE": "1"]
        )
        let environment = try await scene.server.environment(of: scene.gatewayToken)
        let instance = try #require(environment["TARGET"])
        for token in [scene.token, instance] {
            #expect(try await scene.status(with: token) == 200)
            let refused = try await scene.exchange(
                scene.request("GET", "\(scene.base)/").replacing(scene.token, with: token)
            )
            #expect(refused.hasPrefix("HTTP/1.1 429"))
            #expect(refused.contains("Retry-After: "))
        }
        #expect(target.requests.count == 2)
    }

    @Test func whatTheLimitOfATokenRefusesLeavesThatOfItsAgentWhole() async throws {
        let target = try Self.target()
        let scene = try await ProxyScene(
            target,
            environment: ["ATTACHE_PROXY_TOKEN_RATE": "1", "ATTACHE_PROXY_RATE": "2"]
        )
        let second = try await scene.attachSecondCredential(to: "bot")
        #expect(try await scene.status() == 200)
        for _ in 0..<3 { #expect(try await scene.status() == 429) }
        #expect(try await scene.status(with: second) == 200)
        // A token that has sent nothing is refused with its agent.
        let rotated = try await scene.server.attache("proxy-token", "rotate", "bot", "Target", "--json")
        let body = try JSONDecoder().decode(RotatedProxyTokenBody.self, from: Data(rotated.output.utf8))
        #expect(try await scene.status(with: body.proxyToken) == 429)
        #expect(target.requests.count == 2)
    }

    @Test func aWorkspaceKeyHasTheLimitOfAnAgent() async throws {
        let scene = try await ProxyScene(
            try Self.target(),
            environment: ["ATTACHE_PROXY_TOKEN_RATE": "1", "ATTACHE_PROXY_RATE": "2"]
        )
        let key = try #require(scene.server.workspaceKey)
        let request = scene.request("GET", "\(scene.base)/", fields: ["X-Credential-Name: Target"])
            .replacing(scene.token, with: key)
        for status in [200, 200, 429] {
            #expect(try await scene.exchange(request).hasPrefix("HTTP/1.1 \(status)"))
        }
    }
}

extension ProxyScene {
    /// The status of the answer to one request.
    fileprivate func status(of path: String = "/", with token: String? = nil) async throws -> Int {
        let request = request("GET", base + path).replacing(self.token, with: token ?? self.token)
        let answer = try await exchange(request)
        return try #require(Int(answer.dropFirst("HTTP/1.1 ".count).prefix(3)), "\(answer)")
    }

    /// That of the first request which is not refused because of another that is ending.
    fileprivate func statusWhenLetGo() async throws -> Int {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            let status = try await status()
            if status != 429 { return status }
        }
        return 429
    }

    /// A proxy token of `agent` for another credential.
    fileprivate func attachSecondCredential(to agent: String) async throws -> String {
        let added = try await server.attache(
            "credentials",
            "add",
            "Second",
            "--type",
            "API_KEY",
            "--host",
            base,
            input: Array(Self.key.utf8)
        )
        try #require(added.status == 0, "\(added.errors)")
        return try await proxyToken(of: agent, for: "Second")
    }

    /// A proxy token of another agent.
    fileprivate func tokenOfSecondAgent() async throws -> String {
        _ = try await server.createAgent("other")
        return try await proxyToken(of: "other", for: "Target")
    }

    private func proxyToken(of agent: String, for credential: String) async throws -> String {
        let attached = try await server.attache("credentials", "attach", agent, credential, "--json")
        try #require(attached.status == 0, "\(attached.errors)")
        let body = try JSONDecoder().decode(AttachedCredentialBody.self, from: Data(attached.output.utf8))
        return try #require(body.proxyToken)
    }
}

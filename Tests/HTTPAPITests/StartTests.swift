// SPDX-License-Identifier: Apache-2.0

import APITypes
import HTTPTypes
import TestSupport
import Testing
import VaultCore
import VaultModel

/// The server's side of docs/formats/start-protocol.md.
struct StartTests {
    private static let headers = ["Attache-Instance": "one", "Attache-Start": "start-0001"]

    private func send(
        _ api: APISession,
        as token: Bearer,
        headers: [String: String] = headers
    ) async throws -> APIAnswer {
        try await api.send(.post, "/api/v1/starts", headers: headers, as: token)
    }

    @Test(arguments: Listener.allCases)
    func aGatewayTokenGetsItsEnvironmentEverywhere(listener: Listener) async throws {
        try await APISession.run(listener) { api async throws in
            _ = try await api.create("B_TOKEN", "line\none")
            _ = try await api.create("A_TOKEN", "")
            let agent = try await api.test.createAgent("bot", with: ["A_TOKEN", "B_TOKEN"])
            let answer = try await send(api, as: .token(agent.gatewayToken ?? ""))
            #expect(answer.status == 200)
            #expect(answer.header("Content-Type") == "application/vnd.attache.environment")
            #expect(answer.bytes == Array("A_TOKEN=\0B_TOKEN=line\none\0".utf8))
            #expect(answer.header("Content-Length") == "\(answer.bytes.count)")
            #expect(answer.header("Attache-Allowed-Names") == nil)
            let receipt = try #require(answer.header("Attache-Receipt"))
            let instances = try await api.test.vault.instances(of: "bot", .init(), by: api.test.localOperator)
            #expect(instances.instances.map(\.id) == [receipt])
        }
    }

    @Test func aRetryIsTheSameStart() async throws {
        try await APISession.run(.agentSocket) { api async throws in
            let agent = try await api.test.createAgent("bot")
            let first = try await send(api, as: .token(agent.gatewayToken ?? ""))
            let second = try await send(api, as: .token(agent.gatewayToken ?? ""))
            #expect(first.bytes.isEmpty)
            #expect(first.header("Attache-Receipt") == second.header("Attache-Receipt"))
        }
    }

    @Test func anAllowedDangerousNameIsListed() async throws {
        try await APISession.run(.agentSocket) { api async throws in
            let bot = try await api.test.vault.createAgent(
                CreateAgentBody(name: "bot", allowedNames: ["NODE_OPTIONS"]),
                by: api.test.localOperator
            )
            _ = try await api.create("NODE_OPTIONS", "--trace-warnings")
            _ = try await api.test.vault.attach(
                AttachBody(secretIds: ["NODE_OPTIONS"]),
                to: "bot",
                by: api.test.localOperator
            )
            let answer = try await send(api, as: .token(bot.gatewayToken ?? ""))
            #expect(answer.header("Attache-Allowed-Names") == "NODE_OPTIONS")
        }
    }

    @Test func aSessionStartIsNoInstance() async throws {
        try await APISession.run(.agentSocket) { api async throws in
            let agent = try await api.test.createAgent("bot")
            let headers = Self.headers.merging(["Attache-Session": "1"]) { $1 }
            let answer = try await send(api, as: .token(agent.gatewayToken ?? ""), headers: headers)
            #expect(answer.status == 200)
            let instances = try await api.test.vault.instances(of: "bot", .init(), by: api.test.localOperator)
            #expect(instances.instances.isEmpty)
        }
    }

    @Test(arguments: ["Attache-Instance", "Attache-Start"])
    func aStartThatDoesNotSayWhoItIsIsRefused(missing: String) async throws {
        try await APISession.run(.agentSocket) { api async throws in
            let agent = try await api.test.createAgent("bot")
            let headers = Self.headers.filter { $0.key != missing }
            let answer = try await send(api, as: .token(agent.gatewayToken ?? ""), headers: headers)
            #expect(answer.code == .invalidField)
            #expect(try answer.body(ErrorBody.self).field == missing)
        }
    }

    @Test func onlyAGatewayTokenStarts() async throws {
        try await APISession.run { api async throws in
            #expect(try await send(api, as: .workspaceKey).code == .tokenUnknown)
            #expect(try await send(api, as: .token("gwt_nonsense")).code == .tokenUnknown)
            #expect(try await send(api, as: .nobody).code == .tokenMissing)
        }
    }

    @Test func aRevokedTokenSaysSo() async throws {
        try await APISession.run { api async throws in
            let agent = try await api.test.createAgent("bot")
            let rotate = "/api/v1/agents/bot/gateway-token/rotate"
            #expect(try await api.send(.post, rotate, json: "{\"revoke\":true}").status == 200)
            #expect(try await send(api, as: .token(agent.gatewayToken ?? "")).code == .tokenRevoked)
        }
    }

    @Test func theAgentsSocketKnowsNoWorkspaceKey() async throws {
        try await APISession.run(.agentSocket) { api async throws in
            #expect(try await send(api, as: .workspaceKey).code == .tokenUnknown)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import APITypes
import HTTPTypes
import TestSupport
import Testing
import VaultCore
import VaultModel

struct AgentTests {
    @Test func aCreatedAgentShowsItsTokenOnce() async throws {
        try await APISession.run { api async throws in
            _ = try await api.create("TOKEN")
            let json = "{\"name\":\"bot\",\"secretIds\":[\"TOKEN\"]}"
            let created = try await api.send(.post, "/api/v1/agents", json: json)
            #expect(created.status == 201)
            let token = try #require(created.body(AgentBody.self).gatewayToken)
            #expect(token.hasPrefix("gwt_"))
            let location = try #require(created.header("Location"))
            for uri in [location, "/api/v1/agents", "/api/v1/agents/bot", "/api/v1/audit"] {
                #expect(try await !api.send(.get, uri).text.contains(token))
            }
            let shown = try await api.send(.get, "/api/v1/agents/bot").body(AgentBody.self)
            #expect(shown.secrets?.map(\.name) == ["TOKEN"])
        }
    }

    @Test func attachingIsAllOrNothingAndNamesEveryConflict() async throws {
        try await APISession.run { api async throws in
            for name in ["A", "B", "C"] { _ = try await api.create(name) }
            _ = try await api.test.createAgent("bot", with: ["A", "B"])
            let answer = try await api.send(
                .post,
                "/api/v1/agents/bot/secrets",
                json: "{\"secretIds\":[\"A\",\"B\",\"C\"]}"
            )
            #expect(answer.code == .alreadyAttached)
            #expect(try answer.body(ErrorBody.self).conflicts?.map(\.name) == ["A", "B"])
            let held = try await api.send(.get, "/api/v1/agents/bot/secrets").body(AttachedSecretList.self)
            #expect(held.secrets.map(\.name) == ["A", "B"])
            let attached = try await api.send(
                .post,
                "/api/v1/agents/bot/secrets",
                json: "{\"secretIds\":[\"C\"]}"
            ).body(AttachedBody.self)
            #expect(attached.success)
            #expect(attached.attached.map(\.name) == ["C"])
        }
    }

    @Test func anAgentIsChangedAndDeleted() async throws {
        try await APISession.run { api async throws in
            _ = try await api.test.createAgent("bot")
            let json = "{\"name\":\"robot\",\"replicas\":3}"
            let changed = try await api.send(.patch, "/api/v1/agents/bot", json: json).body(AgentBody.self)
            #expect(changed.name == "robot")
            #expect(changed.replicas == 3)
            #expect(try await api.send(.delete, "/api/v1/agents/robot").status == 204)
            #expect(try await api.send(.get, "/api/v1/agents/robot").code == .notFound)
        }
    }

    @Test(arguments: [nil, "{}", "{\"graceSeconds\":60}", "{\"revoke\":true}"])
    func aRotationTakesABodyOrNone(json: String?) async throws {
        try await APISession.run { api async throws in
            let agent = try await api.test.createAgent("bot")
            let answer = try await api.send(.post, "/api/v1/agents/bot/gateway-token/rotate", json: json)
            #expect(answer.status == 200)
            #expect(try answer.body(RotatedGatewayTokenBody.self).gatewayToken != agent.gatewayToken)
        }
    }

    @Test func aSessionIsAGatewayTokenOfItsOwn() async throws {
        try await APISession.run { api async throws in
            _ = try await api.create("TOKEN", "value")
            _ = try await api.test.createAgent("bot", with: ["TOKEN"])
            let session = try await api.send(.post, "/api/v1/agents/bot/sessions").body(SessionBody.self)
            #expect(try await api.test.start(token: session.gatewayToken) == ["TOKEN=value"])
            let instances = try await api.send(.get, "/api/v1/agents/bot/instances").body(InstancePage.self)
            #expect(instances.instances.isEmpty)
        }
    }

    @Test(arguments: [
        "/api/v1/agents/none", "/api/v1/agents/none/secrets", "/api/v1/agents/none/instances",
        "/api/v1/agents/019b76da-a800-7000-8000-000000000000",
    ])
    func anAgentThatIsNotThereIsNotFound(path: String) async throws {
        try await APISession.run { api async throws in
            #expect(try await api.send(.get, path).code == .notFound)
        }
    }
}

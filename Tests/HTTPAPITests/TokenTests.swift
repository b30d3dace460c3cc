// SPDX-License-Identifier: Apache-2.0

import APITypes
import HTTPTypes
import TestSupport
import Testing
import VaultCore
import VaultModel

struct TokenTests {
    @Test func aWorkspaceKeyWorksUntilItIsRevoked() async throws {
        try await APISession.run { api async throws in
            let created = try await api.send(
                .post,
                "/api/v1/workspace/api-keys",
                json: "{\"name\":\"ci\",\"role\":\"member\"}"
            )
            #expect(created.status == 201)
            let key = try created.body(APIKeyBody.self)
            let token = try #require(key.token)
            #expect(try await api.send(.get, "/api/v1/secrets", as: .token(token)).status == 200)
            #expect(try await !api.send(.get, "/api/v1/workspace/api-keys").text.contains(token))
            #expect(try await api.send(.delete, "/api/v1/workspace/api-keys/\(key.id)").status == 204)
            #expect(try await api.send(.get, "/api/v1/secrets", as: .token(token)).code == .tokenRevoked)
        }
    }

    @Test func aMemberMayNotAddEntries() async throws {
        try await APISession.run { api async throws in
            let key = try await api.test.vault.createAPIKey(
                CreateAPIKeyBody(name: "ci", role: .member),
                by: api.test.localOperator
            )
            let body = "{\"name\":\"A\",\"kind\":\"secret\",\"value\":\"x\"}"
            let answer = try await api.send(.post, "/api/v1/secrets", json: body, as: .token(key.token ?? ""))
            #expect(answer.code == .forbidden)
        }
    }

    @Test func aGatewayTokenOpensNothingElse() async throws {
        try await APISession.run { api async throws in
            let agent = try await api.test.createAgent("bot")
            let answer = try await api.send(.get, "/api/v1/secrets", as: .token(agent.gatewayToken ?? ""))
            #expect(answer.code == .tokenUnknown)
        }
    }

    @Test(arguments: ["Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "ak_ws_x", "Digest x"])
    func anotherSchemeIsNobody(value: String) async throws {
        try await APISession.run { api async throws in
            let answer = try await api.send(.get, "/api/v1/secrets", headers: ["Authorization": value], as: .nobody)
            #expect(answer.status == 401)
        }
    }

    @Test(arguments: ["request-1", "A_b-9", String(repeating: "r", count: 64)])
    func aClientMayNameItsRequest(id: String) async throws {
        try await APISession.run { api async throws in
            let answer = try await api.send(.get, "/api/v1/secrets", headers: ["X-Request-Id": id])
            #expect(answer.header("X-Request-Id") == id)
        }
    }

    @Test(arguments: ["a b", "a\"b", "ä", String(repeating: "r", count: 65), "a/b"])
    func anIdThatIsNotPlainIsReplaced(id: String) async throws {
        try await APISession.run { api async throws in
            let answer = try await api.send(.get, "/api/v1/secrets", headers: ["X-Request-Id": id])
            #expect(answer.header("X-Request-Id") != id)
        }
    }

    @Test func theRequestIdIsInTheTrail() async throws {
        try await APISession.run { api async throws in
            let body = "{\"name\":\"A\",\"kind\":\"secret\",\"value\":\"x\"}"
            try await api.send(.post, "/api/v1/secrets", json: body, headers: ["X-Request-Id": "trail-1"])
            let page = try await api.send(.get, "/api/v1/audit?limit=1").body(AuditPage.self)
            #expect(page.entries.map(\.requestId) == ["trail-1"])
            #expect(try await api.send(.get, "/api/v1/audit/verify").body(AuditVerificationBody.self).intact)
        }
    }

    @Test func theStatusCountsWhatThereIs() async throws {
        try await APISession.run { api async throws in
            _ = try await api.create("A")
            _ = try await api.test.createAgent("bot", with: ["A"])
            let status = try await api.send(.get, "/api/v1/workspace/status").body(WorkspaceStatusBody.self)
            #expect([status.secrets, status.agents, status.attachments] == [1, 1, 1])
        }
    }
}

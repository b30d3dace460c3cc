// SPDX-License-Identifier: Apache-2.0

import APITypes
import HTTPTypes
import TestSupport
import Testing
import VaultCore
import VaultModel

/// A path is taken as it is written, and never becomes another one.
struct RoutingTests {
    @Test(arguments: [
        "/", "/api", "/api/v1", "/api/v2/secrets", "/api/v1/secrets/", "//api/v1/secrets", "/api//v1/secrets",
        "/api/v1/../v1/secrets", "/api/v1/./secrets", "/api/v1/%2e%2e/v1/secrets", "/api/v1/%2E/secrets",
        "/api/v1/Secrets", "/API/v1/secrets", "/api/v1/%73ecrets", "/api/v1/secrets%2F", "/api/v1/secrets%00",
        "/api/v1/secrets;x=1", "/api/v1/secrets%3Flimit=1", "/healthz/", "/metrics/all",
    ])
    func aPathThatIsNotDescribedHasNoAnswer(path: String) async throws {
        try await APISession.run { api async throws in
            #expect(try await api.send(.get, path).code == .notFound)
        }
    }

    @Test(arguments: [
        "TOKEN%2F..%2FTOKEN", "..", "%2e%2e", ".%2E", "%2e", "TOKEN%00", "TOKEN/", "TOKEN%2F", "%ff", "%", "%zz",
        "TOKEN%20",
    ])
    func anIdThatIsNoSegmentIsNotFound(id: String) async throws {
        try await APISession.run { api async throws in
            _ = try await api.create("TOKEN")
            #expect(try await api.send(.get, "/api/v1/secrets/\(id)").code == .notFound)
            #expect(try await api.send(.delete, "/api/v1/secrets/\(id)").code == .notFound)
            #expect(try await api.send(.get, "/api/v1/secrets/TOKEN").status == 200)
        }
    }

    @Test func anEncodedNameIsTheName() async throws {
        try await APISession.run { api async throws in
            _ = try await api.create("TOKEN")
            #expect(try await api.send(.get, "/api/v1/secrets/%54OKEN").body(SecretBody.self).name == "TOKEN")
            _ = try await api.test.createAgent("Ünï bot")
            let agent = try await api.send(.get, "/api/v1/agents/%C3%9Cn%C3%AF%20bot").body(AgentBody.self)
            #expect(agent.name == "Ünï bot")
            _ = try await api.test.createAgent("team/bot")
            #expect(try await api.send(.get, "/api/v1/agents/team%2Fbot").body(AgentBody.self).name == "team/bot")
            #expect(try await api.send(.get, "/api/v1/agents/team/bot").code == .notFound)
            #expect(try await api.send(.delete, "/api/v1/agents/team%2fbot").status == 204)
        }
    }

    @Test func aPathOfTheCollectionDoesNotHideAnEntryOfThatName() async throws {
        try await APISession.run { api async throws in
            _ = try await api.create("import")
            #expect(try await api.send(.get, "/api/v1/secrets/import").body(SecretBody.self).name == "import")
            #expect(try await api.send(.delete, "/api/v1/secrets/import").status == 204)
        }
    }

    @Test func aWrongMethodIsToldTheRightOnes() async throws {
        try await APISession.run { api async throws in
            let answer = try await api.send(.put, "/api/v1/secrets/TOKEN")
            #expect(answer.code == .methodNotAllowed)
            #expect(answer.header("Allow") == "DELETE, GET, PATCH")
            #expect(try await api.send(.delete, "/api/v1/secrets").header("Allow") == "GET, POST")
        }
    }

    @Test(arguments: ["/healthz", "/readyz", "/api/v1/secrets", "/api/v1/agents", "/openapi.json"])
    func theAgentsSocketHasNothingButStarts(path: String) async throws {
        try await APISession.run(.agentSocket) { api async throws in
            #expect(try await api.send(.get, path).code == .notFound)
        }
    }

    @Test(arguments: ["GET", "PUT", "DELETE", "OPTIONS"])
    func theAgentsSocketDoesNotTellWhichMethodsThereAre(method: String) async throws {
        try await APISession.run(.agentSocket) { api async throws in
            let method = try #require(HTTPRequest.Method(method))
            let answer = try await api.send(method, "/api/v1/starts")
            #expect(answer.code == .notFound)
            #expect(answer.header("Allow") == nil)
        }
    }

    @Test func theServerSaysThatItServesAndThatItIsReady() async throws {
        try await APISession.run { api async throws in
            #expect(try await api.send(.get, "/healthz", as: .nobody).status == 200)
            #expect(try await api.send(.get, "/readyz", as: .nobody).status == 200)
        }
    }
}

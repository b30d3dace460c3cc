// SPDX-License-Identifier: Apache-2.0

import APITypes
import HTTPTypes
import TestSupport
import Testing
import VaultCore
import VaultModel

/// A body is read strictly, and what is wrong with it is said without repeating it.
struct BodyTests {
    private static let canary = "canary-7f3a9c"

    @Test(arguments: [
        "", "nonsense \(canary)", "{", "{}}", "[]", "null", "\"\(canary)\"", "{\"name\":\"A\",}", "{'name':'A'}",
        "{\"name\":\"\(canary)", "\u{FEFF}{}", "{\"name\":\"A\"} \(canary)",
    ])
    func whatIsNoJSONObjectIsRefused(text: String) async throws {
        try await APISession.run { api async throws in
            let answer = try await api.send(.post, "/api/v1/secrets", json: text)
            #expect(answer.status == 400)
            #expect(!answer.text.contains(Self.canary))
        }
    }

    @Test(arguments: [
        ("{\"name\":\"A\",\"kind\":\"secret\",\"value\":7}", "value"),
        ("{\"name\":\"A\",\"kind\":\"secret\",\"value\":[\"\(canary)\"]}", "value"),
        ("{\"name\":\"A\",\"kind\":\"\(canary)\",\"value\":\"x\"}", "kind"),
        ("{\"kind\":\"secret\",\"value\":\"\(canary)\"}", "name"),
        ("{\"name\":null,\"kind\":\"secret\",\"value\":\"\(canary)\"}", "name"),
        ("{\"name\":\"A\",\"kind\":\"secret\",\"value\":\"\(canary)\",\"expiresAt\":\"\(canary)\"}", "expiresAt"),
        ("{\"name\":\"A\",\"kind\":\"secret\",\"value\":\"\(canary)\",\"nonce\":\"x\"}", "nonce"),
        ("{\"name\":\"1\(canary)\",\"kind\":\"secret\",\"value\":\"\(canary)\"}", "name"),
        ("{\"name\":\"A\",\"kind\":\"secret\",\"value\":\"\\u0000\(canary)\"}", "value"),
        ("{\"name\":\"A\",\"kind\":\"secret\",\"value\":\"\(canary)\",\"provider\":\"\(canary)/\"}", "provider"),
    ])
    func aWrongFieldIsNamedAndItsValueIsNot(text: String, field: String) async throws {
        try await APISession.run { api async throws in
            let answer = try await api.send(.post, "/api/v1/secrets", json: text)
            #expect(answer.status == 400)
            #expect(try answer.body(ErrorBody.self).field == field)
            #expect(!answer.text.contains(Self.canary))
            #expect(try await api.send(.get, "/api/v1/secrets").body(SecretPage.self).secrets.isEmpty)
        }
    }

    @Test(arguments: [
        ("{\"name\":\"A\",\"kind\":\"secret\",\"value\":\"\(canary)\",\"name\":\"B\"}", "name"),
        ("{\"name\":\"A\",\"kind\":\"secret\",\"value\":\"\(canary)\",\"n\\u0061me\":\"B\"}", "name"),
        ("{\"name\":\"A\",\"value\":\"\\\"\",\"kind\":\"secret\",\"value\":\"\(canary)\"}", "value"),
        ("{\"name\":\"A\",\"kind\":\"secret\",\"value\":\"v\",\"x\":[{\"deep\":1},{\"deep\":1,\"deep\":1}]}", "deep"),
    ])
    func aFieldThatIsThereTwiceIsRefused(text: String, field: String) async throws {
        try await APISession.run { api async throws in
            let answer = try await api.send(.post, "/api/v1/secrets", json: text)
            #expect(answer.code == .invalidJSON)
            #expect(try answer.body(ErrorBody.self).field == field)
            #expect(!answer.text.contains(Self.canary))
            #expect(try await api.send(.get, "/api/v1/secrets").body(SecretPage.self).secrets.isEmpty)
        }
    }

    @Test func theSameNameInSeveralObjectsAndInValuesIsNoRepetition() async throws {
        try await APISession.run { api async throws in
            let value = "{\\\"name\\\":1,\\\"name\\\":2}"
            let body = "{\"name\":\"A\",\"kind\":\"variable\",\"value\":\"\(value)\",\"note\":\"name\"}"
            #expect(try await api.send(.post, "/api/v1/secrets", json: body).status == 201)
            let secret = try await api.send(.get, "/api/v1/secrets/A").body(SecretBody.self)
            #expect(secret.value == "{\"name\":1,\"name\":2}")
        }
    }

    @Test(arguments: [33, 600, 100_000])
    func aDeepBodyIsRefused(depth: Int) async throws {
        try await APISession.run { api async throws in
            let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            let answer = try await api.send(.post, "/api/v1/secrets", json: "{\"name\":\(text)}")
            #expect(answer.code == .invalidJSON)
        }
    }

    @Test func aBodyOverTheLimitIsRefused() async throws {
        try await APISession.run { api async throws in
            let value = String(repeating: "x", count: (1 << 20) + (64 << 10))
            let body = "{\"name\":\"A\",\"kind\":\"secret\",\"value\":\"\(value)\"}"
            #expect(try await api.send(.post, "/api/v1/secrets", json: body).code == .bodyTooLarge)
        }
    }

    @Test func theLargestValueIsTaken() async throws {
        try await APISession.run { api async throws in
            let value = String(repeating: "x", count: 131_071 - 2)
            let body = "{\"name\":\"A\",\"kind\":\"variable\",\"value\":\"\(value)\"}"
            #expect(try await api.send(.post, "/api/v1/secrets", json: body).status == 201)
            let longer = "{\"name\":\"B\",\"kind\":\"variable\",\"value\":\"\(value)x\"}"
            #expect(try await api.send(.post, "/api/v1/secrets", json: longer).code == .invalidValue)
        }
    }

    @Test(arguments: [nil, "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
    func aBodyOfAnotherTypeIsRefused(type: String?) async throws {
        try await APISession.run { api async throws in
            let body = Array("{\"name\":\"A\",\"kind\":\"secret\",\"value\":\"x\"}".utf8)
            #expect(try await api.send(.post, "/api/v1/secrets", bytes: body, type: type).code == .unsupportedMediaType)
        }
    }

    @Test(arguments: ["application/json", "application/json; charset=utf-8", "Application/JSON"])
    func jsonIsTakenHoweverItsTypeIsWritten(type: String) async throws {
        try await APISession.run { api async throws in
            let body = Array("{\"name\":\"A\",\"kind\":\"secret\",\"value\":\"x\"}".utf8)
            #expect(try await api.send(.post, "/api/v1/secrets", bytes: body, type: type).status == 201)
        }
    }

    @Test(arguments: [
        "/api/v1/secrets?limit=0", "/api/v1/secrets?limit=501", "/api/v1/secrets?limit=x", "/api/v1/secrets?limit",
        "/api/v1/secrets?limit=1&limit=2", "/api/v1/secrets?offset=\(canary)", "/api/v1/secrets?kind=\(canary)",
        "/api/v1/secrets?q=%ff", "/api/v1/secrets/A?q=\(canary)", "/api/v1/workspace/status?x=\(canary)",
        "/healthz?\(canary)", "/api/v1/audit?limit=-1",
    ])
    func aQueryThatIsNotDescribedIsRefused(uri: String) async throws {
        try await APISession.run { api async throws in
            let answer = try await api.send(.get, uri)
            #expect(answer.code == .invalidQuery)
            #expect(!answer.text.contains(Self.canary))
        }
    }

    @Test(arguments: ["/api/v1/secrets", "/api/v1/agents", "/api/v1/audit"])
    func aCursorOfNoListIsRefused(path: String) async throws {
        try await APISession.run { api async throws in
            let answer = try await api.send(.get, "\(path)?cursor=\(Self.canary)")
            #expect(answer.code == .invalidCursor)
            #expect(!answer.text.contains(Self.canary))
        }
    }
}

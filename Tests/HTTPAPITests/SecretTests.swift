// SPDX-License-Identifier: Apache-2.0

import APITypes
import HTTPTypes
import TestSupport
import Testing
import VaultCore
import VaultModel

struct SecretTests {
    private static let value = "sk-live-0123456789abcdefghij"
    private static let body = "{\"name\":\"TOKEN\",\"kind\":\"secret\",\"value\":\"\(value)\"}"

    @Test func aCreatedSecretIsFoundWhereTheAnswerSaysAndNeverReadable() async throws {
        try await APISession.run { api async throws in
            let created = try await api.send(.post, "/api/v1/secrets", json: Self.body)
            #expect(created.status == 201)
            let location = try #require(created.header("Location"))
            let shown = try await api.send(.get, location)
            #expect(shown.header("ETag") == "\"1\"")
            #expect(try shown.body(SecretBody.self) == created.body(SecretBody.self))
            #expect(try shown.body(SecretBody.self).mask == "sk-live-***")
            let list = try await api.send(.get, "/api/v1/secrets")
            let audit = try await api.send(.get, "/api/v1/audit")
            for answer in [created, shown, list, audit] { #expect(!answer.text.contains(Self.value)) }
        }
    }

    @Test func aPageLeadsToTheNext() async throws {
        try await APISession.run { api async throws in
            for name in ["A", "B", "C"] { _ = try await api.create(name) }
            let first = try await api.send(.get, "/api/v1/secrets?limit=2").body(SecretPage.self)
            #expect(first.secrets.map(\.name) == ["A", "B"])
            let cursor = try #require(first.nextCursor)
            let second = try await api.send(.get, "/api/v1/secrets?limit=2&cursor=\(cursor)").body(SecretPage.self)
            #expect(second.secrets.map(\.name) == ["C"])
            #expect(second.nextCursor == nil)
        }
    }

    @Test func aListIsNarrowedByKindAndText() async throws {
        try await APISession.run { api async throws in
            try await api.test.create("API_KEY", "x", kind: .secret)
            try await api.test.create("API_URL", "x", kind: .variable)
            try await api.test.create("REGION", "x", kind: .variable)
            let uri = "/api/v1/secrets?kind=variable&q=api"
            #expect(try await api.send(.get, uri).body(SecretPage.self).secrets.map(\.name) == ["API_URL"])
        }
    }

    @Test func aConditionalUpdateNeedsTheCurrentVersion() async throws {
        try await APISession.run { api async throws in
            _ = try await api.create("TOKEN")
            let change = "{\"value\":\"another\"}"
            let path = "/api/v1/secrets/TOKEN"
            let updated = try await api.send(.patch, path, json: change, headers: ["If-Match": "\"1\""])
            #expect(updated.header("ETag") == "\"2\"")
            let refused = try await api.send(.patch, path, json: change, headers: ["If-Match": "\"1\""])
            #expect(refused.code == .versionMismatch)
            #expect(try refused.body(ErrorBody.self).currentVersion == 2)
            #expect(try await api.send(.patch, path, json: change, headers: ["If-Match": "*"]).status == 200)
        }
    }

    @Test(arguments: ["3", "\"x\"", "W/\"1\"", "\"1\", \"2\"", "\"", ""])
    func aVersionThatIsNotWrittenAsOneIsRefused(condition: String) async throws {
        try await APISession.run { api async throws in
            _ = try await api.create("TOKEN")
            let answer = try await api.send(
                .patch,
                "/api/v1/secrets/TOKEN",
                json: "{\"note\":\"x\"}",
                headers: ["If-Match": condition]
            )
            #expect(answer.code == .invalidField)
            #expect(try answer.body(ErrorBody.self).field == "If-Match")
        }
    }

    @Test func anAttachedEntryIsNotDeletedAndItsAgentsAreNamed() async throws {
        try await APISession.run { api async throws in
            _ = try await api.create("TOKEN")
            let agent = try await api.test.createAgent("bot", with: ["TOKEN"])
            let answer = try await api.send(.delete, "/api/v1/secrets/TOKEN")
            #expect(answer.code == .stillAttached)
            #expect(try answer.body(ErrorBody.self).agents == [NamedBody(id: agent.id, name: "bot")])
            #expect(try await api.send(.delete, "/api/v1/agents/bot/secrets/TOKEN").status == 204)
            let deleted = try await api.send(.delete, "/api/v1/secrets/TOKEN")
            #expect(deleted.status == 204)
            #expect(deleted.bytes.isEmpty)
        }
    }

    @Test func aRepeatedRequestActsOnceAndGetsTheFirstAnswer() async throws {
        try await APISession.run { api async throws in
            let key = ["Idempotency-Key": "once-0001"]
            let first = try await api.send(.post, "/api/v1/secrets", json: Self.body, headers: key)
            let second = try await api.send(.post, "/api/v1/secrets", json: Self.body, headers: key)
            #expect(second.status == 201)
            #expect(first.bytes == second.bytes)
            let other = try await api.send(
                .post,
                "/api/v1/secrets",
                json: "{\"name\":\"OTHER\",\"kind\":\"secret\",\"value\":\"x\"}",
                headers: key
            )
            #expect(other.code == .idempotencyKeyReused)
            #expect(try await api.send(.get, "/api/v1/secrets").body(SecretPage.self).secrets.count == 1)
        }
    }

    @Test(arguments: ["with blank", "ümlaut", String(repeating: "k", count: 256)])
    func anIdempotencyKeyIsVisibleASCII(key: String) async throws {
        try await APISession.run { api async throws in
            let answer = try await api.send(
                .post,
                "/api/v1/secrets",
                json: Self.body,
                headers: ["Idempotency-Key": key]
            )
            #expect(answer.code == .invalidField)
            #expect(try answer.body(ErrorBody.self).field == "Idempotency-Key")
        }
    }

    @Test func aDuplicateNameIsAConflictThatIsNamed() async throws {
        try await APISession.run { api async throws in
            _ = try await api.create("TOKEN")
            let answer = try await api.send(.post, "/api/v1/secrets", json: Self.body)
            #expect(answer.code == .duplicateName)
            let conflict = ConflictBody(code: .duplicateName, name: "TOKEN")
            #expect(try answer.body(ErrorBody.self).conflicts == [conflict])
            #expect(!answer.text.contains(Self.value))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import APITypes
import HTTPTypes
import TestSupport
import Testing
import VaultCore
import VaultModel

struct ImportTests {
    private static let file = Array("# comment\nAPI_KEY=sk-live-0123456789abcdefghij\nREGION=eu-west-3\n".utf8)

    @Test(arguments: ["text/plain", "text/plain; charset=utf-8", "application/octet-stream"])
    func aFileIsPlannedAndThenImported(type: String) async throws {
        try await APISession.run { api async throws in
            let path = "/api/v1/secrets/import"
            let planned = try await api.send(.post, "\(path)?dry_run=true", bytes: Self.file, type: type)
            #expect(planned.status == 200)
            let plan = try planned.body(ImportBody.self)
            #expect(!plan.applied)
            #expect(try await api.send(.get, "/api/v1/secrets").body(SecretPage.self).secrets.isEmpty)
            let applied = try await api.send(.post, "\(path)?plan=\(plan.planId)", bytes: Self.file, type: type)
            #expect(applied.status == 201)
            #expect(try applied.body(ImportBody.self).applied)
            for answer in [planned, applied] { #expect(!answer.text.contains("0123456789abcdefghij")) }
            let names = try await api.send(.get, "/api/v1/secrets").body(SecretPage.self).secrets.map(\.name)
            #expect(names == ["API_KEY", "REGION"])
        }
    }

    @Test(arguments: [
        ("", "A=one # two\nB=${A}\n", 3, 4), ("?dialect=systemd", "A=one # two\nB=${A}\n", 9, 4),
        ("?interpolate=file", "A=one # two\nB=${A}\n", 3, 3), ("?dialect=compose", "A=one # two\nB=x${A}\n", 3, 4),
        ("?format=json", "{\"A\": \"one\", \"B\": 12}", 3, 2), ("?format=yaml", "A: one\nB: 'it''s'\n", 3, 4),
    ])
    func aFileIsReadByTheRulesThatAreAskedFor(query: String, file: String, a: Int, b: Int) async throws {
        try await APISession.run { api async throws in
            let path = "/api/v1/secrets/import\(query)"
            let answer = try await api.send(.post, path, bytes: Array(file.utf8), type: "text/plain")
            #expect(try answer.body(ImportBody.self).entries.map(\.length) == [a, b])
        }
    }

    @Test func aPlanIsForOneDialect() async throws {
        try await APISession.run { api async throws in
            let path = "/api/v1/secrets/import"
            let plan = try await api.send(.post, "\(path)?dry_run=true", bytes: Self.file, type: "text/plain")
                .body(ImportBody.self)
            let other = "\(path)?dialect=node&plan=\(plan.planId)"
            let answer = try await api.send(.post, other, bytes: Self.file, type: "text/plain")
            #expect(answer.code == .planChanged)
        }
    }

    @Test func aChangedVaultMakesAPlanWorthless() async throws {
        try await APISession.run { api async throws in
            let path = "/api/v1/secrets/import"
            let plan = try await api.send(.post, "\(path)?dry_run=true", bytes: Self.file, type: "text/plain")
                .body(ImportBody.self)
            _ = try await api.create("OTHER")
            let answer = try await api.send(.post, "\(path)?plan=\(plan.planId)", bytes: Self.file, type: "text/plain")
            #expect(answer.code == .planChanged)
        }
    }

    @Test func whatIsImportedIsAttachedToEveryAgentThatIsNamed() async throws {
        try await APISession.run { api async throws in
            _ = try await api.test.createAgent("one")
            _ = try await api.test.createAgent("two bots")
            let uri = "/api/v1/secrets/import?attach=one&attach=two%20bots"
            let body = try await api.send(.post, uri, bytes: Self.file, type: "text/plain").body(ImportBody.self)
            #expect(body.attachedTo.map(\.name) == ["one", "two bots"])
            let held = try await api.send(.get, "/api/v1/agents/one/secrets").body(AttachedSecretList.self)
            #expect(held.secrets.map(\.name) == ["API_KEY", "REGION"])
        }
    }

    @Test func aWrongFileIsRefusedWithItsPlacesAndWithoutItsText() async throws {
        try await APISession.run { api async throws in
            let file = Array("GOOD=1\n1BAD=canary-7f3a9c\n".utf8)
            let answer = try await api.send(.post, "/api/v1/secrets/import", bytes: file, type: "text/plain")
            #expect(answer.code == .invalidFile)
            #expect(try answer.body(ErrorBody.self).findings?.map(\.line) == [2])
            #expect(!answer.text.contains("canary-7f3a9c"))
        }
    }

    @Test func aFindingNamesTheOtherLineAndWhatCanBeDone() async throws {
        try await APISession.run { api async throws in
            let file = Array("A=1\nA=2\nmy-key=3\n".utf8)
            let answer = try await api.send(.post, "/api/v1/secrets/import", bytes: file, type: "text/plain")
            let texts = try answer.body(ErrorBody.self).findings?.map(\.text) ?? []
            #expect(texts.count == 2)
            #expect(texts.first?.hasSuffix("(see line 1)") == true)
            #expect(texts.last?.contains("; ") == true)
        }
    }

    @Test func whatIsNotListedIsCounted() async throws {
        try await APISession.run { api async throws in
            let file = Array(String(repeating: "no equals\n", count: 130).utf8)
            let answer = try await api.send(.post, "/api/v1/secrets/import", bytes: file, type: "text/plain")
            let error = try answer.body(ErrorBody.self)
            #expect(error.findings?.count == 100)
            #expect(error.unlistedFindings == 30)
        }
    }

    @Test func anExistingNameStopsTheImportUnlessToldOtherwise() async throws {
        try await APISession.run { api async throws in
            _ = try await api.create("API_KEY", "old")
            let path = "/api/v1/secrets/import"
            let answer = try await api.send(.post, path, bytes: Self.file, type: "text/plain")
            #expect(answer.code == .importConflict)
            #expect(try answer.body(ErrorBody.self).conflicts?.map(\.name) == ["API_KEY"])
            #expect(try answer.body(ErrorBody.self).error == "nothing was imported: a name exists already")
            let skipped = try await api.send(
                .post,
                "\(path)?on_existing=skip",
                bytes: Self.file,
                type: "text/plain"
            ).body(ImportBody.self)
            #expect(skipped.entries.map(\.action) == [.skipExisting, .create])
        }
    }

    @Test(arguments: [
        "dry_run=yes", "kind=credential", "on_existing=replace", "strict=1", "attached=x", "dialect=php", "format=toml",
        "interpolate=all",
    ])
    func aWrongOptionIsRefused(option: String) async throws {
        try await APISession.run { api async throws in
            let uri = "/api/v1/secrets/import?\(option)"
            #expect(try await api.send(.post, uri, bytes: Self.file, type: "text/plain").code == .invalidQuery)
        }
    }

    @Test(arguments: ["dialect=node&interpolate=file", "dialect=node&format=json", "format=yaml&interpolate=file"])
    func optionsThatContradictEachOtherAreRefused(options: String) async throws {
        try await APISession.run { api async throws in
            let uri = "/api/v1/secrets/import?\(options)"
            #expect(try await api.send(.post, uri, bytes: Self.file, type: "text/plain").code == .invalidField)
        }
    }

    @Test(arguments: ["application/json", "multipart/form-data", "multipart/mixed; boundary=x", nil])
    func aFileOfAnotherTypeIsRefused(type: String?) async throws {
        try await APISession.run { api async throws in
            let answer = try await api.send(.post, "/api/v1/secrets/import", bytes: Self.file, type: type)
            #expect(answer.code == .unsupportedMediaType)
        }
    }

    @Test(arguments: [(1 << 20) + 1, 2 << 20, (10 << 20) + 1])
    func aFileOverTheLimitIsRefused(bytes: Int) async throws {
        try await APISession.run { api async throws in
            let file = [UInt8](repeating: UInt8(ascii: "#"), count: bytes)
            let answer = try await api.send(.post, "/api/v1/secrets/import", bytes: file, type: "text/plain")
            #expect(answer.code == .bodyTooLarge)
        }
    }
}

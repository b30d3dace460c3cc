// SPDX-License-Identifier: Apache-2.0

import APITypes
import HTTPTypes
import TestSupport
import Testing
import VaultModel

struct CredentialTests {
    private static let key = "sk-ant-api03-canary-0123456789"
    private static let body = #"{"name":"Anthropic","provider":"anthropic","value":"\#(key)"}"#

    @Test func aCredentialIsMadeFoundChangedAndRemovedWithoutEverShowingItsValue() async throws {
        try await APISession.run { api async throws in
            let created = try await api.send(.post, "/api/v1/credentials", json: Self.body)
            #expect(created.status == 201)
            let location = try #require(created.header("Location"))
            let shown = try await api.send(.get, location)
            #expect(shown.header("ETag") == "\"1\"")
            #expect(try shown.body(CredentialBody.self) == created.body(CredentialBody.self))
            let change = #"{"hosts":["GET api.anthropic.com/v1"],"value":"\#(Self.key)2"}"#
            let changed = try await api.send(.patch, "/api/v1/credentials/anthropic", json: change)
            #expect(changed.status == 200)
            #expect(try changed.body(CredentialBody.self).version == 2)
            let list = try await api.send(.get, "/api/v1/credentials?q=ANTH")
            #expect(try list.body(CredentialPage.self).credentials.map(\.hosts) == [["GET api.anthropic.com/v1"]])
            let removed = try await api.send(.delete, "/api/v1/credentials/Anthropic")
            #expect(removed.status == 204)
            let audit = try await api.send(.get, "/api/v1/audit")
            for answer in [created, shown, changed, list, audit] { #expect(!answer.text.contains(Self.key)) }
        }
    }

    @Test func aCredentialIsAttachedAndDetached() async throws {
        try await APISession.run { api async throws in
            _ = try await api.send(.post, "/api/v1/credentials", json: Self.body)
            _ = try await api.send(.post, "/api/v1/agents", json: #"{"name":"bot"}"#)
            let body = #"{"credentialId":"Anthropic","delivery":"environment"}"#
            let attached = try await api.send(.post, "/api/v1/agents/bot/credentials", json: body)
            #expect(attached.status == 201)
            #expect(try attached.body(AttachedCredentialBody.self).delivery == .environment)
            let list = try await api.send(.get, "/api/v1/agents/bot/secrets").body(AttachedSecretList.self)
            #expect(list.secrets.map(\.kind) == [.credential])
            #expect(try await api.send(.delete, "/api/v1/credentials/Anthropic").status == 409)
            #expect(try await api.send(.delete, "/api/v1/agents/bot/credentials/Anthropic").status == 204)
            #expect(try await api.send(.delete, "/api/v1/credentials/Anthropic").status == 204)
        }
    }

    @Test(arguments: [
        (#"{"name":"X","type":"API_KEY","value":"sk-canary\r\nX: y"}"#, "invalid_value"),
        (#"{"name":"X","type":"API_KEY","value":"sk-canary","hosts":["*.com"]}"#, "invalid_field"),
        (#"{"name":"X","type":"OTHER","value":"sk-canary"}"#, "invalid_field"),
        (#"{"name":"X","value":"sk-canary"}"#, "invalid_field"),
    ])
    func aCredentialThatCannotWorkIsRefusedAndItsValueNotRepeated(body: String, code: String) async throws {
        try await APISession.run { api async throws in
            let answer = try await api.send(.post, "/api/v1/credentials", json: body)
            #expect(answer.status == 400)
            #expect(answer.header("Attache-Error") == code)
            #expect(!answer.text.contains("sk-canary"))
        }
    }

    @Test func secretsAndCredentialsAreListedApart() async throws {
        try await APISession.run { api async throws in
            _ = try await api.send(.post, "/api/v1/credentials", json: Self.body)
            #expect(try await api.send(.get, "/api/v1/secrets").body(SecretPage.self).secrets.isEmpty)
            #expect(try await api.send(.get, "/api/v1/secrets?kind=credential").status == 400)
        }
    }
}

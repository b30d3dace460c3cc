// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import HTTPTypes
import TestSupport
import Testing
import VaultCore
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

    /// Every tile of every category, as a client reads it.
    @Test func theCatalogueIsTheOneInItsFile() async throws {
        try await APISession.run { api async throws in
            let answer = try await api.send(.get, "/api/v1/providers")
            #expect(answer.status == 200)
            let file = "\(#filePath)/../../Vectors/providers.json"
            let expected = try Data(contentsOf: URL(fileURLWithPath: file).standardized)
            let lines = answer.text.replacing("},{\"", with: "},\n{\"")
            #expect(lines + "\n" == String(decoding: expected, as: UTF8.self))
            #expect(try await api.send(.get, "/api/v1/providers?q=a").status == 400)
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

    @Test func aCredentialIsRevokedOnceAndListedAmongThoseThatWere() async throws {
        try await APISession.run { api async throws in
            _ = try await api.send(.post, "/api/v1/credentials", json: Self.body)
            _ = try await api.send(.post, "/api/v1/agents", json: #"{"name":"bot"}"#)
            let body = #"{"credentialId":"Anthropic"}"#
            _ = try await api.send(.post, "/api/v1/agents/bot/credentials", json: body)
            let revoke = "/api/v1/credentials/Anthropic/revoke"
            let held = try await api.send(.post, revoke)
            #expect(held.status == 409 && held.code == .stillAttached)
            #expect(try held.body(ErrorBody.self).agents?.map(\.name) == ["bot"])
            #expect(try await api.send(.delete, "/api/v1/agents/bot/credentials/Anthropic").status == 204)
            let once = ["Idempotency-Key": "once"]
            let revoked = try await api.send(.post, revoke, headers: once)
            #expect(revoked.status == 200)
            let again = try await api.send(.post, revoke, headers: once)
            #expect(again.status == 200 && again.text == revoked.text)
            #expect(try await api.send(.post, revoke).code == .notFound)
            #expect(try await api.send(.get, "/api/v1/credentials").text == #"{"credentials":[]}"#)
            let list = try await api.send(.get, "/api/v1/credentials?revoked=true")
            #expect(list.text == #"{"credentials":[\#(revoked.text)]}"#)
            #expect(revoked.text.contains(#""revokedAt":"2026-01-01T00:00:00.000Z""#))
            #expect(!list.text.contains("mask"))
            #expect(try await api.send(.get, "/api/v1/credentials?revoked=1").code == .invalidQuery)
        }
    }

    @Test(arguments: [
        (
            "canary-0123456789", "the value is no key of Anthropic, whose keys begin with sk-ant-",
            "copy the whole key from https://platform.claude.com/settings/keys"
        ),
        (
            "gsk_canary-0123456789",
            "the value looks like a key of Groq and not like one of Anthropic, whose keys begin with sk-ant-",
            "choose the provider groq, or copy the whole key from https://platform.claude.com/settings/keys"
        ),
    ])
    func aKeyOfAnotherProviderIsRefusedWithWhatToDoAndNoPartOfIt(key: String, text: String, hint: String) async throws {
        try await APISession.run { api async throws in
            _ = try await api.send(.post, "/api/v1/credentials", json: Self.body)
            let body = #"{"name":"X","provider":"anthropic","value":"\#(key)"}"#
            let created = try await api.send(.post, "/api/v1/credentials", json: body)
            let changed = try await api.send(.patch, "/api/v1/credentials/anthropic", json: #"{"value":"\#(key)"}"#)
            for answer in [created, changed] {
                #expect(answer.status == 400)
                #expect(
                    try answer.body(ErrorBody.self) == ErrorBody(.invalidValue, text, hint: hint, field: "value")
                )
                #expect(!answer.text.contains("canary") && !answer.text.contains("gsk_"))
            }
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

    // MARK: - What clients read, member by member as text

    @Test func theListOfCredentialsHasTheseMembersAndNoValue() async throws {
        try await APISession.run { api async throws in
            let id = try await api.send(.post, "/api/v1/credentials", json: Self.body).body(CredentialBody.self).id
            let list = try await api.send(.get, "/api/v1/credentials")
            #expect(
                list.text == """
                    {"credentials":[{"agents":0,"createdAt":"2026-01-01T00:00:00.000Z",\
                    "environmentName":"ANTHROPIC_API_KEY","header":"x-api-key","hosts":["api.anthropic.com"],\
                    "id":"\(id)","intact":true,"mask":"sk-ant-a***","name":"Anthropic","note":"",\
                    "provider":"anthropic","rotationPriority":0,"type":"CUSTOM_HEADER","updatedAt":"2026-01-01T00:00:00.000Z",\
                    "version":1}]}
                    """
            )
        }
    }

    @Test func anAttachmentHasTheseMembers() async throws {
        try await APISession.run { api async throws in
            let credential = try await api.send(.post, "/api/v1/credentials", json: Self.body)
                .body(CredentialBody.self).id
            let agent = try await api.send(.post, "/api/v1/agents", json: #"{"name":"bot"}"#).body(AgentBody.self).id
            let body = #"{"credentialId":"\#(credential)"}"#
            let attached = try await api.send(.post, "/api/v1/agents/\(agent)/credentials", json: body)
            let token = attached.text.components(separatedBy: #""proxyToken":""#).last?.prefix { $0 != "\"" } ?? ""
            #expect(token.hasPrefix("pxr_"))
            #expect(
                attached.text == """
                    {"agentId":"\(agent)","credentialId":"\(credential)","delivery":"proxy","proxyToken":"\(token)"}
                    """
            )
        }
    }

    @Test func theStatusOfAWorkspaceHasTheseMembersAndItsCountersMove() async throws {
        try await APISession.run { api async throws in
            let limits = #"{"agents":25,"credentials":100,"requestsPerMonth":100000}"#
            _ = try await api.test.vault.updateWorkspace(UpdateWorkspaceBody(plan: .pro), by: api.test.localOperator)
            func status() async throws -> String { try await api.send(.get, "/api/v1/workspace/status").text }
            func workspace(_ text: String) throws -> Substring {
                let start = try #require(text.range(of: #""workspace":{"#)).upperBound
                return text[start...].prefix(through: try #require(text[start...].lastIndex(of: "}")))
            }
            let before = try workspace(try await status())
            let id = before.components(separatedBy: #""id":""#).last?.prefix { $0 != "\"" } ?? ""
            func expected(_ usage: String) -> String {
                #""id":"\#(id)","limits":\#(limits),"name":"personal","plan":"pro","usage":\#(usage)}}"#
            }
            #expect(before == expected(#"{"agents":0,"credentials":0,"requestsThisMonth":0}"#))
            _ = try await api.send(.post, "/api/v1/credentials", json: Self.body)
            _ = try await api.send(.post, "/api/v1/agents", json: #"{"name":"bot"}"#)
            let attached = try await api.send(
                .post,
                "/api/v1/agents/bot/credentials",
                json: #"{"credentialId":"Anthropic"}"#
            ).body(AttachedCredentialBody.self)
            let token = Array(try #require(attached.proxyToken).utf8)
            let grant = try await api.test.vault.proxyGrant(.token(token, from: .loopback), credential: nil)
            let attempt = ProxyAttempt(target: "https://api.anthropic.com/", method: "GET")
            try await api.test.vault.begin(attempt, with: grant).end(attempt)
            await api.test.vault.settleAttempts()
            #expect(
                try workspace(try await status()) == expected(#"{"agents":1,"credentials":1,"requestsThisMonth":1}"#)
            )
        }
    }

    @Test func anErrorHasTheseMembers() async throws {
        try await APISession.run { api async throws in
            let missing = try await api.send(.get, "/api/v1/credentials/none")
            #expect(missing.status == 404)
            #expect(missing.text == #"{"code":"not_found","error":"no such credential","status":404}"#)
            let wrong = try await api.send(.post, "/api/v1/credentials", json: #"{"name":"X","value":"sk-canary"}"#)
            let reason = "the type is missing; only a provider of the catalogue implies it"
            #expect(wrong.text == #"{"code":"invalid_field","error":"\#(reason)","field":"type","status":400}"#)
            let nobody = try await api.send(.get, "/api/v1/credentials", as: .nobody)
            let hint = "send Authorization: Bearer …"
            #expect(
                nobody.text == #"{"code":"token_missing","error":"no token was sent","hint":"\#(hint)","status":401}"#
            )
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

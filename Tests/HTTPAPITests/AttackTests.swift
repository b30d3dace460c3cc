// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import HTTPAPI
import HTTPTypes
import TestSupport
import Testing
import VaultCore
import VaultModel

/// What has gone wrong in other vaults, one test for each kind of mistake.
struct AttackTests {
    private static let canary = "canary-5e1d0c7a9b3f4826"

    /// The tokens of keys of the first workspace, one for each role.
    private static func keys(_ api: APISession) async throws -> [Role: String] {
        var keys: [Role: String] = [:]
        for role in Role.allCases {
            let body = CreateAPIKeyBody(name: "\(role)", role: role)
            keys[role] = try await api.test.vault.createAPIKey(body, by: api.test.localOperator).token
        }
        return keys
    }

    /// The key of a workspace of somebody else.
    private static func otherKey(_ api: APISession) async throws -> String {
        let grace = try await api.test.person("grace")
        return try #require(try await api.test.share("other", by: grace).apiKey?.token)
    }

    // MARK: - Where a request goes

    @Test(arguments: [
        "/api/v1/secrets/../secrets/TOKEN", "/api/v1/secrets/%2e%2e/secrets/TOKEN", "/api/v1/./secrets/TOKEN",
        "/api/v1//secrets/TOKEN", "/api/v1/secrets/TOKEN/", "/API/V1/secrets/TOKEN", "/api/v1/Secrets/TOKEN",
        "/api/v1/secrets/%2FTOKEN", "/api/v1/secrets/TOKEN%00", "/api/v1/secrets/%20TOKEN", "/api/v1/secrets/TOKEN%20",
        "/api/v1/secrets/token", "/api/v1/secrets/TOKEN%E2%80%8B", "/api/v1/ſecrets/TOKEN",
        "/healthz/../api/v1/secrets/TOKEN",
    ])
    func noOtherSpellingOfAPathLeadsAnywhere(path: String) async throws {
        try await APISession.run { api async throws in
            _ = try await api.create("TOKEN")
            #expect(try await api.send(.get, "/api/v1/secrets/TOKEN").status == 200)
            #expect(try await api.send(.get, path).code == .notFound)
        }
    }

    @Test(arguments: ["/healthz", "/api/v1/session", "/openapi.json"])
    func aPublicPathInTheQueryOpensNothing(path: String) async throws {
        try await APISession.run { api async throws in
            #expect(try await api.send(.get, "/api/v1/secrets?q=\(path)", as: .nobody).code == .tokenMissing)
            #expect(try await api.send(.get, "/api/v1/secrets?\(path)", as: .nobody).code == .tokenMissing)
        }
    }

    // MARK: - Other people's things

    @Test func idsOfAnotherWorkspaceAreAsIfTheyDidNotExist() async throws {
        try await APISession.run { api async throws in
            let secret = try await api.create("TOKEN")
            let agent = try await api.test.createAgent("bot", with: ["TOKEN"])
            let keys = try await api.test.vault.apiKeys(by: api.test.localOperator).apiKeys
            let users = try await api.test.vault.members(by: api.test.localOperator).members
            let key = try #require(keys.first?.id)
            let user = try #require(users.first?.id)
            let other = Bearer.token(try await Self.otherKey(api))
            let calls: [(HTTPRequest.Method, String, String?)] = [
                (.get, "/api/v1/secrets/\(secret.id)", nil),
                (.patch, "/api/v1/secrets/\(secret.id)", "{\"note\":\"x\"}"),
                (.delete, "/api/v1/secrets/\(secret.id)", nil),
                (.get, "/api/v1/agents/\(agent.id)", nil),
                (.patch, "/api/v1/agents/\(agent.id)", "{\"replicas\":2}"),
                (.delete, "/api/v1/agents/\(agent.id)", nil),
                (.get, "/api/v1/agents/\(agent.id)/secrets", nil),
                (.post, "/api/v1/agents/\(agent.id)/secrets", "{\"secretIds\":[\"\(secret.id)\"]}"),
                (.delete, "/api/v1/agents/\(agent.id)/secrets/\(secret.id)", nil),
                (.get, "/api/v1/agents/\(agent.id)/instances", nil),
                (.post, "/api/v1/agents/\(agent.id)/gateway-token/rotate", nil),
                (.post, "/api/v1/agents/\(agent.id)/sessions", nil),
                (.post, "/api/v1/workspace/api-keys/\(key)/rotate", nil),
                (.delete, "/api/v1/workspace/api-keys/\(key)", nil),
                (.patch, "/api/v1/workspace/members/\(user)", "{\"role\":\"member\"}"),
                (.delete, "/api/v1/workspace/members/\(user)", nil),
            ]
            for (method, path, json) in calls {
                let answer = try await api.send(method, path, json: json, as: other)
                #expect(answer.code == .notFound, "\(method) \(path)")
                #expect(!answer.text.contains("TOKEN"))
            }
            #expect(try await api.send(.get, "/api/v1/secrets", as: other).text.contains("\"secrets\":[]"))
        }
    }

    @Test func nobodyNamesAnotherAccountThanTheOwn() async throws {
        try await APISession.run { api async throws in
            let grace = try await api.test.person("grace")
            for json in [
                "{\"email\":\"ada@example.org\"}", "{\"id\":\"\(grace.id)\"}", "{\"password\":\"a new password here\"}",
            ] {
                let answer = try await api.send(.patch, "/api/v1/account", json: json, as: .token(grace.token))
                #expect(answer.code == .invalidField)
            }
        }
    }

    // MARK: - Lists

    @Test func anEmptyListIsRefusedRatherThanMeantAsAll() async throws {
        try await APISession.run { api async throws in
            _ = try await api.test.createAgent("bot")
            let attach = try await api.send(.post, "/api/v1/agents/bot/secrets", json: "{\"secretIds\":[]}")
            #expect(attach.code == .invalidField)
            let key = try await api.send(
                .post,
                "/api/v1/workspace/api-keys",
                json: "{\"name\":\"k\",\"networks\":[]}"
            )
            #expect(key.code == .invalidField)
        }
    }

    @Test func eachItemOfAListIsCheckedAndOneThatIsNotAllowedRefusesAll() async throws {
        try await APISession.run { api async throws in
            let grace = try await api.test.person("grace")
            let foreign = try await api.test.vault.createSecret(
                CreateSecretBody(name: "FOREIGN", kind: .secret, value: .text(Self.canary)),
                by: api.test.caller(grace)
            )
            _ = try await api.create("OWN")
            _ = try await api.test.createAgent("bot")
            let json = "{\"secretIds\":[\"OWN\",\"\(foreign.id)\"]}"
            #expect(try await api.send(.post, "/api/v1/agents/bot/secrets", json: json).code == .notFound)
            let attached = try await api.send(.get, "/api/v1/agents/bot/secrets").body(AttachedSecretList.self)
            #expect(attached.secrets.isEmpty)
        }
    }

    // MARK: - What has ended

    @Test func whoIsInvitedAndHasNotAcceptedSeesNothing() async throws {
        try await APISession.run { api async throws in
            let ada = try await api.test.person("ada")
            let grace = try await api.test.person("grace")
            let acme = try await api.test.share("acme", by: ada)
            _ = try await api.test.vault.createInvitation(
                CreateInvitationBody(email: grace.email, role: .owner),
                by: api.test.caller(ada, in: "acme")
            )
            let answer = try await api.send(
                .get,
                "/api/v1/secrets",
                headers: ["Attache-Workspace": acme.id],
                as: .token(grace.token)
            )
            #expect(answer.code == .notFound)
        }
    }

    @Test func anEndIsKeptAtTheMomentOfUse() async throws {
        try await APISession.run { api async throws in
            let end = api.test.clock.now + .seconds(60)
            let body = CreateAPIKeyBody(name: "short", expiresAt: end)
            let key = try #require(try await api.test.vault.createAPIKey(body, by: api.test.localOperator).token)
            #expect(try await api.send(.get, "/api/v1/secrets", as: .token(key)).status == 200)
            api.test.clock.advance(by: .seconds(60))
            #expect(try await api.send(.get, "/api/v1/secrets", as: .token(key)).code == .tokenRevoked)
        }
    }

    @Test func whatIsMadeAgainUnderAnOldNameHasNoneOfTheOldRights() async throws {
        try await APISession.run { api async throws in
            _ = try await api.create("TOKEN", Self.canary)
            let old = try await api.test.createAgent("bot", with: ["TOKEN"])
            try await api.test.vault.deleteAgent("bot", by: api.test.localOperator)
            let new = try await api.test.createAgent("bot")
            await #expect(throws: VaultError.token(.revoked)) { try await api.test.start(old) }
            #expect(try await api.test.start(new).isEmpty)
        }
    }

    // MARK: - What is told

    @Test(arguments: Role.allCases)
    func noAnswerToAnyRoleHoldsAValueOrAToken(role: Role) async throws {
        try await APISession.run { api async throws in
            _ = try await api.create("TOKEN", Self.canary)
            let agent = try await api.test.createAgent("bot", with: ["TOKEN"])
            try await api.test.start(agent)
            let key = try #require(try await Self.keys(api)[role])
            for endpoint in Endpoint.all where endpoint.method == .get {
                let path = endpoint.path.replacing("{id}", with: endpoint.path.contains("agents") ? "bot" : "TOKEN")
                let text = try await api.send(.get, path, as: .token(key)).text
                #expect(!text.contains(Self.canary), "\(path)")
                #expect(!text.contains(agent.gatewayToken ?? "-"), "\(path)")
                #expect(!text.contains(api.test.workspaceKey), "\(path)")
            }
        }
    }

    @Test func noErrorAndNoTrailRepeatsWhatWasSent() async throws {
        try await APISession.run { api async throws in
            let c = Self.canary
            let calls: [(HTTPRequest.Method, String, String?)] = [
                (.post, "/api/v1/secrets", "{\"name\":\"A\",\"kind\":\"secret\",\"value\":\"\(c)\\u0000\"}"),
                (.post, "/api/v1/secrets", "{\"name\":\"A\",\"kind\":\"\(c)\",\"value\":\"x\"}"),
                (.post, "/api/v1/secrets", "{\"name\":\"A\",\"kind\":\"secret\",\"value\":[\"\(c)\"]}"),
                (.post, "/api/v1/secrets", "{\"name\":\"A\",\"value\":\"\(c)\""),
                (.post, "/api/v1/secrets", "\"\(c)\""),
                (.post, "/api/v1/session", "{\"email\":\"a@example.org\",\"password\":\"\(c)\"}"),
                (.post, "/api/v1/session", "{\"email\":\"\(c)\",\"password\":7}"),
                (.post, "/api/v1/invitations/accept", "{\"token\":\"\(c)\",\"password\":\"\(c)\"}"),
                (.get, "/api/v1/secrets?cursor=\(c)", nil),
                (.get, "/api/v1/secrets/\(c)", nil),
                (.get, "/api/v1/secrets?\(c)=1", nil),
                (.get, "/\(c)", nil),
            ]
            for (method, path, json) in calls {
                let answer = try await api.send(method, path, json: json)
                #expect(answer.status >= 400, "\(path)")
                #expect(!answer.text.contains(c), "\(method) \(path)")
            }
            #expect(!(try await api.send(.get, "/api/v1/secrets", as: .token(c)).text.contains(c)))
            #expect(!(try await api.send(.get, "/api/v1/audit").text.contains(c)))
        }
    }

    @Test(arguments: ["nonce", "salt", "epoch", "version", "id", "ownerId", "createdAt", "rowCode", "workspaceId"])
    func noRequestSetsWhatTheVaultDecides(field: String) async throws {
        try await APISession.run { api async throws in
            let json = "{\"name\":\"A\",\"kind\":\"secret\",\"value\":\"x\",\"\(field)\":\"1\"}"
            #expect(try await api.send(.post, "/api/v1/secrets", json: json).code == .invalidField)
        }
    }

    @Test func anUnknownAddressTakesAsLongAsAWrongPassword() async throws {
        let test = try await TestVault.make(passwordLogN: 12)
        _ = try await test.person("ada")
        func time(of email: String, from source: IPAddress) async -> Duration {
            let start = ContinuousClock.now
            _ = try? await test.logIn(email, "wrong horse battery", from: source)
            return ContinuousClock.now - start
        }
        // In turns, so that a busy machine slows both down.
        var times: (known: [Duration], unknown: [Duration]) = ([], [])
        for number in 0..<25 {
            let source = IPAddress("203.0.113.\(number)") ?? .loopback
            times.known.append(await time(of: "ada@example.org", from: source))
            times.unknown.append(await time(of: "nobody@example.org", from: source))
        }
        let known = times.known.sorted()[12]
        let unknown = times.unknown.sorted()[12]
        // Without the hash of nobody it would be a hundredth; the machine may be busy.
        #expect(unknown / known > 0.33)
        #expect(unknown / known < 3)
    }

    // MARK: - Guessing

    @Test func aForgedForwardedAddressIsNoOtherSource() async throws {
        try await APISession.run { api async throws in
            _ = try await api.test.person("ada")
            let json = "{\"email\":\"ada@example.org\",\"password\":\"wrong horse battery\"}"
            var codes: [ErrorCode?] = []
            for number in 0..<6 {
                let headers = ["X-Forwarded-For": "198.51.100.\(number)"]
                codes.append(
                    try await api.send(.post, "/api/v1/session", json: json, headers: headers, as: .nobody).code
                )
            }
            #expect(codes == [.loginFailed, .loginFailed, .loginFailed, .loginFailed, .loginFailed, .rateLimited])
        }
    }

    // MARK: - Too much

    @Test(arguments: [
        String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 50_000),
        "{\"name\":\"A\",\"kind\":\"secret\",\"value\":\"" + String(repeating: "x", count: 140_000) + "\"}",
        "{\"secretIds\":[" + Array(repeating: "\"A\"", count: 100_000).joined(separator: ",") + "]}",
        "{\"name\":1" + String(repeating: "0", count: 100_000) + "}",
    ])
    func aBombIsRefusedAndTheServerGoesOn(json: String) async throws {
        try await APISession.run { api async throws in
            for path in ["/api/v1/secrets", "/api/v1/agents", "/api/v1/agents/x/secrets", "/api/v1/session"] {
                let answer = try await api.send(.post, path, json: json)
                #expect((400..<500).contains(answer.status))
            }
            #expect(try await api.send(.get, "/api/v1/secrets").status == 200)
        }
    }

    // MARK: - Without a token

    @Test(arguments: Endpoint.all.filter { $0.method != .get && $0.access != .gateway }.map(\.operation))
    func nothingChangesWithoutATokenOrAProof(operation: APITypes.Operation) async throws {
        try await APISession.run { api async throws in
            let endpoint = try #require(Endpoint.all.first { $0.operation == operation })
            let method = try #require(HTTPRequest.Method(endpoint.method.rawValue))
            let path = endpoint.path.replacing("{id}", with: "x").replacing("{secretId}", with: "y")
            let before = try await Self.deeds(api)
            let answer = try await api.send(method, path, json: "{}", as: .nobody)
            #expect(answer.status >= 400)
            #expect(try await Self.deeds(api) == before)
        }
    }

    /// What was done in the workspace, besides looking at its trail.
    private static func deeds(_ api: APISession) async throws -> [String] {
        try await api.test.vault.audit(PageRequest(), by: api.test.localOperator).entries.map(\.action)
            .filter { $0 != "audit.view" }
    }

    @Test func noRequestNamesAFileACommandOrAnAddressToCall() throws {
        let document = String(decoding: try JSONEncoder().encode(OpenAPIDocument.json), as: UTF8.self)
        #expect(document.contains("\"requestBody\""))
        for component in Component.allCases where component.schema.json["additionalProperties"] == false {
            let text = String(decoding: try JSONEncoder().encode(component.schema.json), as: UTF8.self).lowercased()
            for word in ["\"path\"", "\"file\"", "\"command\"", "\"url\"", "\"host\"", "\"prefix\""]
            // A credential's is the word before the value in a header field.
            where !(component == .createCredential && word == "\"prefix\"") {
                #expect(!text.contains(word), "\(component)")
            }
        }
    }

    // MARK: - Roles

    @Test func anAdminsKeyMakesNoOwnersKey() async throws {
        try await APISession.run { api async throws in
            let keys = try await Self.keys(api)
            let admin = Bearer.token(try #require(keys[.admin]))
            let made = try await api.send(
                .post,
                "/api/v1/workspace/api-keys",
                json: "{\"name\":\"up\",\"role\":\"owner\"}",
                as: admin
            )
            #expect(made.code == .invalidField)
            let all = try await api.test.vault.apiKeys(by: api.test.localOperator).apiKeys
            let owner = try #require(all.first { $0.role == .owner })
            let rotated = try await api.send(.post, "/api/v1/workspace/api-keys/\(owner.id)/rotate", as: admin)
            #expect(rotated.code == .forbidden)
        }
    }

    @Test func aRefusalHoldsNothingButTheRefusal() async throws {
        try await APISession.run { api async throws in
            let member = try #require(try await Self.keys(api)[.member])
            let answer = try await api.send(
                .post,
                "/api/v1/workspace/api-keys",
                json: "{\"name\":\"x\"}",
                as: .token(member)
            )
            #expect(answer.code == .forbidden)
            let members = try #require(try JSONSerialization.jsonObject(with: Data(answer.bytes)) as? [String: Any])
            #expect(Set(members.keys).isSubset(of: ["error", "code", "status", "hint", "field"]))
            let keys = try await api.test.vault.apiKeys(by: api.test.localOperator).apiKeys
            #expect(!keys.contains { $0.name == "x" })
        }
    }

    // MARK: - Tokens of another kind

    @Test func aTokenOpensOnlyWhatItsKindIsFor() async throws {
        try await APISession.run { api async throws in
            let ada = try await api.test.person("ada")
            try await api.test.share("acme", by: ada)
            let invitation = try await api.test.vault.createInvitation(
                CreateInvitationBody(email: "x@example.org"),
                by: api.test.caller(ada, in: "acme")
            )
            let agent = try await api.test.createAgent("bot")
            let gateway = try #require(agent.gatewayToken)
            let link = try #require(invitation.token)
            for token in [gateway, link] {
                #expect(try await api.send(.get, "/api/v1/secrets", as: .token(token)).code == .tokenUnknown)
            }
            let headers = ["Attache-Instance": "one", "Attache-Start": "start-0001"]
            for token in [api.test.workspaceKey, ada.token, link] {
                let answer = try await api.send(.post, "/api/v1/starts", headers: headers, as: .token(token))
                #expect(answer.code == .tokenUnknown)
            }
            for token in [api.test.workspaceKey, ada.token, gateway] {
                let json = "{\"token\":\"\(token)\",\"password\":\"a long password\"}"
                let answer = try await api.send(.post, "/api/v1/invitations/accept", json: json, as: .nobody)
                #expect(answer.code == .invitationNotValid)
            }
        }
    }

    @Test func anAgentsTokenNeverGetsWhatAnotherAgentHas() async throws {
        try await APISession.run { api async throws in
            _ = try await api.create("HERS", Self.canary)
            _ = try await api.test.createAgent("hers", with: ["HERS"])
            let his = try await api.test.createAgent("his")
            let headers = [
                "Attache-Instance": "hers", "Attache-Start": "start-0001", "Attache-Workspace": "personal",
                "Attache-Agent": "hers",
            ]
            let token = Bearer.token(try #require(his.gatewayToken))
            let answer = try await api.send(.post, "/api/v1/starts", headers: headers, as: token)
            #expect(answer.status == 200)
            #expect(answer.bytes.isEmpty)
        }
    }

    // MARK: - Names and values

    @Test func aNameThatIsMarkupIsOnlyText() async throws {
        try await APISession.run { api async throws in
            let name = "<script>alert(1)</script>"
            let made = try await api.send(.post, "/api/v1/agents", json: "{\"name\":\"\(name)\"}")
            #expect(made.status == 201)
            let shown = try await api.send(.get, "/api/v1/agents")
            #expect(shown.header("Content-Type") == "application/json")
            #expect(shown.header("X-Content-Type-Options") == "nosniff")
            #expect(try shown.body(AgentPage.self).agents.map(\.name) == [name])
        }
    }

    @Test(arguments: ["LD_PRELOAD", "PATH", "SWIFT_BACKTRACE", "A=B", "A\\u0000B", "A\\nB", "", "1A", "ATTACHE_X"])
    func aNameThatChangesHowAProcessIsLoadedIsRefused(name: String) async throws {
        try await APISession.run { api async throws in
            let json = "{\"name\":\"\(name)\",\"kind\":\"secret\",\"value\":\"x\"}"
            #expect(try await api.send(.post, "/api/v1/secrets", json: json).code == .invalidName)
        }
    }

    @Test func aValueWithALineBreakIsOneValue() async throws {
        try await APISession.run { api async throws in
            _ = try await api.create("A", "x\nLD_PRELOAD=/tmp/evil.so")
            let agent = try await api.test.createAgent("bot", with: ["A"])
            #expect(try await api.test.start(agent) == ["A=x\nLD_PRELOAD=/tmp/evil.so"])
        }
    }

    @Test(arguments: ["x'; DROP TABLE agents; --", "%", "_", "\\\"", "x' OR '1'='1", "$1"])
    func aTextIsNeverAStatement(text: String) async throws {
        try await APISession.run { api async throws in
            _ = try await api.test.createAgent("bot")
            _ = try await api.send(.post, "/api/v1/agents", json: "{\"name\":\"\(text)\"}")
            let query = try #require(text.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
            let found = try await api.send(.get, "/api/v1/agents?q=\(query)").body(AgentPage.self)
            #expect(!found.agents.contains { $0.name == "bot" })
            #expect(try await api.send(.get, "/api/v1/agents/bot").status == 200)
        }
    }
}

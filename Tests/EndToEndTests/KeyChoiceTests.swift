// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import TestSupport
import Testing
import VaultModel

/// Several credentials of one provider, and an agent that the provider is attached to.
struct KeyChoiceTests {
    /// A server with keys of `openai`, and an agent `chooser` with a token for whichever is preferred.
    private struct Scene {
        let scene: ProxyScene
        let token: String

        var server: RunningServer { scene.server }
        var target: RecordingTarget { scene.target }

        /// `keys` are names and priorities; a key's value is `sk-canary-` and its name.
        init(_ target: RecordingTarget, provider: String = "openai", keys: [(name: String, priority: Int)]) async throws
        {
            scene = try await ProxyScene(target, serve: ["--agent-url", "http://127.0.0.1:1"])
            for key in keys { try await scene.server.addKey(key.name, key.priority, of: provider, for: target) }
            _ = try await scene.server.createAgent("chooser")
            let attached = try await scene.server.attache(
                "credentials",
                "attach",
                "chooser",
                "--provider",
                provider,
                "--json"
            )
            try #require(attached.status == 0, "\(attached.errors)")
            token = try JSONDecoder().decode(AttachedProviderBody.self, from: Data(attached.output.utf8)).proxyToken
        }

        func send(
            _ method: String = "GET",
            to provider: String = "openai",
            fields: [String] = [],
            body: String = ""
        ) async throws -> String {
            let head = ["\(method) /v1/via/\(provider)/models HTTP/1.1", "Host: x", "Connection: close"] + fields
            let text = head + ["Authorization: Bearer \(token)"]
            return try await scene.exchange(text.joined(separator: "\r\n") + "\r\n\r\n" + body)
        }

        func order() async throws -> [String] {
            let list = try await server.attache("credentials", "move", "low", "down", "--json")
            try #require(list.status == 0, "\(list.errors)")
            return try JSONDecoder().decode(CredentialOrderBody.self, from: Data(list.output.utf8)).credentials
                .map(\.name)
        }

        /// Which keys the target was shown, in order.
        var shown: [String] {
            target.requests.compactMap { request in
                guard let start = request.range(of: "sk-canary-")?.upperBound else { return nil }
                return String(request[start...].prefix { $0.isLetter })
            }
        }
    }

    private static let ok: [RecordingTarget.Piece] = [.text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")]

    private static func refusing(
        _ names: String...,
        with answer: String = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\n\r\nbad"
    ) throws -> RecordingTarget {
        try RecordingTarget { request in
            names.contains { request.contains("sk-canary-\($0)") } ? [.text(answer)] : ok
        }
    }

    @Test func theLowestPriorityIsUsedAndMovingItChangesTheNextCall() async throws {
        let target = try RecordingTarget { _ in Self.ok }
        let scene = try await Scene(target, keys: [("low", 2), ("first", 0), ("middle", 1)])
        #expect(try await scene.send().hasPrefix("HTTP/1.1 200"))
        let moved = try await scene.server.attache("credentials", "move", "first", "down")
        #expect(moved.output.contains("middle") && moved.status == 0)
        #expect(try await scene.send().hasPrefix("HTTP/1.1 200"))
        #expect(scene.shown == ["first", "middle"])
        #expect(try await scene.order() == ["middle", "first", "low"])
        #expect(try await scene.server.attache("credentials", "remove", "middle").status == 0)
        #expect(try await scene.send().hasPrefix("HTTP/1.1 200"))
        #expect(scene.shown == ["first", "middle", "first"])
    }

    @Test func aRevokedKeyIsFollowedByTheNextAtOnce() async throws {
        let target = try RecordingTarget { _ in Self.ok }
        let scene = try await Scene(target, keys: [("low", 2), ("first", 0), ("middle", 1)])
        for key in ["first", "middle", "low"] {
            #expect(try await scene.send().hasPrefix("HTTP/1.1 200"))
            let revoked = try await scene.server.attache("credentials", "revoke", key)
            #expect(revoked.status == 0, "\(revoked.errors)")
        }
        #expect(scene.shown == ["first", "middle", "low"])
        let answer = try await scene.send()
        #expect(answer.hasPrefix("HTTP/1.1 404"))
        #expect(answer.contains("no_credential"))
        #expect(target.requests.count == 3)
    }

    @Test(arguments: ["401 Unauthorized", "402 Payment Required", "403 Forbidden", "429 Too Many Requests"])
    func aRefusedKeyIsFollowedByTheNextAndRests(status: String) async throws {
        let target = try Self.refusing("a", with: "HTTP/1.1 \(status)\r\nContent-Length: 3\r\n\r\nbad")
        let scene = try await Scene(target, keys: [("a", 0), ("b", 0)])
        let body = "{\"x\": 1}"
        let fields = ["Content-Length: \(body.utf8.count)", "Content-Type: application/json"]
        for _ in 0..<2 {
            let answer = try await scene.send("POST", fields: fields, body: body)
            #expect(answer.hasPrefix("HTTP/1.1 200"))
            #expect(answer.hasSuffix("ok"))
        }
        #expect(scene.shown == ["a", "b", "b"])
        #expect(target.requests.allSatisfy { $0.hasSuffix(body) })
        let trail = try await scene.scene.waitForAudit("\"attempt\":\"2\"", "\"attempt\" : \"2\"")
        #expect(trail.contains("next_key"))
        #expect(!trail.contains("sk-canary"))
    }

    @Test func whenEveryKeyIsRefusedTheLastAnswerIsTheAgentsAndOneKeyIsTriedAfterwards() async throws {
        let target = try Self.refusing("a", "b", with: "HTTP/1.1 429 No\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n")
        let scene = try await Scene(target, keys: [("a", 0), ("b", 0)])
        let answer = try await scene.send()
        #expect(answer.hasPrefix("HTTP/1.1 429"))
        #expect(answer.contains("Retry-After: 7"))
        #expect(!answer.contains("Attache-Error"))
        #expect(try await scene.send().hasPrefix("HTTP/1.1 429"))
        #expect(scene.shown == ["a", "b", "a"])
    }

    @Test func aBodyThatCannotBeKeptIsSentOnce() async throws {
        let target = try Self.refusing("a")
        let scene = try await Scene(target, keys: [("a", 0), ("b", 0)])
        let body = String(repeating: "x", count: (1 << 20) + 1)
        let long = try await scene.send("POST", fields: ["Content-Length: \(body.utf8.count)"], body: body)
        #expect(long.hasPrefix("HTTP/1.1 401"))
        #expect(scene.shown == ["a"])
        // The key rests all the same.
        #expect(try await scene.send().hasPrefix("HTTP/1.1 200"))
        #expect(scene.shown == ["a", "b"])
    }

    @Test func anAnswerThatIsAboutTheRequestIsTheAgents() async throws {
        let target = try Self.refusing("a", with: "HTTP/1.1 400 Bad\r\nContent-Length: 3\r\n\r\nbad")
        let scene = try await Scene(target, keys: [("a", 0), ("b", 0)])
        for _ in 0..<2 { #expect(try await scene.send().hasPrefix("HTTP/1.1 400")) }
        #expect(scene.shown == ["a", "a"])
    }

    @Test func aKeyThatMayNotGoThereIsPassedOver() async throws {
        let target = try RecordingTarget { _ in Self.ok }
        let scene = try await Scene(target, keys: [("a", 0), ("b", 0)])
        #expect(
            try await scene.server.attache("credentials", "update", "a", "--host", "PUT api.openai.com").status == 0
        )
        #expect(try await scene.send().hasPrefix("HTTP/1.1 200"))
        #expect(scene.shown == ["b"])
        #expect(
            try await scene.server.attache("credentials", "update", "b", "--host", "PUT api.openai.com").status == 0
        )
        let refused = try await scene.send()
        #expect(refused.contains("target_not_allowed"))
        #expect(scene.shown == ["b"])
    }

    @Test func withoutAKeyTheAnswerNamesTheProviderAndNothingIsSent() async throws {
        let target = try RecordingTarget { _ in Self.ok }
        let scene = try await Scene(target, keys: [])
        try await scene.server.addKey("claude", 0, of: "anthropic", for: target)
        let answer = try await scene.send()
        #expect(answer.hasPrefix("HTTP/1.1 404"))
        #expect(answer.contains("no key for provider openai"))
        #expect(target.requests.isEmpty)
    }

    @Test func detachingEndsTheTokenAndRotatingWithNowDoesToo() async throws {
        let target = try RecordingTarget { _ in Self.ok }
        let scene = try await Scene(target, keys: [("a", 0)])
        #expect(try await scene.send().hasPrefix("HTTP/1.1 200"))
        let rotated = try await scene.server.attache(
            "proxy-token",
            "rotate",
            "chooser",
            "--provider",
            "openai",
            "--now",
            "--json"
        )
        #expect(rotated.status == 0 && rotated.output.contains("pxr_"))
        #expect(try await scene.send().hasPrefix("HTTP/1.1 401"))
        let shown = try await scene.server.attache("agents", "show", "chooser")
        #expect(shown.output.contains("openai"))
        let detached = try await scene.server.attache("credentials", "detach", "chooser", "--provider", "openai")
        #expect(detached.status == 0, "\(detached.errors)")
        #expect(try await !scene.server.attache("agents", "show", "chooser").output.contains("openai"))
        #expect(target.requests.count == 1)
    }

    @Test func aStartedProcessGetsATokenForTheProviderAndUsesWhicheverKeyIsPreferred() async throws {
        let target = try RecordingTarget { _ in Self.ok }
        let scene = try await Scene(target, keys: [("a", 0), ("b", 1)])
        let made = try await scene.server.attache("agents", "create", "started", "--provider", "openai", "--json")
        let agent = try JSONDecoder().decode(AgentBody.self, from: Data(made.output.utf8))
        #expect(agent.proxyTokens?.map(\.provider) == ["openai"])
        let environment = try await scene.server.environment(of: try #require(agent.gatewayToken))
        #expect(environment["OPENAI_BASE_URL"] == "http://127.0.0.1:1/v1/via/openai")
        let token = try #require(environment["OPENAI_API_KEY"])
        #expect(token != agent.proxyTokens?.first?.proxyToken)
        let request =
            "GET /v1/via/openai/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer \(token)\r\n\r\n"
        #expect(try await scene.scene.exchange(request).hasPrefix("HTTP/1.1 200"))
        #expect(scene.shown == ["a"])
        let show = try await scene.server.attache("agents", "show", "started", "--json")
        let body = try JSONDecoder().decode(AgentBody.self, from: Data(show.output.utf8))
        #expect(body.providers?.first?.state == .synced)
    }

    @Test func aWorkspaceKeyMayNameAProvider() async throws {
        let target = try Self.refusing("a")
        let scene = try await Scene(target, keys: [("a", 0), ("b", 0)])
        let key = try #require(scene.server.workspaceKey)
        let answer = try await scene.scene.exchange(
            "GET /v1/proxy HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Target-Url: \(scene.scene.base)/\r\n"
                + "Authorization: Bearer \(key)\r\nX-Credential-Name: OpenAI\r\n\r\n"
        )
        #expect(answer.hasPrefix("HTTP/1.1 200"))
        #expect(scene.shown == ["a", "b"])
    }

    @Test func aProvidersOwnWayToSayThatAKeyIsBadIsUnderstood() async throws {
        let bad = #"{"type":"ErrorResponse","error":{"status":422,"code":"SUBSCRIPTION_TOKEN_INVALID"}}"#
        let other = #"{"type":"ErrorResponse","error":{"status":422,"code":"VALIDATION"}}"#
        @Sendable func answer(_ text: String) -> [RecordingTarget.Piece] {
            [.text("HTTP/1.1 422 Unprocessable\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")]
        }
        let target = try RecordingTarget { answer($0.contains("sk-canary-a") ? bad : other) }
        let scene = try await Scene(target, provider: "brave", keys: [("a", 0), ("b", 0)])
        let token = scene.token
        let text =
            "GET /v1/via/brave/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Subscription-Token: \(token)\r\n\r\n"
        let reply = try await scene.scene.exchange(text)
        #expect(reply.hasPrefix("HTTP/1.1 422"))
        #expect(reply.hasSuffix(other))
        #expect(scene.shown == ["a", "b"])
        let trail = try await scene.scene.waitForAudit("\"attempt\":\"2\"", "\"attempt\" : \"2\"")
        #expect(trail.contains("next_key"))
    }

    /// What an answer says of the key is read before anything of it is withheld.
    @Test(arguments: [["a", "b"], ["b"]])
    func whatIsWithheldIsWhatTheKeyThatAnsweredSays(limited: [String]) async throws {
        let bad = #"{"type":"ErrorResponse","error":{"status":422,"code":"SUBSCRIPTION_TOKEN_INVALID"}}"#
        let target = try RecordingTarget { request in
            request.contains("sk-canary-a")
                ? [.text("HTTP/1.1 422 No\r\nX-Private: a\r\nContent-Length: \(bad.utf8.count)\r\n\r\n\(bad)")]
                : [.text("HTTP/1.1 200 OK\r\nX-Private: b\r\nContent-Length: 6\r\n\r\nsecret")]
        }
        let scene = try await Scene(target, provider: "brave", keys: [("a", 0), ("b", 1)])
        for name in limited {
            let updated = try await scene.server.attache("credentials", "update", name, "--response", "status_only")
            #expect(updated.status == 0, "\(updated.errors)")
        }
        let answer = try await scene.send(to: "brave")
        #expect(answer.hasPrefix("HTTP/1.1 200"))
        #expect(!answer.contains("X-Private") && !answer.contains("secret"))
        #expect(answer.hasSuffix("\r\n\r\n"))
        #expect(scene.shown == ["a", "b"])
        #expect(try await scene.server.attache("credentials", "update", "b", "--response", "full").status == 0)
        #expect(try await scene.send(to: "brave").hasSuffix("secret"))
        #expect(scene.shown == ["a", "b", "b"])
        let trail = try await scene.scene.waitForAudit("\"attempt\":\"2\"", "\"attempt\" : \"2\"")
        #expect(!trail.contains("broken_off"))
    }

    @Test func ofTheLastLimitedKeyTheAgentSeesTheStatusOfItsRefusalAlone() async throws {
        let target = try Self.refusing(
            "a",
            "b",
            with: "HTTP/1.1 429 No\r\nRetry-After: 7\r\nContent-Length: 3\r\n\r\nbad"
        )
        let scene = try await Scene(target, keys: [("a", 0), ("b", 0)])
        for name in ["a", "b"] {
            #expect(
                try await scene.server.attache("credentials", "update", name, "--response", "status_only").status == 0
            )
        }
        let answer = try await scene.send()
        #expect(answer.hasPrefix("HTTP/1.1 429"))
        #expect(!answer.contains("Retry-After") && !answer.contains("bad") && !answer.contains("Attache-Error"))
        // It rests all the same: the first one is awake again before the second.
        #expect(try await scene.send().hasPrefix("HTTP/1.1 429"))
        #expect(scene.shown == ["a", "b", "a"])
    }

    @Test func ofALimitedCredentialTheAgentSeesTheStatusAlone() async throws {
        let target = try RecordingTarget { _ in
            [.text("HTTP/1.1 201 Created\r\nX-Private: y\r\nContent-Length: 6\r\n\r\nsecret")]
        }
        let scene = try await ProxyScene(target, add: ["--type", "API_KEY", "--response", "status_only"])
        let answer = try await scene.send("GET", "\(scene.base)/")
        #expect(answer.hasPrefix("HTTP/1.1 201"))
        #expect(!answer.contains("X-Private") && !answer.contains("secret"))
        #expect(answer.hasSuffix("\r\n\r\n"))
        let trail = try await scene.waitForAudit("201")
        #expect(!trail.contains("broken_off"))
        #expect(try await scene.server.attache("credentials", "update", "Target", "--response", "full").status == 0)
        #expect(try await scene.send("GET", "\(scene.base)/").hasSuffix("secret"))
    }
}

extension RunningServer {
    fileprivate func addKey(
        _ name: String,
        _ priority: Int,
        of provider: String,
        for target: RecordingTarget
    ) async throws {
        let added = try await attache(
            [
                "credentials", "add", name, "--provider", provider, "--priority", String(priority),
                "--host", "http://127.0.0.1:\(target.port)",
            ],
            input: Array("sk-canary-\(name)-0123456789".utf8)
        )
        try #require(added.status == 0, "\(added.errors)")
    }
}

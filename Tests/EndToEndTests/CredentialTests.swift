// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import TestSupport
import Testing

struct CredentialTests {
    private static let key = "sk-ant-api03-canary-0123456789"

    @Test func aCredentialIsAddedShownChangedAttachedAndRemovedFromTheCommandLine() async throws {
        let server = try await RunningServer.start()
        let added = try await server.attache(
            "credentials",
            "add",
            "Anthropic",
            "--provider",
            "anthropic",
            input: Array("\(Self.key)\n".utf8)
        )
        #expect(added.status == 0, "\(added.errors)")
        let shown = try await server.attache("credentials", "show", "anthropic", "--json")
        let body = try JSONDecoder().decode(CredentialBody.self, from: Data(shown.output.utf8))
        #expect(body.hosts == ["api.anthropic.com"])
        let token = try await server.createAgent("bot", with: [])
        #expect(
            try await server.attache("credentials", "attach", "bot", "Anthropic", "--delivery", "environment").status
                == 0
        )
        #expect(try await server.environment(of: token) == ["ANTHROPIC_API_KEY": Self.key])
        let refused = try await server.attache("credentials", "remove", "Anthropic")
        #expect(refused.status == 1)
        #expect(refused.errors.contains("bot"))
        let hosts = try await server.attache("credentials", "update", "Anthropic", "--host", "GET api.anthropic.com/v1")
        #expect(hosts.status == 0, "\(hosts.errors)")
        #expect(try await server.attache("credentials", "detach", "bot", "Anthropic").status == 0)
        let list = try await server.attache("credentials", "list")
        #expect(list.output.contains("GET api.anthropic.com/v1"))
        #expect(try await server.attache("credentials", "remove", "Anthropic").status == 0)
        for text in [added, shown, refused, hosts, list].map({ $0.output + $0.errors }) + [server.log] {
            #expect(!text.contains(Self.key))
        }
    }

    @Test func aRevokedCredentialIsSentNoMoreAndStaysInTheList() async throws {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")] }
        let scene = try await ProxyScene(target)
        let server = scene.server
        let key = try #require(server.workspaceKey)
        let request = scene.request("GET", "\(scene.base)/", fields: ["X-Credential-Name: Target"])
        let withKey = request.replacing(scene.token, with: key)
        let held = try await server.attache("credentials", "revoke", "target")
        #expect(held.status == 1)
        #expect(held.errors.contains("bot") && held.errors.contains("attache credentials detach AGENT NAME"))
        #expect(try await scene.exchange(request).hasPrefix("HTTP/1.1 200"))
        #expect(try await server.attache("credentials", "detach", "bot", "Target").status == 0)
        #expect(try await scene.exchange(withKey).hasPrefix("HTTP/1.1 200"))
        let revoked = try await server.attache("credentials", "revoke", "target", "--json")
        #expect(revoked.status == 0, "\(revoked.errors)")
        let body = try JSONDecoder().decode(CredentialBody.self, from: Data(revoked.output.utf8))
        #expect(body.name == "Target" && body.revokedAt != nil)
        let answer = try await scene.exchange(withKey)
        #expect(answer.hasPrefix("HTTP/1.1 404"))
        #expect(answer.contains("\"code\":\"not_found\""))
        #expect(target.requests.count == 2)
        #expect(try await server.attache("credentials", "list").output == "no credentials\n")
        let list = try await server.attache("credentials", "list", "--revoked")
        #expect(list.output.contains("REVOKED") && list.output.contains("Target"))
        let again = try await server.attache("credentials", "revoke", "Target")
        #expect(again.status == 1)
        try await scene.waitForAudit("credential.revoke")
        for text in [held, revoked, list].map({ $0.output + $0.errors }) { #expect(!text.contains(ProxyScene.key)) }
    }

    private static let addJira = ["credentials", "add", "Jira", "--type", "BASIC_AUTH"]

    /// `attache` with these words, in a terminal.
    private static func terminal(_ socket: String, _ arguments: [String]) throws -> TerminalSession {
        try TerminalSession(
            Programs.attache,
            arguments,
            environment: ["ATTACHE_SOCKET": socket, "TERM": "xterm", "PATH": "/usr/bin:/bin"]
        )
    }

    @Test func aTerminalIsAskedForTheUserWhichItShowsAndThePasswordWhichItDoesNot() async throws {
        let server = try await RunningServer.start()
        let terminal = try Self.terminal(server.socket, Self.addJira)
        try await terminal.wait(for: "User: ")
        #expect(terminal.showsTyping)
        // A typing error, taken back with the terminal's own key.
        terminal.type("ada@example.orgg\u{7F}\r")
        try await terminal.wait(for: "Password: ")
        #expect(!terminal.showsTyping)
        terminal.type("pass:canary-0123\r")
        #expect(await terminal.waitForExit() == 0)
        #expect(terminal.text.contains("ada@example.org"))
        #expect(terminal.text.contains("added credential Jira"))
        #expect(!terminal.text.contains("canary"))
        #expect(terminal.showsTyping)
        let token = try await server.createAgent("bot", with: [])
        let attached = try await server.attache("credentials", "attach", "bot", "Jira", "--delivery", "environment")
        #expect(attached.status == 0, "\(attached.errors)")
        #expect(try await server.environment(of: token) == ["JIRA": "ada@example.org:pass:canary-0123"])
    }

    @Test func basicAuthenticationFromAPipeIsUserAndPasswordInOnePiece() async throws {
        let server = try await RunningServer.start()
        let added = try await server.attache(
            Self.addJira,
            input: Array("ada:canary-0123\n".utf8)
        )
        #expect(added.status == 0, "\(added.errors)")
        #expect(!added.errors.contains("User: "))
        let token = try await server.createAgent("bot", with: [])
        _ = try await server.attache("credentials", "attach", "bot", "Jira", "--delivery", "environment")
        #expect(try await server.environment(of: token) == ["JIRA": "ada:canary-0123"])
    }

    @Test(arguments: [
        ("ada:canary-0123\r", "a user has no colon"), ("ada\rsecond line\r", "the value has several lines"),
        ("\u{4}", "no value was entered"),
        (String(repeating: "u", count: 5_000) + "\r", "the user is longer than the 4,094 bytes"),
    ])
    func whatIsNoUserIsRefusedBeforeThePasswordIsAskedFor(typed: String, problem: String) async throws {
        // No server is needed: nothing is sent.
        let terminal = try Self.terminal("/nonexistent", Self.addJira)
        try await terminal.wait(for: "User: ")
        terminal.type(typed)
        #expect(await terminal.waitForExit() == 1)
        #expect(terminal.text.contains(problem))
        #expect(!terminal.text.contains("Password: "))
        #expect(terminal.showsTyping)
    }

    @Test(arguments: ["", "--allow-empty"])
    func anEmptyPasswordIsASlipUnlessItIsAskedFor(flag: String) async throws {
        let server = try await RunningServer.start()
        let terminal = try Self.terminal(server.socket, Self.addJira + (flag.isEmpty ? [] : [flag]))
        try await terminal.wait(for: "User: ")
        terminal.type("user-0123456789\r")
        try await terminal.wait(for: "Password: ")
        terminal.type("\r")
        #expect(await terminal.waitForExit() == (flag.isEmpty ? 1 : 0))
    }
}

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
        #expect(held.errors.contains("bot"))
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
}

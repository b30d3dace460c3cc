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
}

// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import Synchronization
import TestSupport
import Testing
import VaultCore
import VaultModel

/// Waiting for changes over a socket: what the peer's end and the server's do to it.
struct ChangeTests {
    private func start(_ agent: AgentBody, at path: String) async throws -> String {
        let answer = try await exchange(
            """
            POST /api/v1/starts HTTP/1.1\r\nHost: attache\r\nConnection: close\r\nContent-Length: 0\r
            Attache-Start: start-0001\r\nAttache-Instance: one\r\nAttache-Supervised: 1\r
            Authorization: Bearer \(agent.gatewayToken ?? "")\r\n\r\n
            """,
            at: path
        )
        let line = try #require(
            answer.split(separator: "\r\n").first { $0.lowercased().hasPrefix("attache-receipt: ") }
        )
        return String(line.dropFirst(17))
    }

    private func request(_ receipt: String, _ agent: AgentBody, wait: Int = 60) -> String {
        """
        GET /api/v1/starts/\(receipt)/changes?wait=\(wait) HTTP/1.1\r\nHost: attache\r\nConnection: close\r
        Authorization: Bearer \(agent.gatewayToken ?? "")\r\n\r\n
        """
    }

    private func waitForLiveness(_ expected: InstanceLiveness, _ test: TestVault) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            let page = try await test.vault.instances(of: "bot", PageRequest(), by: test.localOperator)
            if page.instances.first?.liveness == expected { return }
            await Task.yield()
        }
        Issue.record("the instance never was \(expected)")
    }

    @Test func aChangeIsToldToAWaitingSupervisor() async throws {
        try await withServedSocket(.agentSocket) { test, path in
            try await test.create("A", "1")
            let agent = try await test.createAgent("bot", with: ["A"])
            let receipt = try await start(agent, at: path)
            async let answer = exchange(request(receipt, agent), at: path)
            try await waitForLiveness(.connected, test)
            try await test.update("A", UpdateSecretBody(value: .text("2")))
            let text = try await answer
            #expect(text.hasPrefix("HTTP/1.1 204"))
            #expect(text.lowercased().contains("attache-change: values\r\n"))
            #expect(text.lowercased().contains("attache-changed-names: a\r\n"))
        }
    }

    @Test func aSupervisorThatClosesItsConnectionIsLostAtOnce() async throws {
        try await withServedSocket(.agentSocket) { test, path in
            let agent = try await test.createAgent("bot")
            let receipt = try await start(agent, at: path)
            let descriptor = try connectedSocket(at: path)
            let bytes = Array(request(receipt, agent).utf8)
            #expect(send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
            try await waitForLiveness(.connected, test)
            close(descriptor)
            try await waitForLiveness(.lost, test)
        }
    }

    @Test func aGracefulShutdownEndsTheWait() async throws {
        let answer = Mutex<Task<String, any Error>?>(nil)
        try await withServedSocket(.agentSocket) { test, path in
            let agent = try await test.createAgent("bot")
            let receipt = try await start(agent, at: path)
            answer.withLock { $0 = Task { try await exchange(request(receipt, agent, wait: 300), at: path) } }
            try await waitForLiveness(.connected, test)
        }
        let waiting = answer.withLock { $0 }
        #expect(try await waiting?.value.hasPrefix("HTTP/1.1 503") == true)
    }

    @Test func theEndOfTheWaitIsAnAnswer() async throws {
        try await withServedSocket(.agentSocket) { test, path in
            let agent = try await test.createAgent("bot")
            let receipt = try await start(agent, at: path)
            let text = try await exchange(request(receipt, agent, wait: 1), at: path)
            #expect(text.lowercased().contains("attache-change: none\r\n"))
        }
    }

    @Test func theEndIsTold() async throws {
        try await withServedSocket(.agentSocket) { test, path in
            let agent = try await test.createAgent("bot")
            let receipt = try await start(agent, at: path)
            let text = try await exchange(
                """
                DELETE /api/v1/starts/\(receipt) HTTP/1.1\r\nHost: attache\r\nConnection: close\r
                Authorization: Bearer \(agent.gatewayToken ?? "")\r\n\r\n
                """,
                at: path
            )
            #expect(text.hasPrefix("HTTP/1.1 204"))
            try await waitForLiveness(.ended, test)
        }
    }
}

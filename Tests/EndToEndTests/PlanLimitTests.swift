// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import TestSupport
import Testing
import VaultModel

struct PlanLimitTests {
    @Test func aServerOfFreeWorkspacesRefusesTheFourthCredentialTheSecondAgentAndTheHundredAndFirstRequest()
        async throws
    {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")] }
        let scene = try await ProxyScene(target, environment: ["ATTACHE_PLAN": "free"])
        let value = Array("sk-canary-0123456789".utf8)
        for name in ["second", "third"] {
            #expect(
                try await scene.server.attache("credentials", "add", name, "--type", "API_KEY", input: value).status
                    == 0
            )
        }
        let fourth = try await scene.server.attache(
            "credentials",
            "add",
            "fourth",
            "--type",
            "API_KEY",
            "--json",
            input: value
        )
        #expect(fourth.status == 1)
        #expect(fourth.errors.contains("plan_limit_reached"))
        let agent = try await scene.server.attache("agents", "create", "other")
        #expect(agent.errors.contains("allows 1 agents"))

        let request = scene.request("GET", "\(scene.base)/").replacing("Connection: close\r\n", with: "")
        let answers = try await scene.exchange(
            String(repeating: request, count: 100) + scene.request("GET", "\(scene.base)/")
        )
        #expect(answers.components(separatedBy: "HTTP/1.1 200").count == 101)
        #expect(answers.contains("HTTP/1.1 429"))
        #expect(answers.contains("quota_reached") && answers.contains("Retry-After: "))
        #expect(target.requests.count == 100)
        try await scene.waitForAudit("quota_reached")
        let shown = try await scene.server.attache("workspaces", "plan")
        #expect(shown.output.contains("100 of 100"))
        let status = try await scene.server.attache("status", "--json")
        let body = try JSONDecoder().decode(WorkspaceStatusBody.self, from: Data(status.output.utf8))
        #expect(body.workspace.plan == .free)
        #expect(body.workspace.usage == UsageBody(credentials: 3, agents: 1, requestsThisMonth: 100))

        #expect(try await scene.server.attache("workspaces", "plan", "starter").status == 0)
        #expect(try await scene.send("GET", "\(scene.base)/").hasPrefix("HTTP/1.1 200"))
    }

    @Test func aLimitOfTheServersIsInTheTrailOnce() async throws {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")] }
        let scene = try await ProxyScene(target, environment: ["ATTACHE_PROXY_RATE": "1"])
        #expect(try await scene.send("GET", "\(scene.base)/").hasPrefix("HTTP/1.1 200"))
        for _ in 0..<5 { #expect(try await scene.send("GET", "\(scene.base)/").hasPrefix("HTTP/1.1 429")) }
        let trail = try await scene.waitForAudit("rate_limited")
        #expect(trail.components(separatedBy: "rate_limited").count == 2)
    }
}

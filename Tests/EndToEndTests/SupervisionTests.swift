// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import Synchronization
import TestSupport
import Testing
import VaultModel

/// `attache-exec --supervise` against the built server.
struct SupervisionTests {
    /// Prints which value it has and waits for SIGTERM.
    private static let command = [
        "/bin/sh", "-c", "trap 'echo term; kill $!; exit 0' TERM; echo \"has $TOKEN\"; sleep 1000 & wait",
    ]

    private func prepared(_ server: RunningServer, replicas: Int = 1) async throws -> String {
        let created = try await server.attache("secrets", "create", "TOKEN", input: Array("one".utf8))
        try #require(created.status == 0, "\(created.errors)")
        let token = try await server.createAgent("bot", with: ["TOKEN"])
        let updated = try await server.attache("agents", "update", "bot", "--replicas", "\(replicas)")
        try #require(updated.status == 0, "\(updated.errors)")
        return token
    }

    private func update(_ server: RunningServer, to value: String) async throws {
        let updated = try await server.attache("secrets", "update", "TOKEN", input: Array(value.utf8))
        try #require(updated.status == 0, "\(updated.errors)")
    }

    private func waitForState(_ state: String, _ server: RunningServer) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        var last: String?
        while ContinuousClock.now < deadline {
            last = try await server.states(of: "bot")["TOKEN"]
            if last == state { return }
        }
        Issue.record("the state is \(last ?? "-"), and never was \(state)")
    }

    @Test func aChangeRestartsTheCommandAndTheStateIsExactAllTheWay() async throws {
        let server = try await RunningServer.start()
        let token = try await prepared(server)
        let process = try SupervisedProcess(server, token: token, flags: ["--on-change=restart"], Self.command)
        try await process.printed.wait(for: "has one", deadline: .seconds(60))
        try await waitForState("synced", server)
        try await update(server, to: "two")
        try await process.printed.wait(for: "has two", deadline: .seconds(60))
        try await waitForState("synced", server)
        process.signal(SIGTERM)
        #expect(await process.waitForExit() == 0)
        #expect(try await server.states(of: "bot") == ["TOKEN": "not_delivered"])
        let page = try await server.attache("agents", "instances", "bot", "--json").json(InstancePage.self)
        #expect(page.instances.map(\.endReason) == ["ended", "replaced"])
        #expect(page.instances.allSatisfy { $0.supervised && $0.liveness == .ended })
    }

    @Test func outputIsMaskedWhereItShowsASecretAndNotWhereItShowsAVariable() async throws {
        let server = try await RunningServer.start()
        for (name, value, kind) in [("TOKEN", "canary-7f3a9c", "secret"), ("LEVEL", "debug", "variable")] {
            let created = try await server.attache("secrets", "create", name, "--kind", kind, input: Array(value.utf8))
            try #require(created.status == 0, "\(created.errors)")
        }
        let token = try await server.createAgent("bot", with: ["TOKEN", "LEVEL"])
        let result = try await server.exec(
            token: token,
            flags: ["--supervise", "--mask-output"],
            ["/bin/sh", "-c", "echo $TOKEN at $LEVEL"]
        )
        #expect(result.output == "************* at debug\n", "\(result.errors)")
    }

    @Test func aServerThatIsKilledAndStartedAgainFindsTheInstanceAndTellsItWhatItMissed() async throws {
        var server = try await RunningServer.start()
        let token = try await prepared(server)
        let process = try SupervisedProcess(server, token: token, flags: ["--on-change=restart"], Self.command)
        try await process.printed.wait(for: "has one", deadline: .seconds(60))
        try await waitForState("synced", server)
        server.signal(SIGKILL)
        _ = await server.waitForExit()
        try await process.printed.wait(for: "attache-exec: warning: unreachable", deadline: .seconds(60))
        server = try await RunningServer.start(in: server.directory)
        try await waitForState("synced", server)
        #expect(!process.printed.text.contains("term"))
        try await update(server, to: "two")
        try await process.printed.wait(for: "has two", deadline: .seconds(60))
        process.signal(SIGTERM)
        #expect(await process.waitForExit() == 0)
    }

    @Test func aSupervisorThatIsKilledLeavesTheStateUnknown() async throws {
        let server = try await RunningServer.start()
        let token = try await prepared(server)
        let process = try SupervisedProcess(
            server,
            token: token,
            ["/bin/sh", "-c", "echo \"pid $$\"; exec sleep 1000"]
        )
        try await process.printed.wait(for: "pid ", deadline: .seconds(60))
        try await waitForState("synced", server)
        process.signal(SIGKILL)
        _ = await process.waitForExit()
        try await waitForState("unknown", server)
        let pid = try #require(process.printed.text.firstMatch(of: /pid ([0-9]+)/).flatMap { Int32($0.output.1) })
        #expect(kill(pid, SIGKILL) == 0)
    }

    @Test func aRestartReachesEverySupervisedInstanceAndSaysSo() async throws {
        let server = try await RunningServer.start()
        let token = try await prepared(server, replicas: 3)
        let first = try SupervisedProcess(server, token: token, instance: "one", Self.command)
        let second = try SupervisedProcess(server, token: token, instance: "two", Self.command)
        for process in [first, second] { try await process.printed.wait(for: "has one", deadline: .seconds(60)) }
        try await waitForState("synced", server)
        _ = try await server.exec(token: token, instance: "three", ["/bin/true"])
        try await update(server, to: "two")
        let restarted = try await server.attache("agents", "restart", "bot", "--wait")
        #expect(restarted.status == 0, "\(restarted.errors)")
        #expect(restarted.output == "restarted 2 of 2 of bot; not supervised: 1\n")
        #expect(restarted.errors.contains("attache: one: runs again on current values\n"))
        #expect(restarted.errors.contains("attache: three: is not supervised"))
        for process in [first, second] {
            try await process.printed.wait(for: "has two", deadline: .seconds(60))
            process.signal(SIGTERM)
            #expect(await process.waitForExit() == 0)
        }
        let nobody = try await server.attache("agents", "restart", "bot", "--json").json(RestartBody.self)
        #expect(nobody.instances.allSatisfy { $0.state != .told })
    }

    @Test func anInstanceThatDoesNotComeBackMakesTheWaitFail() async throws {
        let server = try await RunningServer.start()
        let token = try await prepared(server)
        let process = try SupervisedProcess(
            server,
            token: token,
            flags: ["--require", "TOKEN"],
            Self.command
        )
        try await process.printed.wait(for: "has one", deadline: .seconds(60))
        try await waitForState("synced", server)
        #expect(try await server.attache("agents", "detach", "bot", "TOKEN").status == 0)
        let result = try await server.attache("agents", "restart", "bot", "--wait", "--timeout", "2")
        #expect(result.status == 75)
        #expect(result.errors.contains("0 of 1 instances are back"))
        try await process.printed.wait(for: "attache-exec: warning: required_missing", deadline: .seconds(60))
        process.signal(SIGTERM)
        #expect(await process.waitForExit() == 0)
        #expect(process.printed.text.split(separator: "\n").count { $0.hasPrefix("has ") } == 1)
    }
}

/// A command under `attache-exec --supervise`, killed when the test lets go of it.
final class SupervisedProcess: Sendable {
    var printed: PrintedLines { process.printed }
    private let process: StartedProcess

    init(
        _ server: RunningServer,
        token: String,
        instance: String = "one",
        flags: [String] = [],
        _ command: [String]
    ) throws {
        process = try StartedProcess(
            Programs.attacheExec,
            ["--supervise"] + flags + ["--"] + command,
            environment: [
                "ATTACHE_ADDRESS": "unix://\(server.agentSocket)", "ATTACHE_GATEWAY_TOKEN": token,
                "ATTACHE_INSTANCE": instance, "PATH": "/usr/bin:/bin",
            ]
        )
    }

    deinit { signal(SIGTERM) }

    func signal(_ number: Int32) { process.signal(number) }

    func waitForExit() async -> Int32 { await process.waitForExit() }
}

// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import Synchronization
import TestSupport
import Testing

/// The server is killed at random moments under load; what it acknowledged must be there afterwards.
@Suite(.serialized)
struct KillTests {
    /// 50 rounds in all; `ATTACHE_KILL_ROUNDS` asks for more.
    private static let rounds =
        ProcessInfo.processInfo.environment["ATTACHE_KILL_ROUNDS"].flatMap { Int($0) } ?? 50

    @Test func nothingAcknowledgedIsLostWhenTheServerIsKilled() async throws {
        var server = try await RunningServer.start()
        let token = try await server.createAgent("bot")
        let ledger = Ledger()
        for round in 0..<Self.rounds {
            let current = server
            await withTaskGroup(of: Void.self) { group in
                for worker in 0..<4 {
                    group.addTask {
                        for number in 0..<10_000 {
                            let name = "R\(round)_W\(worker)_\(number)"
                            guard (try? await current.puts(name)) == true else { return }
                            ledger.created(name)
                            guard let receipt = await current.receipt(token) else { return }
                            ledger.started(receipt)
                        }
                    }
                }
                // Not after a time but after some work, so that every round has something to lose.
                let wanted = ledger.names.count + Int.random(in: 1...12)
                group.addTask {
                    await ledger.waitForNames(wanted)
                    current.signal(SIGKILL)
                }
            }
            _ = await current.waitForExit()
            server = try await RunningServer.start(in: current.directory)
        }
        #expect(ledger.names.count >= Self.rounds)
        try await server.checkNothingIsLost(of: ledger.names)
        let instances = Set(
            try await server.attache(["agents", "instances", "bot", "--json"]).json(InstancePage.self).instances.map(
                \.id
            )
        )
        #expect(ledger.receipts.subtracting(instances) == [])
    }
}

/// What the server has acknowledged.
private final class Ledger: Sendable {
    private struct State {
        var names: [String] = []
        var receipts: Set<String> = []
        var waiter: (count: Int, continuation: CheckedContinuation<Void, Never>)?
    }

    private let state = Mutex(State())

    var names: [String] { state.withLock { $0.names } }
    var receipts: Set<String> { state.withLock { $0.receipts } }

    func created(_ name: String) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.names.append(name)
            guard let waiter = state.waiter, waiter.count <= state.names.count else { return nil }
            state.waiter = nil
            return waiter.continuation
        }
        waiter?.resume()
    }

    func started(_ receipt: String) { state.withLock { _ = $0.receipts.insert(receipt) } }

    /// Returns when `count` names have been acknowledged; one waiter at a time.
    func waitForNames(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.names.count >= count { return true }
                state.waiter = (count, continuation)
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}

extension RunningServer {
    /// Starts the agent and returns the receipt's id when the answer came whole.
    fileprivate func receipt(_ token: String) async -> String? {
        let result = try? await run(
            "/usr/bin/curl",
            [
                "-s", "-D", "-", "--unix-socket", agentSocket, "-X", "POST", "-H", "Authorization: Bearer \(token)",
                "-H", "Attache-Instance: r", "-H", "Attache-Start: \(UUID().uuidString)",
                "http://attache/api/v1/starts",
            ]
        )
        guard let result, result.status == 0, result.output.hasPrefix("HTTP/1.1 200") else { return nil }
        let line = result.output.split(separator: "\r\n").first { $0.lowercased().hasPrefix("attache-receipt:") }
        return line?.split(separator: " ").last.map(String.init)
    }
}

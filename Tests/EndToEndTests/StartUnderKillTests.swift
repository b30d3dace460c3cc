// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestSupport
import Testing

/// 1,000 starts while the server is killed and started again at random moments.
@Suite(.serialized)
struct StartUnderKillTests {
    private static let starts = 1_000
    private static let workers = 4

    @Test func everyStartHasTheWholeEnvironmentOrDoesNotStart() async throws {
        let directory = try TemporaryDirectory()
        let first = try await RunningServer.start(in: directory)
        let names = (0..<10).map { "VALUE_\($0)" }
        for name in names {
            let value = Array("the value of \(name)".utf8)
            #expect(try await first.attache(["secrets", "create", name], input: value).status == 0)
        }
        let token = try await first.createAgent("bot", with: names)
        let socket = first.agentSocket
        let expected = names.map { "\($0)=the value of \($0)" }.sorted()
        let tally = Tally(enough: Self.starts)

        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var server = first
                while !tally.isEnough {
                    // After some starts and not after a time, so that every kill meets a start.
                    await tally.waitForMore(Int.random(in: 20...80))
                    server.signal(SIGKILL)
                    _ = await server.waitForExit()
                    server = try await RunningServer.start(in: directory)
                    tally.serverWasKilled()
                }
            }
            for worker in 0..<Self.workers {
                group.addTask {
                    while !tally.isEnough {
                        let result = try await run(
                            Programs.attacheExec,
                            ["--", "/usr/bin/env"],
                            environment: [
                                "ATTACHE_ADDRESS": "unix://\(socket)", "ATTACHE_GATEWAY_TOKEN": token,
                                "ATTACHE_INSTANCE": "worker-\(worker)",
                            ]
                        )
                        tally.add(
                            result,
                            isWhole: result.output.split(separator: "\n").sorted().map(String.init) == expected
                        )
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(tally.strange == [])
        #expect(tally.whole + tally.refused >= Self.starts)
        #expect(tally.kills >= 5)
        // The wrapper tries again for longer than a server takes to come back.
        #expect(tally.whole > Self.starts * 9 / 10)
    }
}

/// How the starts ended.
private final class Tally: Sendable {
    private struct State {
        var whole = 0
        var refused = 0
        var strange: [String] = []
        var kills = 0
        var waiter: (count: Int, continuation: CheckedContinuation<Void, Never>)?

        var all: Int { whole + refused + strange.count }
    }

    private let state = Mutex(State())
    private let enough: Int

    init(enough: Int) { self.enough = enough }

    var whole: Int { state.withLock { $0.whole } }
    var refused: Int { state.withLock { $0.refused } }
    var strange: [String] { state.withLock { $0.strange } }
    var kills: Int { state.withLock { $0.kills } }
    var isEnough: Bool { state.withLock { $0.all >= enough } }

    func serverWasKilled() { state.withLock { $0.kills += 1 } }

    func add(_ result: CommandResult, isWhole: Bool) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if result.status == 0, isWhole {
                state.whole += 1
            } else if result.status == 125, result.stdout.isEmpty {
                state.refused += 1
            } else {
                state.strange.append("\(result.status): \(result.output)\(result.errors)")
            }
            guard let waiter = state.waiter, waiter.count <= state.all || state.all >= enough else { return nil }
            state.waiter = nil
            return waiter.continuation
        }
        waiter?.resume()
    }

    /// Returns when so many more starts have ended, or all of them; one waiter at a time.
    func waitForMore(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.all >= enough { return true }
                state.waiter = (state.all + count, continuation)
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}

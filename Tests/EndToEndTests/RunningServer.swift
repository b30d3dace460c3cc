// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestSupport

/// A server of one test's own: the built `attache serve` on a fresh folder, port 0 and its own sockets.
///
/// Killed when the test lets go of it.
final class RunningServer: Sendable {
    let directory: TemporaryDirectory
    let workspaceKey: String?
    /// `HOST:PORT` of the TCP listener.
    let address: String
    private let process: StartedProcess
    private let printed: PrintedLines

    var socket: String { directory.appending("run/attache.sock") }
    var agentSocket: String { directory.appending("run/agent.sock") }
    var data: String { directory.appending("data") }
    var keyFile: String { directory.appending("key/master.key") }
    var pid: Int32 { process.pid }

    /// The most memory that the server had at once, in KiB (proc_pid_status(5)).
    var peakMemory: Int {
        get throws {
            let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
            return line?.split(separator: " ").dropLast().last.flatMap { Int($0) } ?? 0
        }
    }
    /// Everything that the server wrote to stdout and stderr so far.
    var log: String { printed.text }

    /// Starts a server and waits until it says that it is ready.
    static func start(
        in directory: TemporaryDirectory? = nil,
        extraArguments: [String] = [],
        environment: [String: String] = [:]
    ) async throws -> RunningServer {
        try await RunningServer(
            directory: try directory ?? TemporaryDirectory(),
            extraArguments: extraArguments,
            environment: environment
        )
    }

    static func arguments(in directory: TemporaryDirectory) -> [String] {
        [
            "serve", "--data", directory.appending("data"), "--listen", "127.0.0.1:0",
            "--socket", directory.appending("run/attache.sock"),
            "--agent-socket", directory.appending("run/agent.sock"),
            "--master-key-file", directory.appending("key/master.key"),
        ]
    }

    private init(
        directory: TemporaryDirectory,
        extraArguments: [String],
        environment: [String: String]
    ) async throws {
        self.directory = directory
        process = try StartedProcess(
            Programs.attache,
            Self.arguments(in: directory) + extraArguments,
            environment: environment
        )
        printed = process.printed
        try await printed.wait(for: "ready", deadline: .seconds(60))
        let text = printed.text
        workspaceKey = text.split(whereSeparator: \.isWhitespace).map(String.init).first { $0.hasPrefix("ak_ws_") }
        address =
            text.split(whereSeparator: \.isWhitespace).map(String.init)
            .first { $0.hasPrefix("http://127.0.0.1:") }?.replacing("http://", with: "") ?? ""
    }

    deinit { signal(SIGKILL) }

    func signal(_ number: Int32) { process.signal(number) }

    /// Waits until the server's log has `text`, at most half a minute.
    func waitUntilLogged(_ text: String) async throws {
        try await printed.wait(deadline: .seconds(30), for: text) { $0.contains(text) }
    }

    /// Waits until the process has ended and returns its status.
    func waitForExit() async -> Int32 { await process.waitForExit() }

    /// Runs `attache` against this server's operator socket.
    func attache(
        _ arguments: String...,
        input: [UInt8] = [],
        environment: [String: String] = [:]
    ) async throws -> CommandResult {
        try await attache(arguments, input: input, environment: environment)
    }

    func attache(
        _ arguments: [String],
        input: [UInt8] = [],
        environment: [String: String] = [:]
    ) async throws -> CommandResult {
        var variables = ["ATTACHE_SOCKET": socket, "ATTACHE_AGENT_SOCKET": agentSocket, "PATH": "/usr/bin:/bin"]
        variables.merge(environment) { $1 }
        return try await run(Programs.attache, arguments, environment: variables, input: input)
    }

    /// Runs a command under `attache-exec` as the holder of `token`.
    func exec(
        token: String,
        instance: String = "one",
        flags: [String] = [],
        _ command: [String],
        environment: [String: String] = [:]
    ) async throws -> CommandResult {
        var variables = [
            "ATTACHE_ADDRESS": "unix://\(agentSocket)", "ATTACHE_GATEWAY_TOKEN": token,
            "ATTACHE_INSTANCE": instance, "PATH": "/usr/bin:/bin",
        ]
        variables.merge(environment) { $1 }
        return try await run(Programs.attacheExec, flags + ["--"] + command, environment: variables)
    }
}

/// What a process prints, line by line, as it prints it.
final class PrintedLines: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var ended = false
    }

    private let state = Mutex(State())
    private let changed = DispatchSemaphore(value: 0)

    init(reading handle: FileHandle) {
        Thread.detachNewThread { [self] in
            while let bytes = readSome(handle.fileDescriptor) {
                state.withLock { $0.bytes += bytes }
                changed.signal()
            }
            state.withLock { $0.ended = true }
            changed.signal()
        }
    }

    var text: String { state.withLock { String(decoding: $0.bytes, as: UTF8.self) } }

    /// Waits until a line that is or begins with `word` was printed.
    func wait(for word: String, deadline: Duration) async throws {
        try await wait(deadline: deadline, for: word) { $0.hasPrefix(word) }
    }

    /// Waits until nobody can write any more.
    func waitForEnd(deadline: Duration) async throws {
        let end = DispatchTime.now() + .milliseconds(Int(deadline / .milliseconds(1)))
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Thread.detachNewThread { [self] in
                while !state.withLock({ $0.ended }) {
                    guard changed.wait(timeout: end) == .success else {
                        return continuation.resume(throwing: NeverPrinted(word: "the end", printed: text))
                    }
                }
                continuation.resume()
            }
        }
    }

    /// Waits until a line is as wanted.
    func wait(deadline: Duration, for word: String, _ isWanted: @escaping @Sendable (Substring) -> Bool) async throws {
        let end = DispatchTime.now() + .milliseconds(Int(deadline / .milliseconds(1)))
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Thread.detachNewThread { [self] in
                while true {
                    // At once: between two looks the process may have printed the line and ended.
                    let (bytes, hasEnded) = state.withLock { ($0.bytes, $0.ended) }
                    let text = String(decoding: bytes, as: UTF8.self)
                    if text.split(separator: "\n").contains(where: isWanted) {
                        return continuation.resume()
                    }
                    if hasEnded || changed.wait(timeout: end) == .timedOut {
                        return continuation.resume(throwing: NeverPrinted(word: word, printed: text))
                    }
                }
            }
        }
    }
}

/// A process ended, or the deadline passed, before the awaited line came.
struct NeverPrinted: Error {
    let word: String
    let printed: String
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing

/// What most tests need: a directory, a server in it that follows a script, and the built wrapper.
final class Scene: Sendable {
    let directory: TemporaryDirectory
    let server: ScriptedServer
    let socket: String

    init(_ replies: ScriptedServer.Reply..., listens: Bool = true, in directory: TemporaryDirectory? = nil) throws {
        self.directory = try directory ?? TemporaryDirectory()
        socket = self.directory.path + "/s"
        server = try ScriptedServer(at: socket, replies: replies)
        if listens { try server.listen() }
    }

    /// A server that gives the n-th start the n-th environment, and all further ones the last, and tells nothing.
    ///
    /// What is told is up to the test: `server.answerSilent`. What is not about starts is answered by `others`; a start
    /// is answered after `beforeStart`.
    init(
        supervised environments: [[String]],
        readable: String? = nil,
        others: (@Sendable (ScriptedServer.Request) -> ScriptedServer.Reply)? = nil,
        beforeStart: @escaping @Sendable (ScriptedServer.Request) -> Void = { _ in }
    ) throws {
        directory = try TemporaryDirectory()
        socket = directory.path + "/s"
        let starts = Starts(environments: environments, readable: readable)
        server = try ScriptedServer(at: socket) { request, _ in
            if let others, !request.head.contains(" /api/v1/starts") { return others(request) }
            if request.head.hasPrefix("POST") {
                beforeStart(request)
                return starts.next()
            }
            return request.head.hasPrefix("GET") ? .silence : Answers.told()
        }
        try server.listen()
    }

    /// Counts the starts.
    private final class Starts: Sendable {
        private let environments: [[String]]
        private let readable: String?
        private let count = Atomic(0)

        init(environments: [[String]], readable: String?) {
            self.environments = environments
            self.readable = readable
        }

        func next() -> ScriptedServer.Reply {
            let number = count.add(1, ordering: .relaxed).newValue
            return Answers.environment(
                environments[min(number, environments.count) - 1].map { [UInt8]($0) },
                readable: readable,
                receipt: "rcp-\(number)"
            )
        }
    }

    deinit { server.stop() }

    /// The wrapper's settings as environment strings.
    var address: [UInt8] { [UInt8]("ATTACHE_ADDRESS=unix://" + socket) }

    /// Starts the wrapper with this server's address, a token and `PATH` before the given environment.
    func start(
        _ arguments: [[UInt8]],
        environment: [[UInt8]] = [],
        directory: String = "/"
    ) throws -> Child {
        let fixed = [address, [UInt8]("ATTACHE_GATEWAY_TOKEN=" + Scene.token), [UInt8]("PATH=/usr/bin:/bin")]
        return try Wrapper.start(arguments, environment: fixed + environment, directory: directory)
    }

    func run(_ arguments: String..., environment: [String] = []) throws -> Child.Outcome {
        try start(arguments.map { [UInt8]($0) }, environment: environment.map { [UInt8]($0) }).outcome()
    }

    /// The wrapper's flags, and after them the probe that prints the environment it was given.
    func environment(flags: [String] = [], inherited: [String] = []) throws -> Child.Outcome {
        let arguments = flags + ["--", try Probe.path(), "environment"]
        return try start(arguments.map { [UInt8]($0) }, environment: inherited.map { [UInt8]($0) }).outcome()
    }

    static let token = "gwt_4uTnQ2x9LqYb7cVzR1mKpS8dWfH3jAeG6oNiB5tXyZ0abcdef"
}

/// The built `attache-exec`.
enum Wrapper {
    /// `ATTACHE_BIN_DIR`, else the folder that the test bundle was built into.
    static func path(hasTLS: Bool = false) throws -> String {
        let folder =
            ProcessInfo.processInfo.environment["ATTACHE_BIN_DIR"]
            ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
        let path = folder + (hasTLS ? "/attache-exec-tls" : "/attache-exec")
        try #require(FileManager.default.isExecutableFile(atPath: path), "build attache-exec, or set ATTACHE_BIN_DIR")
        return path
    }

    static func start(_ arguments: [[UInt8]], environment: [[UInt8]], directory: String = "/") throws -> Child {
        try Probe.start(in: directory, try path(), arguments, environment: environment)
    }

    static func run(_ arguments: String..., environment: [String] = []) throws -> Child.Outcome {
        try start(arguments.map { [UInt8]($0) }, environment: environment.map { [UInt8]($0) }).outcome()
    }
}

/// The sources of the programs, which some tests hold against each other.
enum Sources {
    static func file(_ path: String) -> URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources/" + path)
    }
}

/// Answers as the server would send them.
enum Answers {
    static let type = "application/vnd.attache.environment"

    /// 200 with these `NAME=value` strings.
    static func environment(
        _ strings: [[UInt8]],
        allowing names: String? = nil,
        readable: String? = nil,
        receipt: String = "rcp_1"
    ) -> ScriptedServer.Reply {
        let length = strings.reduce(0) { $0 + $1.count + 1 }
        let head = head(length: length, allowing: names, readable: readable, receipt: receipt)
        return .bytes(head + strings.flatMap { $0 + [0] })
    }

    static func environment(_ strings: String..., allowing names: String? = nil) -> ScriptedServer.Reply {
        environment(strings.map { [UInt8]($0) }, allowing: names)
    }

    static func head(
        length: Int,
        allowing names: String? = nil,
        readable: String? = nil,
        receipt: String = "rcp_1"
    ) -> [UInt8] {
        let allowed = names.map { "Attache-Allowed-Names: \($0)\r\n" } ?? ""
        let readable = readable.map { "Attache-Readable-Names: \($0)\r\n" } ?? ""
        return [UInt8](
            "HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nContent-Length: \(length)\r\n\(allowed)\(readable)"
                + "Attache-Receipt: \(receipt)\r\nConnection: close\r\n\r\n"
        )
    }

    /// 204 with what a supervisor is told.
    static func change(_ change: String, environment: String = "e1", names: String = "") -> [UInt8] {
        let changed = names.isEmpty ? "" : "Attache-Changed-Names: \(names)\r\n"
        return [UInt8](
            "HTTP/1.1 204 No Content\r\nAttache-Change: \(change)\r\nAttache-Environment: \(environment)\r\n\(changed)\r\n"
        )
    }

    static func told() -> ScriptedServer.Reply { .bytes(change("none")) }

    static func refusal(_ status: Int, code: String? = nil, retryAfter: Int? = nil) -> ScriptedServer.Reply {
        let error = code.map { "Attache-Error: \($0)\r\n" } ?? ""
        let wait = retryAfter.map { "Retry-After: \($0)\r\n" } ?? ""
        let body = #"{"error":"no","code":"x"}"#
        return .bytes(
            [UInt8](
                "HTTP/1.1 \(status) Some Reason\r\nContent-Type: application/json\r\n\(error)\(wait)"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
            )
        )
    }
}

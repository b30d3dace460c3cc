// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `attache plugin systemd`, with a client that asks as systemd does.
///
/// With a real one: `make engines`.
struct SystemdPluginTests {
    /// A control group that this process is in; on a machine without any, the tests that need one are skipped.
    private static let group: String? = {
        let text = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { $0.split(separator: ":", maxSplits: 2).last }
            .flatMap { $0.split(separator: "/") }.map(String.init).first { !$0.contains(".") && !$0.contains("@") }
    }()

    private let server: RunningServer
    private let plugin: StartedProcess
    private let socket: String

    init() async throws {
        server = try await RunningServer.start()
        socket = server.directory.appending("run/credentials.sock")
        plugin = try StartedProcess(
            Programs.attache,
            ["plugin", "systemd", "--socket", server.socket, "--listen", socket],
            environment: [:]
        )
        try await plugin.printed.wait(for: "listening on", deadline: .seconds(60))
        _ = try await server.attache("secrets", "create", "TOKEN", input: Array("s3cret".utf8))
        _ = try await server.attache("secrets", "create", "OTHER", input: Array("not this".utf8))
        _ = try await server.createAgent(Self.group ?? "web", with: ["TOKEN"])
        _ = try await server.createAgent("bot", with: ["OTHER"])
    }

    /// Reads a credential as systemd does: with a name of its own, without a word, to the end.
    private func credential(_ credential: String, of unit: String?) async throws -> [UInt8] {
        let name = unit.map { [0] + Array("bb4297e809124c4b/unit/\($0)/\(credential)".utf8) }
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try readToEnd(of: socket, from: name) })
            }
        }
    }

    private func end() async {
        plugin.signal(SIGTERM)
        #expect(await plugin.waitForExit() == 0)
    }

    @Test(.enabled(if: group != nil)) func aUnitGetsWhatIsAttachedToItsAgent() async throws {
        let unit = "\(try #require(Self.group))"
        #expect(try await credential("TOKEN", of: unit) == Array("s3cret".utf8))
        #expect(try await credential("bot.OTHER", of: unit) == Array("not this".utf8))
        let trail = try await server.attache("audit", "list", "--json")
        #expect(trail.output.contains("session.create"))
        #expect(trail.output.contains("agent.start"))
        #expect(!plugin.printed.text.contains("s3cret"))
        var status = stat()
        #expect(stat(socket, &status) == 0 && status.st_mode & 0o777 == 0o600)
        await end()
    }

    @Test(.enabled(if: group != nil), arguments: ["OTHER", "nobody.TOKEN", "NONE", "bot.TOKEN", ".TOKEN", "bot."])
    func whatIsNotAttachedIsMoreThanSystemdTakes(name: String) async throws {
        let unit = "\(try #require(Self.group))"
        let answer = try await credential(name, of: unit)
        #expect(answer.count > 1 << 20)
        #expect(answer.allSatisfy { $0 == 0 })
        try await plugin.printed.wait(for: "attache: \(unit): \(name): ", deadline: .seconds(20))
        await end()
    }

    @Test(arguments: ["stranger.service", nil])
    func whoIsNotOfTheUnitGetsNothing(unit: String?) async throws {
        let answer = try await credential("bot.OTHER", of: unit)
        #expect(answer.count > 1 << 20)
        try await plugin.printed.wait(for: "attache: \(unit ?? "a connection")", deadline: .seconds(20))
        let trail = try await server.attache("audit", "list", "--json")
        #expect(!trail.output.contains("session.create"))
        await end()
    }

    @Test(.enabled(if: group != nil)) func withoutTheServerNothingIsGiven() async throws {
        server.signal(SIGKILL)
        _ = await server.waitForExit()
        #expect(try await credential("TOKEN", of: "\(try #require(Self.group))").count > 1 << 20)
        await end()
    }

    @Test func aSocketThatIsServedIsNotTakenAway() async throws {
        let second = try await server.attache("plugin", "systemd", "--listen", socket)
        #expect(second.status == 1)
        #expect(second.errors.contains("somebody listens there already"))
        await end()
    }
}

/// Connects from `name`, writes nothing and returns what comes until the end.
private func readToEnd(of path: String, from name: [UInt8]?) throws -> [UInt8] {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    if let name {
        // Another one each time, as with systemd; what comes before the first slash is any number.
        var random = SystemRandomNumberGenerator()
        let prefix = [0] + Array(String(random.next() as UInt64, radix: 16).utf8)
        let bound = prefix + name.drop { $0 != UInt8(ascii: "/") }
        guard with(bound, { bind(descriptor, $0, $1) }) == 0 else { throw POSIXError(.EADDRINUSE) }
    }
    guard with(Array(path.utf8), { connect(descriptor, $0, $1) }) == 0, shutdown(descriptor, Int32(SHUT_WR)) == 0 else {
        throw POSIXError(.ECONNREFUSED)
    }
    var limit = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        guard count >= 0 else { throw POSIXError(.EIO) }
        guard count > 0 else { return all }
        all += buffer[..<count]
    }
}

private func with(_ name: [UInt8], _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
    }
}

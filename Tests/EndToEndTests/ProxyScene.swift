// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// A running server with one credential for one target, attached to one agent by proxy.
struct ProxyScene {
    static let key = "sk-c4n4ry-0123456789/+abcdefgh"

    let server: RunningServer
    let target: RecordingTarget
    /// The agent's proxy token.
    let token: String
    let gatewayToken: String

    /// `http://` and the target's place.
    var base: String { "http://127.0.0.1:\(target.port)" }

    init(
        _ target: RecordingTarget,
        add arguments: [String] = ["--type", "API_KEY"],
        value: String = Self.key,
        hosts: [String]? = nil,
        allow: String = "127.0.0.1/32",
        serve options: [String] = [],
        environment: [String: String] = [:]
    ) async throws {
        self.target = target
        server = try await RunningServer.start(
            extraArguments: ["--proxy-allow", allow] + options,
            environment: environment
        )
        let rules = hosts ?? ["http://127.0.0.1:\(target.port)"]
        let added = try await server.attache(
            ["credentials", "add", "Target"] + arguments + rules.flatMap { ["--host", $0] },
            input: Array(value.utf8)
        )
        try #require(added.status == 0, "\(added.errors)")
        gatewayToken = try await server.createAgent("bot")
        let attached = try await server.attache("credentials", "attach", "bot", "Target", "--json")
        try #require(attached.status == 0, "\(attached.errors)")
        let start = try #require(attached.output.range(of: "pxr_")).lowerBound
        token = String(attached.output[start...].prefix { $0.isLetter || $0.isNumber || $0 == "_" })
    }

    func request(_ method: String, _ url: String, fields: [String] = [], body: String = "") -> String {
        let head = ["\(method) /v1/proxy HTTP/1.1", "Host: attache", "Connection: close", "X-Target-Url: \(url)"]
        let lines = head + ["Authorization: Bearer \(token)"] + fields
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    func send(_ method: String, _ url: String, fields: [String] = [], body: String = "") async throws -> String {
        try await exchange(request(method, url, fields: fields, body: body))
    }

    func operatorRequest(_ method: String, _ path: String) async throws -> String {
        try await exchange(
            "\(method) \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            at: server.socket
        )
    }

    /// Waits until the trail holds one of `parts`, and returns it.
    @discardableResult
    func waitForAudit(_ parts: String...) async throws -> String {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            let trail = try await server.attache("audit", "list", "--json").output
            if parts.contains(where: trail.contains) { return trail }
            try #require(ContinuousClock.now < deadline, "the trail never held \(parts)")
        }
    }

    /// Sends bytes to the agents' socket and returns all that comes back until it closes, or until `mark` is there.
    ///
    /// With `more` that is sent when the mark is there, and what comes back until the end is returned. `whenFull` is called once:
    /// when the server takes no more of the request for a second, or has all of it.
    func exchange(
        _ request: String,
        at path: String? = nil,
        until mark: String? = nil,
        thenSending more: String? = nil,
        whenFull: @escaping @Sendable () -> Void = {}
    ) async throws -> String {
        let path = path ?? server.agentSocket
        return try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<String, any Error>) in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        try Self.blockingExchange(
                            Array(request.utf8),
                            at: path,
                            until: mark,
                            thenSending: more,
                            whenFull: whenFull
                        )
                    }
                )
            }
        }
    }

    private static func blockingExchange(
        _ request: [UInt8],
        at path: String,
        until mark: String?,
        thenSending more: String?,
        whenFull: () -> Void
    ) throws -> String {
        var more = more
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(100)) }
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isConnected else { throw POSIXError(.ECONNREFUSED) }
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        try send(request[...], to: descriptor, whenFull: whenFull)
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return String(decoding: answer, as: UTF8.self) }
            answer += chunk[..<count]
            guard let mark, String(decoding: answer, as: UTF8.self).contains(mark) else { continue }
            guard let text = more else { return String(decoding: answer, as: UTF8.self) }
            more = nil
            guard Glibc.send(descriptor, Array(text.utf8), text.utf8.count, Int32(MSG_NOSIGNAL)) == text.utf8.count
            else { throw POSIXError(.EIO) }
            return String(decoding: answer + rest(of: descriptor), as: UTF8.self)
        }
    }

    private static func send(_ bytes: ArraySlice<UInt8>, to descriptor: Int32, whenFull: () -> Void) throws {
        var rest = bytes
        var isFull = false
        while !rest.isEmpty {
            var writable = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            let isReady = poll(&writable, 1, isFull ? 20_000 : 1_000) > 0
            if !isReady {
                if isFull { throw POSIXError(.ETIMEDOUT) }
                isFull = true
                whenFull()
                continue
            }
            let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, flags) }
            guard count > 0 || errno == EAGAIN else { throw POSIXError(.EIO) }
            rest = rest.dropFirst(max(count, 0))
        }
        if !isFull { whenFull() }
    }

    private static func rest(of descriptor: Int32) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
        }
    }
}

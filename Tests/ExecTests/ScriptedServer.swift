// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A server on a Unix socket that answers the n-th request with the n-th reply, and all further ones with the last.
final class ScriptedServer: Sendable {
    enum Reply: Sendable {
        /// These bytes, and then the end of the connection.
        case bytes([UInt8])
        /// The connection stays open and nothing comes.
        case silence
        /// The connection ends without a byte.
        case hangUp
        /// These bytes, and the connection stays open.
        case beginning([UInt8])
        /// A head, and then whatever comes, sent back until the client sends no more.
        case echo
        /// As `bytes`, in two writes, with the second only after the client has waited for it.
        case pieces([UInt8], [UInt8])
    }

    struct Request: Sendable {
        let head: String
        /// The client's process, as the server's namespace names it.
        let peer: pid_t
        let receivedAt: ContinuousClock.Instant

        func field(_ name: String) -> String? {
            head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(name.lowercased() + ": ") }
                .map { String($0.dropFirst(name.count + 2)) }
        }
    }

    private struct State {
        var received: [Request] = []
        var silent: [Int32] = []
        var isListening = false
        var hasStopped = false
    }

    private let state = Mutex(State())
    /// Rung after each request.
    private let bell = NSCondition()
    private let script: @Sendable (_ request: Request, _ position: Int) -> Reply
    private let listener: Int32

    /// Binds the path; connections are refused until ``listen()``.
    convenience init(at path: String, replies: [Reply]) throws {
        try self.init(at: path) { _, position in replies[min(position, replies.count - 1)] }
    }

    /// Binds the path; what each request is answered with is up to `script`.
    init(at path: String, script: @escaping @Sendable (_ request: Request, _ position: Int) -> Reply) throws {
        self.script = script
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let isShort = path.utf8.count < MemoryLayout.size(ofValue: address.sun_path)
        guard listener >= 0, isShort else { throw SystemError(call: "socket") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0 else { throw SystemError(call: "bind") }
    }

    func listen() throws {
        guard Glibc.listen(listener, 64) == 0 else { throw SystemError(call: "listen") }
        state.withLock { $0.isListening = true }
        Thread.detachNewThread { self.serve() }
    }

    /// Ends the server and every connection that it kept open.
    func stop() {
        let (isListening, hasStopped) = state.withLock { state in
            for descriptor in state.silent { close(descriptor) }
            state.silent = []
            defer { state.hasStopped = true }
            return (state.isListening, state.hasStopped)
        }
        // The number may be another socket's by now.
        if hasStopped { return }
        // Wakes the thread, which closes the socket; without a thread nobody else would.
        if isListening { shutdown(listener, Int32(SHUT_RDWR)) } else { close(listener) }
    }

    /// Sends these bytes on every connection that was kept open, and closes it.
    func answerSilent(_ bytes: [UInt8]) {
        let waiting = state.withLock { state in
            defer { state.silent = [] }
            return state.silent
        }
        for descriptor in waiting {
            send(bytes, to: descriptor)
            close(descriptor)
        }
    }

    var requests: [Request] { state.withLock { $0.received } }

    /// Waits until a `count`th request whose head begins with `text` has come.
    func waitForRequest(_ text: String, count: Int = 1, within limit: TimeInterval = 20) -> Bool {
        wait(until: { $0.count(where: { $0.head.hasPrefix(text) }) >= count }, within: limit)
    }

    /// Waits until `count` requests have come; false where the limit passes first.
    func waitForRequests(_ count: Int, within limit: TimeInterval = 20) -> Bool {
        wait(until: { $0.count >= count }, within: limit)
    }

    private func wait(until isEnough: ([Request]) -> Bool, within limit: TimeInterval) -> Bool {
        let deadline = Date(timeIntervalSinceNow: limit)
        return bell.withLock {
            while !isEnough(requests) {
                guard bell.wait(until: deadline) else { return false }
            }
            return true
        }
    }

    private func serve() {
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { break }
            answer(connection)
        }
        close(listener)
    }

    private func answer(_ connection: Int32) {
        var head: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        let end = Data([13, 10, 13, 10])
        while Data(head).range(of: end) == nil {
            let count = read(connection, &buffer, buffer.count)
            guard count > 0 else { break }
            head += buffer[..<count]
        }
        let request = Request(
            head: String(decoding: head, as: UTF8.self),
            peer: ScriptedServer.peer(of: connection),
            receivedAt: .now
        )
        let reply = script(request, requests.count)
        state.withLock { state in
            switch reply {
            case .silence: state.silent.append(connection)
            case .beginning(let bytes):
                // Whoever sees it may ask for the rest at once.
                send(bytes, to: connection)
                state.silent.append(connection)
            default: break
            }
            state.received.append(request)
        }
        bell.withLock { bell.broadcast() }
        switch reply {
        case .bytes(let bytes):
            send(bytes, to: connection)
            close(connection)
        case .pieces(let first, let second):
            send(first, to: connection)
            // Nothing is left in the socket's queue once the client has read the first piece (unix(7), SIOCOUTQ).
            var unread: Int32 = 1
            while unread > 0, ioctl(connection, UInt(TIOCOUTQ), &unread) == 0 { sched_yield() }
            send(second, to: connection)
            close(connection)
        case .hangUp:
            close(connection)
        case .echo:
            let body = Data(head).range(of: end).map { Array(head[$0.upperBound...]) } ?? []
            Thread.detachNewThread { self.echo(startingWith: body, to: connection) }
        case .silence, .beginning:
            break
        }
    }

    private func echo(startingWith body: [UInt8], to connection: Int32) {
        send([UInt8]("HTTP/1.1 200 OK\r\n\r\n") + body, to: connection)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(connection, &buffer, buffer.count)
            guard count > 0 else { break }
            send(Array(buffer[..<count]), to: connection)
        }
        close(connection)
    }

    private func send(_ bytes: [UInt8], to connection: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    private static func peer(of connection: Int32) -> pid_t {
        // struct ucred: pid, uid, gid.
        var credentials: [Int32] = [0, 0, 0]
        var length = socklen_t(12)
        getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &credentials, &length)
        return credentials[0]
    }
}

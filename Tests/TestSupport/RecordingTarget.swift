// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization

/// A target of a proxy on loopback, which keeps every byte that it receives and answers with the bytes it is told.
///
/// No HTTP library stands between it and the wire, so that it can lie about lengths, cut chunks and break off.
package final class RecordingTarget: Sendable {
    package let port: UInt16
    private let descriptor: Int32
    private let received = Mutex<[String]>([])
    private let reply: @Sendable (String) -> [Piece]
    private let answersEarly: Bool
    /// How each ``Piece/untilClosed`` ended.
    private let ends: AsyncStream<End>
    private let ended: AsyncStream<End>.Continuation

    package enum End: Sendable {
        case closed
        /// The peer neither closed nor said anything for 20 seconds.
        case timedOut
    }

    /// A step of an answer.
    package enum Piece: Sendable {
        case bytes([UInt8])
        /// Waits until so many more bytes have come, which are kept like a request.
        case take(Int)
        /// Waits until the peer closes, which ``firstEnd`` tells; where it does not, no piece follows.
        case untilClosed
        /// Tells that everything before it is over.
        case call(@Sendable () -> Void)

        package static func text(_ text: String) -> Piece { .bytes(Array(text.utf8)) }
    }

    /// `reply` is given the whole request, head and body as they were sent, or the head where it `answersEarly`.
    ///
    /// At 127.0.0.`host`, and a free port unless one is given.
    package init(
        answersEarly: Bool = false,
        host: UInt32 = 1,
        port wanted: UInt16 = 0,
        reply: @escaping @Sendable (String) -> [Piece]
    ) throws {
        self.reply = reply
        self.answersEarly = answersEarly
        (ends, ended) = AsyncStream.makeStream(of: End.self)
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0000 | host).bigEndian
        address.sin_port = wanted.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRINUSE) }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [weak self] in
            while true {
                let peer = accept(descriptor, nil, nil)
                guard peer >= 0 else { return }
                guard let target = self else {
                    close(peer)
                    return
                }
                Thread.detachNewThread { target.serve(peer) }
            }
        }
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    /// Waits for the first ``Piece/untilClosed`` to end; one waiter a target.
    package var firstEnd: End? {
        get async { await ends.first { _ in true } }
    }

    /// What was received so far, a request a text.
    package var requests: [String] { received.withLock { $0 } }

    private func serve(_ peer: Int32) {
        defer { close(peer) }
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while let text = request(from: peer, &chunk) {
            received.withLock { $0.append(text) }
            var answer: [UInt8] = []
            for piece in reply(text) {
                switch piece {
                case .bytes(let bytes):
                    answer += bytes
                    _ = send(peer, bytes, bytes.count, Int32(MSG_NOSIGNAL))
                case .take(let wanted):
                    var taken: [UInt8] = []
                    while taken.count < wanted {
                        let count = recv(peer, &chunk, chunk.count, 0)
                        guard count > 0 else { return }
                        taken += chunk[..<count]
                    }
                    received.withLock { $0.append(String(decoding: taken, as: UTF8.self)) }
                case .untilClosed:
                    let end = Self.end(of: peer, &chunk)
                    ended.yield(end)
                    guard end == .closed else { return }
                case .call(let body): body()
                }
            }
            guard !answersEarly, Self.leavesOpen(answer) else { return }
        }
    }

    private static func end(of peer: Int32, _ chunk: inout [UInt8]) -> End {
        while true {
            let count = recv(peer, &chunk, chunk.count, 0)
            if count == 0 { return .closed }
            // Any other error is an end, a reset among them.
            if count < 0 { return errno == EAGAIN ? .timedOut : .closed }
        }
    }

    private func request(from peer: Int32, _ chunk: inout [UInt8]) -> String? {
        var request: [UInt8] = []
        while !Self.isWhole(request), !(answersEarly && Self.hasHead(request)) {
            let count = recv(peer, &chunk, chunk.count, 0)
            guard count > 0 else { break }
            request += chunk[..<count]
        }
        return request.isEmpty ? nil : String(decoding: request, as: UTF8.self)
    }

    /// Whether the end of an answer can be seen, so that the peer may send its next request on the same connection.
    ///
    /// A target that closed all the same would race with a request that is on its way.
    private static func leavesOpen(_ answer: [UInt8]) -> Bool {
        let text = String(decoding: answer, as: UTF8.self)
        guard text.hasPrefix("HTTP/1.1 "), let end = text.range(of: "\r\n\r\n") else { return false }
        let head = text[..<end.lowerBound].lowercased()
        if head.contains("connection: close") { return false }
        if head.contains("transfer-encoding: chunked") { return text.hasSuffix("\r\n0\r\n\r\n") }
        guard let field = head.range(of: "content-length: ") else { return false }
        return text[end.upperBound...].utf8.count == Int(head[field.upperBound...].prefix { $0.isNumber })
    }

    private static func hasHead(_ request: [UInt8]) -> Bool {
        String(decoding: request, as: UTF8.self).contains("\r\n\r\n")
    }

    private static func isWhole(_ request: [UInt8]) -> Bool {
        let text = String(decoding: request, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return false }
        let head = text[..<end.lowerBound].lowercased()
        if head.contains("transfer-encoding: chunked") {
            // With trailers the end is not right behind the last chunk.
            return text[end.upperBound...].contains("0\r\n") && text.hasSuffix("\r\n\r\n")
        }
        guard let field = head.range(of: "content-length: ") else { return true }
        let length = Int(head[field.upperBound...].prefix { $0.isNumber }) ?? 0
        return text[end.upperBound...].utf8.count >= length
    }
}

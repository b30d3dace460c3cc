// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc

/// A target on loopback that streams: bytes as fast as they are taken, and events with the time at which they were sent.
///
/// `GET /bytes/N` answers N bytes, `GET /events/N` N events some milliseconds apart, `GET /open` one event and then nothing,
/// and `POST` takes a body with a `Content-Length` and says how many bytes came. One thread a connection.
final class StreamTarget: Sendable {
    /// Between two events, in milliseconds.
    static let pauseOfEvents: Int32 = 4

    let port: UInt16
    private let descriptor: Int32

    init() throws(BenchmarkError) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system("socket", errno) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout.size(ofValue: address))
        let descriptor = descriptor
        let result = withUnsafeMutableBytes(of: &address) { bytes in
            let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            guard bind(descriptor, pointer, size) == 0, listen(descriptor, 2_048) == 0 else { return Int32(-1) }
            return getsockname(descriptor, pointer, &size)
        }
        guard result == 0 else { throw .system("listen", errno) }
        port = UInt16(bigEndian: address.sin_port)
        let thread = Thread {
            while true {
                let peer = accept(descriptor, nil, nil)
                guard peer >= 0 else { return }
                _ = fcntl(peer, F_SETFD, FD_CLOEXEC)
                let serving = Thread { Self.serve(peer) }
                serving.stackSize = 128 << 10
                serving.start()
            }
        }
        thread.start()
    }

    func stop() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    private static func serve(_ peer: Int32) {
        defer { close(peer) }
        var yes: Int32 = 1
        setsockopt(peer, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout.size(ofValue: yes)))
        var chunk = [UInt8](repeating: 0x61, count: 256 << 10)
        while true {
            var request: [UInt8] = []
            var end: Int?
            while end == nil {
                let count = recv(peer, &chunk, chunk.count, 0)
                guard count > 0 else { return }
                request += chunk[..<count]
                end = request.withUnsafeBytes { $0.firstOffset(of: "\r\n\r\n") }
            }
            guard let end else { return }
            let head = String(decoding: request[..<end], as: UTF8.self)
            let path = head.split(separator: " ").dropFirst().first?.split(separator: "/") ?? []
            let number = path.last.flatMap { Int($0) } ?? 0
            if head.hasPrefix("POST") {
                take(head, taken: request.count - end - 4, from: peer, &chunk)
            } else if path.first == "bytes" {
                for index in chunk.indices { chunk[index] = 0x61 }
                guard send("HTTP/1.1 200 OK\r\nContent-Length: \(number)\r\n\r\n", to: peer) else { return }
                var left = number
                while left > 0 {
                    let sent = Glibc.send(peer, chunk, min(left, chunk.count), Int32(MSG_NOSIGNAL))
                    guard sent > 0 else { return }
                    left -= sent
                }
            } else {
                let fields = "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
                guard send("HTTP/1.1 200 OK\r\n\(fields)\r\n", to: peer) else { return }
                for _ in 0..<max(number, 1) {
                    // Sixteen digits, so that every event is as long as any other.
                    let time = String(format: "%016llu", UInt64(Machine.now * 1e9))
                    guard send("18\r\ndata: \(time)\n\n\r\n", to: peer) else { return }
                    if number > 0, hasLeft(peer, within: pauseOfEvents) { return }
                }
                if number == 0 { while recv(peer, &chunk, chunk.count, 0) > 0 {} }
                guard send("0\r\n\r\n", to: peer) else { return }
            }
        }
    }

    private static func take(_ head: String, taken: Int, from peer: Int32, _ chunk: inout [UInt8]) {
        let lines = head.lowercased().split(separator: "\r\n")
        let length = lines.first { $0.hasPrefix("content-length: ") }.flatMap { Int($0.dropFirst(16)) } ?? 0
        var count = taken
        while count < length {
            let more = recv(peer, &chunk, chunk.count, 0)
            guard more > 0 else { return }
            count += more
        }
        let text = "\(count)"
        _ = send("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)", to: peer)
    }

    /// Waits for the peer, which says nothing more, to leave: no longer than a pause.
    private static func hasLeft(_ peer: Int32, within milliseconds: Int32) -> Bool {
        var end = pollfd(fd: peer, events: Int16(POLLIN), revents: 0)
        return poll(&end, 1, milliseconds) > 0
    }

    private static func send(_ text: String, to peer: Int32) -> Bool {
        let bytes = Array(text.utf8)
        return Glibc.send(peer, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Sends bytes over a Unix socket and returns all that comes back until the server closes.
///
/// With `sendsNoMore` the server sees the end of what is sent at once; `later` is sent when the server has read what is sent
/// first. Blocking, on a thread of its own; a server that stays silent for 20 seconds ends the exchange with what has come.
func exchange(
    _ request: String,
    at path: String,
    sendsNoMore: Bool = false,
    later: String = ""
) async throws -> String {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<String, any Error>) in
        Thread.detachNewThread {
            continuation.resume(
                with: Result { try blockingExchange([request, later].map { Array($0.utf8) }, at: path, sendsNoMore) }
            )
        }
    }
}

/// Connects to a Unix socket; the caller closes the descriptor.
func connectedSocket(at path: String) throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw POSIXError(.EIO) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(100)) }
    let connected = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    guard connected == 0 else {
        let cause = POSIXErrorCode(rawValue: errno) ?? .EIO
        close(descriptor)
        throw POSIXError(cause)
    }
    return descriptor
}

private func blockingExchange(_ parts: [[UInt8]], at path: String, _ sendsNoMore: Bool) throws -> String {
    let descriptor = try connectedSocket(at: path)
    defer { close(descriptor) }
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    for part in parts where !part.isEmpty {
        try untilRead(descriptor)
        let sent = send(descriptor, part, part.count, Int32(MSG_NOSIGNAL))
        // The server may have answered and left before what was to be sent later.
        guard sent == part.count || (part == parts.last && errno == EPIPE) else { throw POSIXError(.EIO) }
    }
    if sendsNoMore { shutdown(descriptor, Int32(SHUT_WR)) }
    var answer: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { return String(decoding: answer, as: UTF8.self) }
        answer += chunk[..<count]
    }
}

/// Waits until the peer of a Unix socket has read all that was sent to it (unix(7), `SIOCOUTQ`).
private func untilRead(_ descriptor: Int32) throws {
    let deadline = ContinuousClock.now + .seconds(20)
    var unread: Int32 = 0
    repeat {
        guard ioctl(descriptor, UInt(TIOCOUTQ), &unread) == 0 else { throw POSIXError(.EIO) }
        if unread > 0 { sched_yield() }
    } while unread > 0 && ContinuousClock.now < deadline
}

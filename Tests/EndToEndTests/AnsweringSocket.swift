// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A server that has an answer for each connection in turn, and keeps what was asked.
final class AnsweringSocket: Sendable {
    private let listening: Int32
    private let asked = Mutex<[String]>([])

    /// The requests so far, each whole.
    var requests: [String] { asked.withLock { $0 } }

    /// Listens at `path`; nil is a connection that is closed unheard.
    init(at path: String, _ answers: [String?]) throws {
        listening = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let isShort = withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard path.utf8.count < room.count else { return false }
            room.copyBytes(from: path.utf8)
            return true
        }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listening, $0, size) == 0 }
        }
        guard isShort, isBound, listen(listening, 8) == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
        Thread.detachNewThread { [listening, self] in
            for answer in answers {
                let connection = accept(listening, nil, nil)
                guard connection >= 0 else { return }
                // A child that another test starts would keep it open, and the answer without an end.
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                if let answer { reply(answer, on: connection) }
                close(connection)
            }
        }
    }

    deinit { close(listening) }

    private func reply(_ answer: String, on connection: Int32) {
        var request = ""
        var buffer = [UInt8](repeating: 0, count: 4_096)
        // The bodies of these requests are objects.
        while !request.hasSuffix("}") {
            let count = read(connection, &buffer, buffer.count)
            guard count > 0 else { break }
            request += String(decoding: buffer[..<count], as: UTF8.self)
        }
        guard !request.isEmpty else { return }
        asked.withLock { [request] in $0.append(request) }
        _ = answer.withCString { send(connection, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
    }
}

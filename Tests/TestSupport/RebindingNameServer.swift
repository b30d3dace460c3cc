// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization

/// A name server on loopback, over UDP (RFC 1035), that knows every name and gives another answer each time it is asked.
package final class RebindingNameServer: Sendable {
    package let port: UInt16
    private let descriptor: Int32
    /// 4 or 16 bytes each, as they go out: a mapped address stays one of version 6.
    private let answers: [[[UInt8]]]
    private let turns = Mutex(0)

    /// How often a name was looked up: a question for addresses of version 4 begins a turn, one of version 6 belongs to it.
    package var lookups: Int { turns.withLock { $0 } }

    /// The last of `answers` is given from then on.
    package init(_ answers: [[String]]) throws {
        self.answers = answers.map { $0.compactMap(Self.bytes) }
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRINUSE) }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [weak self] in
            var question = [UInt8](repeating: 0, count: 512)
            while true {
                var peer = sockaddr_storage()
                var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
                let count = withUnsafeMutablePointer(to: &peer) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        recvfrom(descriptor, &question, question.count, 0, $0, &length)
                    }
                }
                guard count > 0, let answer = self?.answer(to: Array(question[..<count])) else { return }
                _ = withUnsafePointer(to: &peer) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        sendto(descriptor, answer, answer.count, 0, $0, length)
                    }
                }
            }
        }
    }

    deinit {
        // Wakes the thread that reads; closing alone does not.
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        var six = in6_addr()
        if inet_pton(AF_INET6, text, &six) == 1 { return withUnsafeBytes(of: six) { Array($0) } }
        var four = in_addr()
        return inet_pton(AF_INET, text, &four) == 1 ? withUnsafeBytes(of: four) { Array($0) } : nil
    }

    /// The header is 12 bytes; the question a name of labels, a type and a class.
    private func answer(to question: [UInt8]) -> [UInt8]? {
        guard question.count > 16 else { return nil }
        var end = 12
        while end < question.count, question[end] > 0 { end += Int(question[end]) + 1 }
        guard end + 5 <= question.count else { return nil }
        let type = UInt16(question[end + 1]) << 8 | UInt16(question[end + 2])
        let turn = turns.withLock { turns in
            if type == 1 { turns += 1 }
            return max(turns, 1) - 1
        }
        let size = type == 1 ? 4 : type == 28 ? 16 : 0
        let given = answers.isEmpty ? [] : answers[min(turn, answers.count - 1)]
        let addresses = given.filter { $0.count == size }
        let count = UInt8(addresses.count)
        var answer = Array(question[..<2]) + [0x84, 0x00, 0, 1, 0, count, 0, 0, 0, 0] + question[12..<(end + 5)]
        for address in addresses {
            answer += [0xC0, 12, 0, UInt8(type), 0, 1, 0, 0, 0, 0, 0, UInt8(size)] + address
        }
        return answer
    }
}

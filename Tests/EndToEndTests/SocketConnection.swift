// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport

/// A connection to a Unix socket that says what it is told to, byte by byte.
final class SocketConnection: Sendable {
    private let handle: FileHandle

    init(to path: String) throws {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard connected == 0 else { throw CocoaError(.fileReadUnknown) }
    }

    func send(_ text: String) throws { try handle.write(contentsOf: Data(text.utf8)) }

    func close() { try? handle.close() }

    func readToEnd() async throws -> String {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [handle] in
                var bytes: [UInt8] = []
                while let some = readSome(handle.fileDescriptor) { bytes += some }
                continuation.resume(returning: String(decoding: bytes, as: UTF8.self))
            }
        }
    }
}

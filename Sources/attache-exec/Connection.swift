// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// A stream to the server, with or without TLS, that ends when it goes away.
struct Connection: ~Copyable {
    private let descriptor: Int32
    private let stream: OpaquePointer?

    init(descriptor: Int32) {
        self.descriptor = descriptor
        stream = nil
    }

    init(stream: OpaquePointer) {
        descriptor = -1
        self.stream = stream
    }

    deinit {
        if let stream { ckernel_exec_tls_close(stream) } else { ckernel_exec_close(descriptor) }
    }

    /// Sends a few kilobytes: 0 or a negated errno.
    borrowing func send(_ bytes: UnsafePointer<UInt8>, _ count: Int, until deadline: Int64) -> Int32 {
        stream.map { ckernel_exec_tls_send($0, bytes, count, deadline) } ?? ckernel_exec_send(descriptor, bytes, count)
    }

    /// Waits for bytes and reads some: 0 at the end, else a negated errno.
    borrowing func read(into room: UnsafeMutablePointer<UInt8>, _ count: Int, until deadline: Int64) -> Int64 {
        stream.map { ckernel_exec_tls_read($0, room, count, deadline) }
            ?? ckernel_exec_read(descriptor, room, count, deadline)
    }
}

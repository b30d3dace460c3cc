// SPDX-License-Identifier: Apache-2.0

internal import CKernel
internal import Glibc

/// stdout or stderr, written without a buffer in between.
enum StandardStream: Int32 {
    case output = 1
    case error = 2

    /// Writes all of a text.
    ///
    /// A reader that has gone, as `head` does, ends the process as SIGPIPE would: the network library ignores that
    /// signal for the whole process. With `outlivesReader` it is an error like any other.
    func write(_ text: String, outlivesReader: Bool = false) throws(CommandError) {
        try write(Array(text.utf8), outlivesReader: outlivesReader)
    }

    /// Writes all of some bytes, in the same way.
    func write(_ bytes: [UInt8], outlivesReader: Bool = false) throws(CommandError) {
        let error: Int32 = bytes.withUnsafeBytes { bytes in
            var rest = bytes
            while !rest.isEmpty {
                let count = Glibc.write(rawValue, rest.baseAddress, rest.count)
                if count >= 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                } else if errno == EAGAIN {
                    var writable = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
                    poll(&writable, 1, -1)
                } else if errno != EINTR {
                    return errno
                }
            }
            return 0
        }
        if error == EPIPE, !outlivesReader { endOfReader() }
        guard error == 0 else { throw .outputFailed(reason: String(cString: strerror(error))) }
    }

    /// Writes a text as far as it can be written: there is nowhere left to tell about a failure.
    func tell(_ text: String) {
        try? write(text)
    }

    private func endOfReader() {
        ckernel_reset_sigpipe()
        raise(SIGPIPE)
        // Reached only where the signal is blocked.
        _exit(128 + SIGPIPE)
    }
}

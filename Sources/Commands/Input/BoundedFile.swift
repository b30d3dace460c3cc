// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import VaultModel

/// A file, FIFO or stream that is read whole, up to a limit, into memory that is wiped.
package struct BoundedFile {
    /// `-` is stdin.
    package let path: String
    package let limit: Int

    package init(path: String, limit: Int) {
        self.path = path
        self.limit = limit
    }

    /// Everything up to the end; more than `limit` bytes are an error.
    package func contents() throws(CommandError) -> SecretBytes {
        guard path != "-" else { return try contents(of: STDIN_FILENO) }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(errno) }
        defer { close(descriptor) }
        return try contents(of: descriptor)
    }

    private func contents(of descriptor: Int32) throws(CommandError) -> SecretBytes {
        var filled = 0
        // One byte of room more than allowed tells a file that is too long.
        let buffer = try SecretBytes(count: limit + 1) { memory throws(CommandError) in
            while filled < memory.count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: memory[filled...])
                let count = read(descriptor, rest.baseAddress, rest.count)
                if count == 0 { return }
                if count > 0 {
                    filled += count
                } else if errno != EINTR {
                    throw unreadable(errno)
                }
            }
        }
        guard filled <= limit else { throw .fileTooLarge(path: shownPath, limit: limit) }
        return buffer.withBytes { SecretBytes(copying: $0.prefix(filled)) }
    }

    private var shownPath: String { path == "-" ? "stdin" : path }

    private func unreadable(_ code: Int32) -> CommandError {
        .unreadableFile(path: shownPath, reason: String(cString: strerror(code)))
    }
}

extension SecretBytes {
    /// The bytes without one LF, or CR LF, at their end: the line break that editors and `echo` put there.
    package consuming func droppingFinalNewline() -> SecretBytes {
        let kept = withBytes { bytes in
            guard bytes.last == UInt8(ascii: "\n") else { return bytes.count }
            return bytes.dropLast().last == UInt8(ascii: "\r") ? bytes.count - 2 : bytes.count - 1
        }
        return withBytes { SecretBytes(copying: $0.prefix(kept)) }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A file of mode 0600 that stands at its path whole, or not at all.
///
/// It is made beside the path when this is, so that a place that cannot be written is known before there is anything
/// to write; what was not put in place is removed.
struct PrivateFile: ~Copyable {
    private let path: String
    private let temporary: String
    private let descriptor: Int32

    init(at path: String) throws(CommandError) {
        self.path = path
        temporary = "\(path).\(getpid())"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.failed(path) }
    }

    deinit {
        guard descriptor >= 0 else { return }
        unlink(temporary)
        close(descriptor)
    }

    /// Puts the file in place; one that is there already is replaced, or kept, and the write refused.
    consuming func write(_ bytes: [UInt8], replacing: Bool) throws(CommandError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else { throw Self.failed(path) }
            rest = rest.dropFirst(max(count, 0))
        }
        guard fsync(descriptor) == 0 else { throw Self.failed(path) }
        // link(2) never replaces; the name beside goes with this value.
        guard (replacing ? rename(temporary, path) : link(temporary, path)) == 0 else { throw Self.failed(path) }
    }

    private static func failed(_ path: String) -> CommandError {
        .outputFailed(reason: "\(path): \(String(cString: strerror(errno)))")
    }
}

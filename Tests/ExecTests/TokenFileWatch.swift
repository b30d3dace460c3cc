// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Sees how often a token file was read to its end: once for each attempt of the wrapper.
final class TokenFileWatch {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = inotify_init1(Int32(IN_CLOEXEC))
        guard descriptor >= 0, inotify_add_watch(descriptor, path, UInt32(IN_CLOSE_NOWRITE)) >= 0 else {
            throw SystemError(call: "inotify")
        }
    }

    deinit { close(descriptor) }

    /// Waits until the file has been read `count` more times; false where the limit passes first.
    func waitForReads(_ count: Int, within limit: Duration = .seconds(20)) -> Bool {
        let deadline = ContinuousClock.now + limit
        var seen = 0
        var buffer = [UInt8](repeating: 0, count: 4096)
        while seen < count {
            let left = deadline - .now
            var readable = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard left > .zero, poll(&readable, 1, Int32(left / .milliseconds(1)) + 1) > 0 else { return false }
            // One watch on a file: every event is a bare struct inotify_event of 16 bytes.
            seen += max(0, read(descriptor, &buffer, buffer.count)) / 16
        }
        return true
    }
}

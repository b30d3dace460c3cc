// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization
import Testing

/// A pseudoterminal (pty(7)): what a program sees as its terminal, and the end where somebody types.
final class Terminal: Sendable {
    let inner: Int32
    private let outer: Int32
    private let shown = Mutex<[UInt8]>([])
    private let finished = DispatchSemaphore(value: 0)

    init() throws {
        outer = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        // TIOCSPTLCK and TIOCGPTN (ioctl_tty(2)), which are macros that Swift does not see.
        var locked: Int32 = 0
        var number: Int32 = -1
        try #require(ioctl(outer, 0x4004_5431, &locked) == 0 && ioctl(outer, 0x8004_5430, &number) == 0)
        inner = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        try #require(inner >= 0)
    }

    deinit { Glibc.close(outer) }

    /// Whether what is typed is shown.
    var echoes: Bool {
        var state = termios()
        return tcgetattr(inner, &state) == 0 && state.c_lflag & tcflag_t(ECHO) != 0
    }

    /// Waits on a thread of its own for a text to be shown, and then types.
    func type(_ keys: [UInt8], after prompt: String) {
        Thread.detachNewThread { [self] in
            var hasTyped = false
            var buffer = [UInt8](repeating: 0, count: 4096)
            // Reading fails with EIO when the program's side is closed.
            while case let count = read(outer, &buffer, buffer.count), count > 0 {
                let text = shown.withLock { shown in
                    shown += buffer.prefix(count)
                    return String(decoding: shown, as: UTF8.self)
                }
                guard !hasTyped, text.hasSuffix(prompt) else { continue }
                hasTyped = true
                _ = write(outer, keys, keys.count)
            }
            finished.signal()
        }
    }

    /// Closes the program's side and returns all that was shown.
    func close() -> String {
        Glibc.close(inner)
        finished.wait()
        return shown.withLock { String(decoding: $0, as: UTF8.self) }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization
import TestSupport

/// A program in a terminal of its own (pty(7)), and somebody who reads and types.
final class TerminalSession: Sendable {
    /// What the program sees; open here too, so that its state can be read after the program has ended.
    private let inner: Int32
    private let outer: Int32
    private let process: Int32
    private let shown = Mutex<[UInt8]>([])
    private let changed = DispatchSemaphore(value: 0)

    /// Starts the program as the leader of a session, with the terminal as its controlling one.
    init(_ program: String, _ arguments: [String], environment: [String: String]) throws {
        outer = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        // TIOCSPTLCK and TIOCGPTN (ioctl_tty(2)), which are macros that Swift does not see.
        var locked: Int32 = 0
        var number: Int32 = -1
        guard ioctl(outer, 0x4004_5431, &locked) == 0, ioctl(outer, 0x8004_5430, &number) == 0 else {
            throw NeverPrinted(word: "a terminal", printed: "")
        }
        let path = "/dev/pts/\(number)"
        inner = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        var size = winsize(ws_row: 24, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(inner, UInt(TIOCSWINSZ), &size)
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        // POSIX_SPAWN_SETSID (spawn.h): the first terminal that such a leader opens becomes its own.
        posix_spawnattr_setflags(&attributes, 0x80)
        posix_spawn_file_actions_addopen(&actions, 0, path, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        var pid: Int32 = 0
        let status = betweenSpawns { posix_spawn(&pid, program, &actions, &attributes, &words, &variables) }
        process = pid
        guard status == 0 else { throw NeverPrinted(word: program, printed: String(cString: strerror(status))) }
        Thread.detachNewThread { [self] in
            var buffer = [UInt8](repeating: 0, count: 4_096)
            while case let count = read(outer, &buffer, buffer.count), count > 0 {
                shown.withLock { $0 += buffer.prefix(count) }
                changed.signal()
            }
        }
    }

    deinit {
        kill(process, SIGKILL)
        close(inner)
        close(outer)
    }

    /// Everything that was shown so far, with the sequences that move the cursor.
    var text: String { shown.withLock { String(decoding: $0, as: UTF8.self) } }

    /// Whether what is typed is shown, as before the program ran.
    var showsTyping: Bool {
        var state = termios()
        return tcgetattr(inner, &state) == 0 && state.c_lflag & tcflag_t(ECHO | ICANON) == tcflag_t(ECHO | ICANON)
    }

    func type(_ keys: String) {
        let bytes = Array(keys.utf8)
        _ = write(outer, bytes, bytes.count)
    }

    /// Waits until a text was shown.
    func wait(for word: String, deadline: Duration = .seconds(30)) async throws {
        let end = DispatchTime.now() + .milliseconds(Int(deadline / .milliseconds(1)))
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Thread.detachNewThread { [self] in
                while !text.contains(word) {
                    guard changed.wait(timeout: end) == .success else {
                        return continuation.resume(throwing: NeverPrinted(word: word, printed: text))
                    }
                }
                continuation.resume()
            }
        }
    }

    /// Waits until the program has ended; 128 and the signal's number where one ended it.
    func waitForExit() async -> Int32 {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [self] in
                var status: Int32 = 0
                while waitpid(process, &status, 0) < 0, errno == EINTR {}
                // What was printed last is read before the answer.
                while poll(outer) {}
                continuation.resume(returning: status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F)
            }
        }
    }

    private func poll(_ descriptor: Int32) -> Bool {
        var readable = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&readable, 1, 50) > 0 && readable.revents & Int16(POLLIN) != 0
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A process that a test starts, with exact bytes for arguments and environment.
///
/// It begins with an empty signal mask and default dispositions, whatever the test process has. What it may inherit by
/// accident from other tests' descriptors is closed by ``Probe``, through which the wrapper is started.
final class Child {
    enum Ending: Equatable {
        case exit(Int32)
        case signal(Int32)
    }

    /// What was left when the process had ended.
    struct Outcome {
        let ending: Ending
        let output: [UInt8]
        let errors: String

        /// The NUL-terminated strings of the output.
        var strings: [[UInt8]] {
            output.split(separator: 0, omittingEmptySubsequences: false).dropLast().map(Array.init)
        }

        var text: String { String(decoding: output, as: UTF8.self) }
    }

    let pid: pid_t
    private let output: Int32
    private let errors: Int32
    /// What was read of each stream before the process had ended.
    private var earlier: [Int32: [UInt8]] = [:]

    // Between pipe(2) and FD_CLOEXEC no other child of these tests may be made: it would hold the pipe open.
    private static let spawning = NSLock()

    init(_ path: String, arguments: [[UInt8]], environment: [[UInt8]]) throws {
        Child.spawning.lock()
        defer { Child.spawning.unlock() }
        let outputPipe = try Child.makePipe()
        let errorPipe = try Child.makePipe()
        defer { for descriptor in [outputPipe[1], errorPipe[1]] { close(descriptor) } }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, outputPipe[1], 1)
        posix_spawn_file_actions_adddup2(&actions, errorPipe[1], 2)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var pid: pid_t = 0
        let error = Child.withVector(arguments) { arguments in
            Child.withVector(environment) { environment in
                posix_spawn(&pid, path, &actions, &attributes, arguments, environment)
            }
        }
        guard error == 0 else {
            errno = error
            throw SystemError(call: "posix_spawn \(path)")
        }
        self.pid = pid
        output = outputPipe[0]
        errors = errorPipe[0]
    }

    deinit {
        close(output)
        close(errors)
    }

    /// What ``waitForOutput(_:within:)`` has read.
    var earlierText: String { String(decoding: earlier[output] ?? [], as: UTF8.self) }

    /// Reads the output until it holds `text`; false where it ends, or the limit passes, before.
    func waitForOutput(_ text: String, within limit: Duration = .seconds(20)) -> Bool {
        wait(for: text, on: output, within: limit)
    }

    /// The same of what it says on standard error.
    func waitForErrors(_ text: String, within limit: Duration = .seconds(20)) -> Bool {
        wait(for: text, on: errors, within: limit)
    }

    private func wait(for text: String, on stream: Int32, within limit: Duration) -> Bool {
        let deadline = ContinuousClock.now + limit
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !String(decoding: earlier[stream] ?? [], as: UTF8.self).contains(text) {
            var readable = pollfd(fd: stream, events: Int16(POLLIN), revents: 0)
            let left = deadline - .now
            guard left > .zero, poll(&readable, 1, Int32(left / .milliseconds(1)) + 1) > 0 else { return false }
            let count = read(stream, &buffer, buffer.count)
            guard count > 0 else { return false }
            earlier[stream, default: []] += buffer[..<count]
        }
        return true
    }

    /// Collects both streams to their ends and then the status; a process that takes longer than `limit` is killed.
    func outcome(within limit: Duration = .seconds(30)) throws -> Outcome {
        let deadline = ContinuousClock.now + limit
        var collected: [Int32: [UInt8]] = [output: earlier[output] ?? [], errors: earlier[errors] ?? []]
        var open: Set<Int32> = [output, errors]
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while !open.isEmpty {
            var polled = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            let left = deadline - .now
            guard left > .zero, poll(&polled, nfds_t(polled.count), Int32(left / .milliseconds(1)) + 1) > 0 else {
                kill(pid, SIGKILL)
                break
            }
            for ready in polled where ready.revents != 0 {
                let count = read(ready.fd, &buffer, buffer.count)
                if count > 0 {
                    collected[ready.fd, default: []] += buffer[..<count]
                } else {
                    open.remove(ready.fd)
                }
            }
        }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else { throw SystemError(call: "waitpid") }
        }
        let signal = status & 0x7F
        return Outcome(
            ending: signal == 0 ? .exit((status >> 8) & 0xFF) : .signal(signal),
            output: collected[output] ?? [],
            errors: String(decoding: collected[errors] ?? [], as: UTF8.self)
        )
    }

    private static func makePipe() throws -> [Int32] {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw SystemError(call: "pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return ends
    }

    private static func withVector<R>(
        _ strings: [[UInt8]],
        _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
    ) -> R {
        var vector = strings.map { string -> UnsafeMutablePointer<CChar>? in
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: string.count + 1)
            for (position, byte) in string.enumerated() { copy[position] = CChar(bitPattern: byte) }
            copy[string.count] = 0
            return copy
        }
        vector.append(nil)
        defer { for string in vector { string?.deallocate() } }
        return vector.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { fatalError("a vector has at least its closing NULL") }
            return body(base)
        }
    }
}

extension [UInt8] {
    init(_ text: String) { self = Array(text.utf8) }
}

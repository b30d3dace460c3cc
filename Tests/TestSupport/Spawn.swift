// SPDX-License-Identifier: Apache-2.0

package import Foundation
import Synchronization

// Between pipe(2) and FD_CLOEXEC no child may be made: it would hold the pipe open.
private let making = Mutex(())

/// Starts a program with exact bytes for arguments and environment, and returns its pid, for which the caller waits.
///
/// It begins with an empty signal mask and default dispositions, whatever the thread of the test has, and
/// `streams` for its first descriptors, `/dev/null` for nil. Throws what posix_spawn(3) says.
package func spawn(
    _ program: String,
    _ arguments: [[UInt8]],
    environment: [[UInt8]],
    streams: [Int32?]
) throws(POSIXError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, descriptor) in streams.enumerated() {
        if let descriptor {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        } else {
            posix_spawn_file_actions_addopen(&actions, Int32(number), "/dev/null", O_RDWR, 0)
        }
    }

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
    let error = withVector([Array(program.utf8)] + arguments) { arguments in
        withVector(environment) { environment in
            making.withLock { _ in posix_spawn(&pid, program, &actions, &attributes, arguments, environment) }
        }
    }
    guard error == 0 else { throw POSIXError(POSIXErrorCode(rawValue: error) ?? .EINVAL) }
    return pid
}

/// Runs `body`, which writes a program, while no child is made: for a moment that would hold the file open for writing,
/// and execve(2) refuses such a file.
package func betweenSpawns<R>(_ body: () throws -> R) rethrows -> R {
    try making.withLock { _ in try body() }
}

/// The two ends of a pipe that no other child inherits.
package func closedOnExecPipe() throws(POSIXError) -> (reading: Int32, writing: Int32) {
    var ends: [Int32] = [0, 0]
    let made = making.withLock { _ in
        let made = pipe(&ends)
        for end in ends where made == 0 { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return made
    }
    guard made == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EMFILE) }
    return (ends[0], ends[1])
}

/// How a process ended.
package enum Ending: Equatable, Sendable {
    case exit(Int32)
    case signal(Int32)

    /// Waits for the end of a child; blocks the thread.
    package init(of pid: pid_t) throws(POSIXError) {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .ECHILD) }
        }
        let signal = status & 0x7F
        self = signal == 0 ? .exit((status >> 8) & 0xFF) : .signal(signal)
    }
}

private func withVector<R>(
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

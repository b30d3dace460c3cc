// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Foundation
internal import Glibc
internal import Synchronization

/// A program that the benchmark started and stops.
///
/// Everything that is still running when the benchmark ends, in whatever way but SIGKILL, is stopped.
final class ChildProcess: Sendable {
    private struct Running {
        /// The pids that were not waited for yet, each with what is signaled at its end.
        var ends: [pid_t: DispatchSemaphore] = [:]
        /// Whether the run is being ended: nothing is started any more.
        var isOver = false
    }

    private static let running = Mutex(Running())

    let name: String
    let pid: pid_t
    private let log: String
    /// The reading end of its stdout.
    private let output: Int32

    /// Starts `program` with exactly `environment`; stderr goes to the file `log`.
    init(
        _ program: String,
        _ arguments: [String],
        environment: [String: String],
        log: String
    ) throws(BenchmarkError) {
        name = program.split(separator: "/").last.map(String.init) ?? program
        self.log = log
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .system("pipe", errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        output = ends[0]
        defer { close(ends[1]) }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)

        // The signals that the benchmark ignores or handles itself are not the child's business.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for number in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { sigaddset(&signals, number) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))

        var pid: pid_t = 0
        let error = withCStrings([program] + arguments) { argv in
            withCStrings(environment.map { "\($0.key)=\($0.value)" }) { envp in
                Self.running.withLock { running in
                    guard !running.isOver else { return ECANCELED }
                    let error = posix_spawn(&pid, program, &actions, &attributes, argv, envp)
                    if error == 0 { running.ends[pid] = Self.end(of: pid) }
                    return error
                }
            }
        }
        self.pid = pid
        guard error == 0 else {
            close(ends[0])
            throw .system("posix_spawn \(program)", error)
        }
    }

    deinit {
        stop()
        close(output)
    }

    /// Waits until it prints `line`; afterwards nothing it prints is read here.
    ///
    /// What it prints is not kept: a server shows its first key there.
    func waitForLine(_ line: String, within seconds: Double) throws(BenchmarkError) {
        let deadline = Machine.now + seconds
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let left = deadline - Machine.now
            var waiting = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard left > 0, poll(&waiting, 1, Int32(left * 1000) + 1) > 0 else { break }
            let count = read(output, &chunk, chunk.count)
            guard count > 0 else { break }
            text += chunk[..<count]
            if text.split(separator: UInt8(ascii: "\n")).contains(where: { $0.elementsEqual(line.utf8) }) {
                return drain()
            }
        }
        throw .notReady(name, log: logTail)
    }

    /// Lets that time pass, or less where it prints something.
    func listen(for seconds: Double) {
        var printed = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
        poll(&printed, 1, Int32(seconds * 1000))
    }

    /// Waits for its end and returns what it printed; anything but exit code 0 is an error.
    func finish(within seconds: Double) throws(BenchmarkError) -> String {
        let deadline = Machine.now + seconds
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let left = deadline - Machine.now
            var waiting = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard left > 0, poll(&waiting, 1, Int32(left * 1000) + 1) > 0 else { throw .timedOut(name) }
            let count = read(output, &chunk, chunk.count)
            guard count > 0 else { break }
            text += chunk[..<count]
        }
        guard Self.reap(pid, within: deadline - Machine.now) == 0 else { throw .programFailed(name, log: logTail) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Asks it to end, and kills it when it has not done so after ten seconds.
    ///
    /// Returns whether it ended by itself with 0.
    @discardableResult
    func stop() -> Bool {
        guard Self.running.withLock({ $0.ends[pid] != nil }) else { return true }
        kill(pid, SIGTERM)
        if let status = Self.reap(pid, within: 10) { return status == 0 }
        kill(pid, SIGKILL)
        _ = Self.reap(pid, within: 10)
        return false
    }

    /// Kills whatever is still running.
    static func stopAll() {
        for pid in running.withLock({ $0.ends.keys }) {
            kill(pid, SIGKILL)
            _ = reap(pid, within: 10)
        }
    }

    /// Kills whatever is still running, and lets nothing be started after it.
    static func end() {
        running.withLock { $0.isOver = true }
        stopAll()
    }

    /// Whether a signal ends the run; what fails from then on fails because of that.
    static var isEnding: Bool { running.withLock { $0.isOver } }

    /// The last words on stderr, on one line.
    var logTail: String {
        let text = (try? Machine.contents(of: log)) ?? ""
        return text.suffix(600).split(separator: "\n").joined(separator: " | ")
    }

    /// A descriptor that becomes readable when something was written to the log; the caller closes it.
    func logWatch() throws(BenchmarkError) -> Int32 {
        let watch = inotify_init1(Int32(IN_CLOEXEC))
        guard watch >= 0, inotify_add_watch(watch, log, UInt32(IN_MODIFY)) >= 0 else {
            throw .system("inotify \(log)", errno)
        }
        return watch
    }

    /// Reads on what it prints until it ends, so that a full pipe never stops it.
    private func drain() {
        let output = fcntl(output, F_DUPFD_CLOEXEC, 0)
        Thread.detachNewThread {
            var chunk = [UInt8](repeating: 0, count: 4096)
            while read(output, &chunk, chunk.count) > 0 {}
            close(output)
        }
    }

    /// The wait status of `pid`, or nil when it still runs after that time.
    private static func reap(_ pid: pid_t, within seconds: Double) -> Int32? {
        guard let end = running.withLock({ $0.ends[pid] }) else { return 0 }
        guard end.wait(timeout: .now() + seconds) == .success else { return nil }
        // For whoever else waits for it.
        end.signal()
        return running.withLock { running in
            var status: Int32 = 0
            if running.ends.removeValue(forKey: pid) != nil { waitpid(pid, &status, 0) }
            return status
        }
    }

    /// What is signaled when the process has ended; its status stays to be collected.
    private static func end(of pid: pid_t) -> DispatchSemaphore {
        let end = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            var information = siginfo_t()
            while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
            end.signal()
        }
        return end
    }
}

/// Lends `strings` as a vector for execve(2), ended by a null pointer.
private func withCStrings<R>(
    _ strings: [String],
    _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
) -> R {
    var pointers = strings.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("the vector holds at least its end") }
        return body(base)
    }
}

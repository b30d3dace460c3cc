// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestSupport

/// A process that runs beside a test.
final class StartedProcess: Sendable {
    /// What it wrote to stdout and stderr.
    let printed: PrintedLines
    let pid: Int32
    private let end: End

    /// The end of a process, for everyone who waits for it.
    private final class End: Sendable {
        private struct State {
            var status: Int32?
            var waiting: [CheckedContinuation<Int32, Never>] = []
        }

        private let state = Mutex(State())

        /// Waits for the process; blocks the thread.
        func wait(for pid: pid_t) {
            var seen = siginfo_t()
            // It is left to be collected below, so that its pid is nobody else's while somebody signals it.
            while waitid(P_PID, id_t(pid), &seen, WEXITED | WNOWAIT) < 0, errno == EINTR {}
            let (status, waiting) = state.withLock { state in
                let status =
                    switch try? Ending(of: pid) {
                    case .exit(let status), .signal(let status): status
                    case nil: Int32(-1)
                    }
                state.status = status
                defer { state.waiting = [] }
                return (status, state.waiting)
            }
            for continuation in waiting { continuation.resume(returning: status) }
        }

        func wait() async -> Int32 {
            await withCheckedContinuation { continuation in
                let status = state.withLock { state in
                    if state.status == nil { state.waiting.append(continuation) }
                    return state.status
                }
                if let status { continuation.resume(returning: status) }
            }
        }

        /// Runs `action` unless the process has ended.
        func ifRunning(_ action: () -> Void) {
            state.withLock { if $0.status == nil { action() } }
        }
    }

    init(_ program: String, _ arguments: [String], environment: [String: String]) throws {
        let pipe = try closedOnExecPipe()
        defer { close(pipe.writing) }
        let pid = try spawn(
            program,
            arguments.map { Array($0.utf8) },
            environment: environment.map { Array("\($0)=\($1)".utf8) },
            streams: [nil, pipe.writing, pipe.writing]
        )
        printed = PrintedLines(reading: FileHandle(fileDescriptor: pipe.reading, closeOnDealloc: true))
        self.pid = pid
        let end = End()
        self.end = end
        Thread.detachNewThread { end.wait(for: pid) }
    }

    func signal(_ number: Int32) {
        end.ifRunning { kill(pid, number) }
    }

    /// Waits for the end and returns the status, or the signal.
    func waitForExit() async -> Int32 { await end.wait() }
}

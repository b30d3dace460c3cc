// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// A process that a test starts, with exact bytes for arguments and environment.
///
/// It begins as ``spawn(_:_:environment:streams:)`` says.
final class Child {
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

    init(_ path: String, arguments: [[UInt8]], environment: [[UInt8]]) throws {
        let outputPipe = try closedOnExecPipe()
        let errorPipe = try closedOnExecPipe()
        defer { for descriptor in [outputPipe.writing, errorPipe.writing] { close(descriptor) } }
        (output, errors) = (outputPipe.reading, errorPipe.reading)
        pid = try spawn(
            path,
            Array(arguments.dropFirst()),
            environment: environment,
            streams: [nil, outputPipe.writing, errorPipe.writing]
        )
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
        return Outcome(
            ending: try Ending(of: pid),
            output: collected[output] ?? [],
            errors: String(decoding: collected[errors] ?? [], as: UTF8.self)
        )
    }
}

extension [UInt8] {
    init(_ text: String) { self = Array(text.utf8) }
}

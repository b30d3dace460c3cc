// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestSupport

/// One run of a program: what it printed and how it ended.
struct CommandResult: Sendable {
    let status: Int32
    /// The signal that ended it, when one did.
    let signal: Int32?
    let stdout: [UInt8]
    let stderr: [UInt8]

    var output: String { String(decoding: stdout, as: UTF8.self) }
    var errors: String { String(decoding: stderr, as: UTF8.self) }

    func json<T: Decodable>(_ type: T.Type = T.self) throws -> T {
        try JSONDecoder().decode(type, from: Data(stdout))
    }
}

/// Runs a program to its end, off the cooperative pool, with a deadline after which it is killed.
func run(
    _ program: String,
    _ arguments: [String],
    environment: [String: String] = [:],
    input: [UInt8] = [],
    currentDirectory: String? = nil,
    deadline: Duration = .seconds(60)
) async throws -> CommandResult {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
            continuation.resume(
                with: Result {
                    try runBlocking(
                        program,
                        arguments,
                        environment: environment,
                        input: input,
                        currentDirectory: currentDirectory,
                        deadline: deadline
                    )
                }
            )
        }
    }
}

private func runBlocking(
    _ program: String,
    _ arguments: [String],
    environment: [String: String],
    input: [UInt8],
    currentDirectory: String?,
    deadline: Duration
) throws -> CommandResult {
    let (stdin, stdout, stderr) = (try closedOnExecPipe(), try closedOnExecPipe(), try closedOnExecPipe())
    defer { for descriptor in [stdout.reading, stderr.reading] { close(descriptor) } }
    let pid: pid_t
    do {
        defer { for descriptor in [stdin.reading, stdout.writing, stderr.writing] { close(descriptor) } }
        let words = currentDirectory.map { ["/usr/bin/env", "-C", $0, program] } ?? [program]
        pid = try spawn(
            words[0],
            (words.dropFirst() + arguments).map { Array($0.utf8) },
            environment: environment.map { Array("\($0)=\($1)".utf8) },
            streams: [stdin.reading, stdout.writing, stderr.writing]
        )
    }
    let errors = Mutex<[UInt8]>([])
    let group = DispatchGroup()
    group.enter()
    Thread.detachNewThread {
        let bytes = readAll(stderr.reading)
        errors.withLock { $0 = bytes }
        group.leave()
    }
    group.enter()
    Thread.detachNewThread {
        // A program that does not read its input closes the pipe; that is its right.
        signal(SIGPIPE, SIG_IGN)
        let handle = FileHandle(fileDescriptor: stdin.writing, closeOnDealloc: true)
        try? handle.write(contentsOf: Data(input))
        try? handle.close()
        group.leave()
    }
    let timer = DispatchSource.makeTimerSource()
    timer.schedule(deadline: .now() + .milliseconds(Int(deadline / .milliseconds(1))))
    timer.setEventHandler { kill(pid, SIGKILL) }
    timer.resume()
    let output = readAll(stdout.reading)
    group.wait()
    let ending = try Ending(of: pid)
    timer.cancel()
    let (status, ended): (Int32, Int32?) =
        switch ending {
        case .exit(let status): (status, nil)
        case .signal(let number): (number, number)
        }
    return CommandResult(status: status, signal: ended, stdout: output, stderr: errors.withLock { $0 })
}

/// What can be read now, nil at the end.
///
/// `FileHandle` itself traps when a signal interrupts it.
func readSome(_ descriptor: Int32) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        if count > 0 { return Array(buffer[..<count]) }
        if count == 0 || errno != EINTR { return nil }
    }
}

private func readAll(_ descriptor: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    while let more = readSome(descriptor) { bytes += more }
    return bytes
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

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
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = environment
    if let currentDirectory { process.currentDirectoryURL = URL(fileURLWithPath: currentDirectory) }
    let stdin = Pipe()
    let stdout = Pipe()
    let stderr = Pipe()
    process.standardInput = stdin
    process.standardOutput = stdout
    process.standardError = stderr
    let errors = Mutex<[UInt8]>([])
    let group = DispatchGroup()
    try process.run()
    group.enter()
    Thread.detachNewThread {
        let bytes = readAll(stderr.fileHandleForReading)
        errors.withLock { $0 = bytes }
        group.leave()
    }
    group.enter()
    Thread.detachNewThread {
        // A program that does not read its input closes the pipe; that is its right.
        signal(SIGPIPE, SIG_IGN)
        try? stdin.fileHandleForWriting.write(contentsOf: Data(input))
        try? stdin.fileHandleForWriting.close()
        group.leave()
    }
    let pid = process.processIdentifier
    let timer = DispatchSource.makeTimerSource()
    timer.schedule(deadline: .now() + .milliseconds(Int(deadline / .milliseconds(1))))
    timer.setEventHandler { kill(pid, SIGKILL) }
    timer.resume()
    let output = readAll(stdout.fileHandleForReading)
    process.waitUntilExit()
    timer.cancel()
    group.wait()
    let signaled = process.terminationReason == .uncaughtSignal
    return CommandResult(
        status: process.terminationStatus,
        signal: signaled ? process.terminationStatus : nil,
        stdout: output,
        stderr: errors.withLock { $0 }
    )
}

/// What can be read now, nil at the end.
///
/// `FileHandle` itself traps when a signal interrupts it.
func readSome(_ handle: FileHandle) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(handle.fileDescriptor, &buffer, buffer.count)
        if count > 0 { return Array(buffer[..<count]) }
        if count == 0 || errno != EINTR { return nil }
    }
}

private func readAll(_ handle: FileHandle) -> [UInt8] {
    var bytes: [UInt8] = []
    while let more = readSome(handle) { bytes += more }
    return bytes
}

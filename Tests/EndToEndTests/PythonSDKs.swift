// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// The Python SDKs of `PythonSDKs/requirements.txt` in an environment of their own, made once and kept for further runs.
enum PythonSDKs {
    private enum Obstacle: Error {
        /// Why a test is skipped: the registry cannot be reached, or has others than the pinned versions.
        case registry(String)
        case failed(step: String, error: String)
    }

    private static let requirements = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("PythonSDKs/requirements.txt").path

    private static let python = Task<Result<String, any Error>, Never> {
        do { return .success(try await made()) } catch { return .failure(error) }
    }

    /// Runs a script; where the registry of packages does not have them the test is skipped, which the runner says.
    static func run(_ script: String, environment: [String: String]) async throws -> CommandResult {
        let program: String
        do {
            program = try await python.value.get()
        } catch Obstacle.registry(let problem) {
            try Test.cancel("the registry of Python packages \(problem)")
        }
        return try await EndToEndTests.run(program, ["-I", "-c", script], environment: environment)
    }

    /// Returns the path of the interpreter that has the SDKs.
    private static func made() async throws -> String {
        let temporary = FileManager.default.temporaryDirectory
        let names = try Data(contentsOf: URL(fileURLWithPath: requirements))
        // FNV-1a: other versions are another folder.
        let digest = names.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
        let kept = temporary.appendingPathComponent("attache-sdks-\(getuid())-\(String(digest, radix: 16))").path
        if isOwn(kept) {
            let check = try await EndToEndTests.run("\(kept)/bin/python3", ["-I", "-c", "import anthropic, openai"])
            if check.status == 0 { return "\(kept)/bin/python3" }
            // Who cleans temporary folders takes file by file.
            try FileManager.default.removeItem(atPath: kept)
        }
        // Made under a name of its own: another run may be making one too.
        let folder = temporary.appendingPathComponent("attache-sdks-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
        try await step("venv", "/usr/bin/python3", ["-I", "-m", "venv", folder])
        let pip = [
            "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--retries", "1",
            "--only-binary", ":all:", "--requirement", requirements,
        ]
        try await step("pip", "\(folder)/bin/python3", pip)
        guard rename(folder, kept) == 0 || isOwn(kept) else { throw POSIXError(.EEXIST) }
        return "\(kept)/bin/python3"
    }

    /// The environment is this process's own, which says where the registry is.
    private static func step(_ name: String, _ program: String, _ arguments: [String]) async throws {
        let result = try await EndToEndTests.run(
            program,
            arguments,
            environment: ProcessInfo.processInfo.environment,
            deadline: .seconds(300)
        )
        guard result.status != 0 || result.signal != nil else { return }
        // What pip says before each new try.
        if result.errors.contains("after connection broken by") { throw Obstacle.registry("cannot be reached") }
        if result.errors.contains("No matching distribution") { throw Obstacle.registry("has other versions") }
        throw Obstacle.failed(step: name, error: result.errors.split(separator: "\n").last.map(String.init) ?? "")
    }

    /// Whether a folder is there that nobody else can have made or changed.
    private static func isOwn(_ folder: String) -> Bool {
        var facts = stat()
        return lstat(folder, &facts) == 0 && facts.st_mode == S_IFDIR | 0o700 && facts.st_uid == getuid()
    }
}

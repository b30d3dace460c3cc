// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A token and a value that exist nowhere else, looked for in every process of the machine while the command runs.
struct LeakTests {
    @Test(arguments: [false, true], [[], ["--file", "CANARY"], ["--map", "CANARY=OTHER"]])
    func valuesAreInTheCommandAndTheTokenIsNowhere(tokenInFile: Bool, flags: [String]) async throws {
        let server = try await RunningServer.start(extraArguments: ["--log-level", "trace"])
        // Made here, so that no source, argument or environment of the tests has them.
        let canary = "canary-" + UUID().uuidString
        #expect(try await server.attache(["secrets", "create", "CANARY"], input: Array(canary.utf8)).status == 0)
        let token = try await server.createAgent("bot", with: ["CANARY"])
        let command = try Running(
            arguments: flags + ["--", "/bin/sh", "-c", "echo started; exec /bin/sleep 1000"],
            settings: try tokenInFile
                ? ["ATTACHE_GATEWAY_TOKEN_FILE=\(write(token, below: server.directory))"]
                : ["ATTACHE_GATEWAY_TOKEN=\(token)"],
            server: server
        )
        try await command.printed.wait(for: "started", deadline: .seconds(30))

        let isFile = flags.first == "--file"
        #expect(try processes(with: canary, in: ["environ"]) == (isFile ? [] : [command.pid]))
        #expect(try processes(with: canary, in: ["cmdline", "maps", "status", "fd"]) == [])
        #expect(try processes(with: token, in: ["environ", "cmdline", "maps", "status", "fd"]) == [])
        // Nothing of the wrapper is left in the memory of the command: neither the token nor a second copy.
        #expect(try memory(of: command.pid, counts: token) == 0)
        #expect(try memory(of: command.pid, counts: canary) == (isFile ? 0 : 1))
        #expect(!command.printed.text.contains(canary) && !command.printed.text.contains(token))
        #expect(!server.log.contains(canary) && !server.log.contains(token))
    }

    private func write(_ token: String, below directory: TemporaryDirectory) throws -> String {
        let file = directory.appending("token")
        try Data(token.utf8).write(to: URL(fileURLWithPath: file))
        chmod(file, 0o600)
        return file
    }

    /// The processes that have the text in one of these files of proc(5), where this user may look.
    private func processes(with text: String, in files: [String]) throws -> [Int32] {
        let all = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }
        #expect(all.count > 1)
        return all.filter { pid in
            files.contains { file in
                let path = "/proc/\(pid)/\(file)"
                if file == "fd" {
                    let links = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
                    return links.contains {
                        (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(path)/\($0)"))?.contains(text)
                            ?? false
                    }
                }
                return (try? Data(contentsOf: URL(fileURLWithPath: path)))?.range(of: Data(text.utf8)) != nil
            }
        }
    }

    /// How often the text stands in the readable memory of a process (proc(5), `mem`).
    private func memory(of pid: Int32, counts text: String) throws -> Int {
        let descriptor = open("/proc/\(pid)/mem", O_RDONLY | O_CLOEXEC)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let pattern = Data(text.utf8)
        var count = 0
        for line in try String(contentsOfFile: "/proc/\(pid)/maps", encoding: .utf8).split(separator: "\n") {
            guard let match = line.firstMatch(of: /^([0-9a-f]+)-([0-9a-f]+) r/),
                let start = UInt64(match.output.1, radix: 16), let end = UInt64(match.output.2, radix: 16),
                let offset = off_t(exactly: start)
            else { continue }
            var bytes = Data(count: Int(end - start))
            let size = bytes.count
            // The kernel's own pages cannot be read, and have nothing.
            let got = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, size, offset) }
            guard got > 0 else { continue }
            var rest = bytes.prefix(got)
            while let found = rest.range(of: pattern) {
                count += 1
                rest = rest[found.upperBound...]
            }
        }
        return count
    }

    /// A command under the wrapper that runs until the test lets go of it.
    private final class Running {
        private let process: StartedProcess

        var printed: PrintedLines { process.printed }
        var pid: Int32 { process.pid }

        init(arguments: [String], settings: [String], server: RunningServer) throws {
            var environment = ["ATTACHE_ADDRESS": "unix://\(server.agentSocket)", "ATTACHE_INSTANCE": "one"]
            for setting in settings {
                let pair = setting.split(separator: "=", maxSplits: 1).map(String.init)
                environment[pair[0]] = pair[1]
            }
            process = try StartedProcess(Programs.attacheExec, arguments, environment: environment)
        }

        deinit { process.signal(SIGKILL) }
    }
}

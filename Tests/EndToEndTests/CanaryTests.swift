// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import TestSupport
import Testing

/// One plaintext that exists nowhere else goes through every surface and is then looked for everywhere.
struct CanaryTests {
    private static let canary = "canary-9f2c7b41e05d4a6889b3d1c2f7a60e54"

    private func files(below path: String) throws -> [String] {
        let all = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
        return all.map { "\(path)/\($0)" }.filter { path in
            var status = stat()
            return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        }
    }

    private func files(of server: RunningServer, containing text: String) throws -> [String] {
        try files(below: server.directory.path).filter {
            try Data(contentsOf: URL(fileURLWithPath: $0)).range(of: Data(text.utf8)) != nil
        }
    }

    @Test func aSecretIsFoundInTheProcessThatItWasAttachedToAndNowhereElse() async throws {
        let server = try await RunningServer.start(extraArguments: ["--log-level", "trace"])
        let canary = Self.canary
        var seen = ""
        func record(_ result: CommandResult) { seen += result.output + result.errors }

        record(try await server.attache(["secrets", "create", "CANARY"], input: Array(canary.utf8)))
        let token = try await server.createAgent("bot", with: ["CANARY"])
        #expect(try await server.environment(of: token)["CANARY"] == canary)
        for arguments in [
            ["secrets", "list", "--json"], ["secrets", "show", "CANARY", "--json"],
            ["agents", "show", "bot", "--json"],
            ["agents", "instances", "bot", "--json"], ["audit", "list", "--json"], ["audit", "export"], ["status"],
            ["doctor"],
        ] {
            record(try await server.attache(arguments))
        }
        // Errors about it, from every side that has the value in hand.
        record(try await server.attache(["secrets", "create", "CANARY"], input: Array(canary.utf8)))
        record(try await server.attache(["secrets", "create", "not-a-name"], input: Array(canary.utf8)))
        record(
            try await server.attache(["secrets", "update", "CANARY", "--kind", "variable"], input: Array(canary.utf8))
        )
        let file = server.directory.appending("import.env")
        try Data("CANARY=\(canary)\nBAD LINE \(canary)\n".utf8).write(to: URL(fileURLWithPath: file))
        record(try await server.attache(["secrets", "import", file]))
        try FileManager.default.removeItem(atPath: file)

        #expect(!seen.contains(canary))
        #expect(seen.contains("canary-9***"))
        #expect(!server.log.contains(canary))
        #expect(try files(of: server, containing: canary) == [])
        for name in ["cmdline", "environ"] {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(server.pid)/\(name)"))
            #expect(bytes.range(of: Data(canary.utf8)) == nil)
        }
        server.signal(SIGTERM)
        _ = await server.waitForExit()
        #expect(try files(of: server, containing: canary) == [])
        #expect(try files(of: server, containing: token) == [])
    }

    @Test(arguments: [SIGSEGV, SIGILL, SIGABRT, SIGTRAP, SIGBUS, SIGFPE, SIGQUIT])
    func aCrashShowsNothingOfWhatTheServerHolds(signal: Int32) async throws {
        let server = try await RunningServer.start()
        let canary = Self.canary
        #expect(try await server.attache(["secrets", "create", "CANARY"], input: Array(canary.utf8)).status == 0)
        let token = try await server.createAgent("bot", with: ["CANARY"])
        #expect(try await server.environment(of: token)["CANARY"] == canary)
        server.signal(signal)
        _ = await server.waitForExit()
        #expect(!server.log.contains(canary))
        #expect(!server.log.contains("Backtrace") && !server.log.contains("crashed"))
        #expect(try files(of: server, containing: canary) == [])
        let here = try FileManager.default.contentsOfDirectory(atPath: FileManager.default.currentDirectoryPath)
        #expect(!here.contains { $0.hasPrefix("core") })
    }
}

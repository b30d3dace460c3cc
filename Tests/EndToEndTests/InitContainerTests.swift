// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `attache init container`, with an engine's files in a folder of the test's own.
struct InitContainerTests {
    private let server: RunningServer

    init() async throws {
        server = try await RunningServer.start()
        _ = try await server.attache("secrets", "create", "TOKEN", input: Array("s3cret".utf8))
        for name in ["attache-hook", "attache-runtime"] {
            try FileManager.default.createSymbolicLink(
                atPath: server.directory.appending(name),
                withDestinationPath: Programs.attacheHook
            )
        }
    }

    private var places: [String] {
        [
            "--engine-file", server.directory.appending("daemon.json"), "--settings-file",
            server.directory.appending("hook.json"), "--hook", server.directory.appending("attache-hook"),
        ]
    }

    private func setUp(_ arguments: String...) async throws -> CommandResult {
        try await server.attache(
            ["init", "container"] + arguments + places,
            environment: ["ATTACHE_EXEC_PATH": Programs.attacheExec]
        )
    }

    private static let wanted = ["--engine", "docker", "--agent", "web", "--image", "nginx", "--secret", "TOKEN"]

    private func run(_ more: String...) async throws -> CommandResult {
        try await server.attache(
            ["init", "container"] + Self.wanted + more + places,
            environment: ["ATTACHE_EXEC_PATH": Programs.attacheExec]
        )
    }

    @Test func itSaysWhatThereIsToDoAndDoesNothing() async throws {
        let result = try await run()
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("attache engines install docker\n"))
        #expect(result.output.contains("attache agents create web --secret TOKEN\n"))
        #expect(result.output.contains("docker run --detach --runtime attache --env ATTACHE_AGENT=web nginx\n"))
        #expect(!FileManager.default.fileExists(atPath: server.directory.appending("daemon.json")))
        #expect(try await server.attache("agents", "show", "web").status == 1)
    }

    @Test func withApplyItIsDoneOnce() async throws {
        let result = try await run("--apply", "--json")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains(#""applied""#))
        let daemon = try String(contentsOfFile: server.directory.appending("daemon.json"), encoding: .utf8)
        #expect(daemon.contains(server.directory.appending("attache-runtime")))
        #expect(try await server.attache("agents", "show", "web").output.contains("TOKEN"))
        let again = try await run("--apply", "--json")
        #expect(again.status == 0)
        #expect(!again.output.contains(#""applied""#))
    }

    @Test func anEntryThatIsNotThereIsSaidBeforeAnythingIsDone() async throws {
        let result = try await run("--secret", "NONE", "--apply")
        #expect(result.status == 2)
        #expect(result.errors.contains("there is no entry NONE"))
        #expect(!FileManager.default.fileExists(atPath: server.directory.appending("daemon.json")))
        #expect(try await server.attache("agents", "show", "web").status == 1)
    }

    @Test func withoutATerminalNothingIsAsked() async throws {
        let result = try await setUp("--engine", "docker")
        #expect(result.status == 2)
        #expect(result.errors.contains("--agent is missing"))
    }

    @Test func atATerminalItAsksForWhatIsLeftOpen() async throws {
        let terminal = try TerminalSession(
            Programs.attache,
            ["init", "container", "--image", "nginx"] + places,
            environment: [
                "ATTACHE_SOCKET": server.socket, "PATH": "/usr/bin:/bin", "ATTACHE_EXEC_PATH": Programs.attacheExec,
            ]
        )
        try await terminal.wait(for: "engine (docker, podman, containerd): ")
        terminal.type("nonsense\n")
        terminal.type("docker\n")
        try await terminal.wait(for: "agent: ")
        terminal.type("web\n")
        try await terminal.wait(for: "[y/N] ")
        terminal.type("y\n")
        try await terminal.wait(for: "(done)")
        #expect(await terminal.waitForExit() == 0)
        #expect(try await server.attache("agents", "show", "web").status == 0)
        #expect(FileManager.default.fileExists(atPath: server.directory.appending("daemon.json")))
    }
}

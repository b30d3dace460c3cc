// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The hook as engines run it, with a runtime that only tells what it was given.
///
/// With real ones: `make engines`.
struct HookTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        let runtime = """
            #!/bin/sh
            for argument in "$0" "$@"; do printf '%s\\0' "$argument"; done
            exit 7
            """
        try write(runtime, to: "runc", mode: 0o755)
        try write("", to: "attache-exec", mode: 0o755)
        for folder in ["agents", "bundle"] {
            try FileManager.default.createDirectory(
                atPath: directory.appending(folder),
                withIntermediateDirectories: true
            )
        }
        try FileManager.default.createSymbolicLink(
            atPath: directory.appending("attache-runtime"),
            withDestinationPath: Programs.attacheHook
        )
        let settings = """
            {"socket": "\(directory.appending("attache.sock"))", "agentSocket": "\(directory.appending("agents/agent.sock"))",
             "exec": "\(directory.appending("attache-exec"))", "runtime": "\(directory.appending("runc"))"}
            """
        try write(settings, to: "hook.json")
    }

    private func write(_ text: String, to name: String, mode: mode_t = 0o644) throws {
        try betweenSpawns { try Data(text.utf8).write(to: URL(fileURLWithPath: directory.appending(name))) }
        chmod(directory.appending(name), mode)
    }

    private func text(_ name: String) throws -> String {
        try String(contentsOfFile: directory.appending(name), encoding: .utf8)
    }

    private func runtime(_ arguments: String...) async throws -> CommandResult {
        try await run(
            directory.appending("attache-runtime"),
            arguments,
            environment: ["ATTACHE_HOOK_CONFIG": directory.appending("hook.json")],
            currentDirectory: directory.path
        )
    }

    private func hook(_ arguments: String..., input: String = "") async throws -> CommandResult {
        try await run(
            Programs.attacheHook,
            arguments,
            environment: ["ATTACHE_HOOK_CONFIG": directory.appending("hook.json")],
            input: Array(input.utf8)
        )
    }

    private static let named = #"{"process":{"args":["sleep","1"]},"annotations":{"io.attache.agent":"web"},"x":1.50}"#

    @Test(arguments: [
        ["--root", "/r", "--log", "/l", "--systemd-cgroup", "state", "abc"], ["--version"], ["features"],
        ["exec", "--process", "/p", "-d", "abc", "--", "a b", "", "\u{FC}"], ["kill", "abc", "KILL"], [],
        ["create", "--bundle", "/nowhere", "abc"],
    ])
    func everyOtherCommandIsPassedOnAsItIs(arguments: [String]) async throws {
        let result = try await run(
            directory.appending("attache-runtime"),
            arguments,
            environment: ["ATTACHE_HOOK_CONFIG": directory.appending("hook.json")]
        )
        #expect(result.status == 7)
        let told = result.stdout.split(separator: 0, omittingEmptySubsequences: false).dropLast()
        #expect(told.map { String(decoding: $0, as: UTF8.self) } == [directory.appending("runc")] + arguments)
    }

    @Test func aFlagOfItsOwnIsNotPassedOn() async throws {
        let flag = "--attache-config=\(directory.appending("hook.json"))"
        let result = try await run(directory.appending("attache-runtime"), [flag, "exec", "abc", flag])
        #expect(result.output.split(separator: "\0").dropFirst() == ["exec", "abc", Substring(flag)])
    }

    @Test func aBundleThatNamesAnAgentIsEditedBeforeTheRuntimeReadsIt() async throws {
        try write(Self.named, to: "bundle/config.json", mode: 0o640)
        let result = try await runtime("create", "--bundle", directory.appending("bundle"), "abc")
        #expect(result.status == 7, "\(result.errors)")
        let edited = try text("bundle/config.json")
        #expect(edited.contains(#"["/.attache/attache-exec","--","sleep","1"]"#))
        #expect(edited.contains(#""x":1.50"#))
        var status = stat()
        #expect(stat(directory.appending("bundle/config.json"), &status) == 0 && status.st_mode & 0o777 == 0o640)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.appending("bundle")) == ["config.json"])
    }

    @Test func aBundleWithoutAnAgentStaysAsItIs() async throws {
        try write(#"{"process":{"args":["a"]}}  "#, to: "bundle/config.json")
        var before = stat()
        var after = stat()
        #expect(stat(directory.appending("bundle/config.json"), &before) == 0)
        #expect(try await runtime("create", "-b", directory.appending("bundle"), "abc").status == 7)
        #expect(stat(directory.appending("bundle/config.json"), &after) == 0)
        #expect(before.st_ino == after.st_ino)
        #expect(try text("bundle/config.json") == #"{"process":{"args":["a"]}}  "#)
    }

    @Test func whatCannotBeEditedIsToldInTheRuntimesLog() async throws {
        try write(#"{"process":{"args":[]},"annotations":{"io.attache.agent":"web"}}"#, to: "bundle/config.json")
        let result = try await runtime(
            "--log",
            directory.appending("log"),
            "--log-format",
            "json",
            "create",
            "--bundle",
            directory.appending("bundle"),
            "abc"
        )
        #expect(result.status == 1)
        #expect(result.output == "")
        #expect(result.errors.hasPrefix("attache-runtime: error: the container has no arguments"))
        let line = try #require(
            JSONSerialization.jsonObject(with: Data(text("log").utf8)) as? [String: String]
        )
        #expect(line["level"] == "error")
        #expect(line["msg"]?.hasPrefix("attache-runtime: the container has no arguments") == true)
    }

    @Test func withoutTheFolderOfTheSocketNothingStarts() async throws {
        try FileManager.default.removeItem(atPath: directory.appending("agents"))
        try write(Self.named, to: "bundle/config.json")
        let result = try await runtime("create", "--bundle", directory.appending("bundle"), "abc")
        #expect(result.status == 1)
        #expect(result.errors.contains("the server cannot be reached"))
        #expect(try text("bundle/config.json") == Self.named)
    }

    @Test func podmansHookGoesFromInputToOutput() async throws {
        let plain = #"{"process":{"args":["a"]}}"#
        #expect(try await hook("precreate", input: plain).output == plain)
        let edited = try await hook("precreate", input: Self.named)
        #expect(edited.status == 0)
        #expect(edited.output.contains("/.attache/attache-exec"))
        let refused = try await hook("precreate", input: "no json")
        #expect(refused.status == 1)
        #expect(refused.output == "")
    }

    @Test func aContainerIsNotStartedWhereNobodyVouchesForIt() async throws {
        let state = #"{"id":"abc","pid":1,"status":"creating"}"#
        let refused = try await hook("register", "--agent", "web", input: state)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("the server cannot be reached at"))
        #expect(try await hook("register", "--agent", "web", "--offline", input: state).status == 0)
        #expect(try await hook("register", "--agent", "web", input: "{}").status == 1)
    }

    @Test func theServerSaysWhyItDoesNotVouch() async throws {
        let server = try await RunningServer.start()
        _ = try await server.createAgent("web")
        try write("{\"socket\": \"\(server.socket)\"}", to: "hook.json")
        // The process is of this machine and of no container of that id.
        let state = #"{"id":"no-such-group","pid":\#(getpid())}"#
        let refused = try await hook("register", "--agent", "web", input: state)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("names the container"))
        let unknown = try await hook("register", "--agent", "nobody", input: state)
        #expect(unknown.status == 1)
        #expect(try await hook("end", input: state).status == 0)
    }

    @Test func theSocketForContainersIsAloneInItsFolderAndOutlivesARestart() async throws {
        let server = try await RunningServer.start()
        let folder = server.directory.appending("run/agents")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["agent.sock"])
        server.signal(SIGKILL)
        _ = await server.waitForExit()
        let next = try await RunningServer.start(in: server.directory)
        _ = try await next.attache("secrets", "create", "TOKEN", input: Array("v".utf8))
        let token = try await next.createAgent("bot", with: ["TOKEN"])
        let result = try await next.exec(
            token: token,
            ["/bin/sh", "-c", "printf %s \"$TOKEN\""],
            environment: ["ATTACHE_ADDRESS": "unix://\(folder)/agent.sock"]
        )
        #expect(result.output == "v", "\(result.errors)")
    }

    @Test(arguments: [["--help"], ["--version"]])
    func itExplainsItself(arguments: [String]) async throws {
        let result = try await run(Programs.attacheHook, arguments)
        #expect(result.status == 0)
        #expect(result.output.contains("attache-hook"))
    }

    @Test(arguments: [[], ["nonsense"], ["register"], ["precreate", "--nonsense"], ["end", "--config"]])
    func aWrongCommandLineIsRefused(arguments: [String]) async throws {
        let result = try await run(Programs.attacheHook, arguments)
        #expect(result.status == 2)
        #expect(result.errors.hasPrefix("attache-hook: error: "))
    }
}

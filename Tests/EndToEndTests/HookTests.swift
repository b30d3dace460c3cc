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

    /// The server's socket, and a runtime that makes a container out of anything and tells what it was asked.
    private func serve(_ answers: [String?], pid: String = "4242") throws -> AnsweringSocket {
        try write(
            """
            #!/bin/sh
            echo "$*" >>'\(directory.appending("calls"))'
            for word; do
                if [ "$last" = --pid-file ]; then echo \(pid) >"$word"; fi
                if [ "$word" = state ]; then echo '{"id": "abc", "pid": \(pid), "status": "created"}'; fi
                last=$word
            done
            """,
            to: "runc",
            mode: 0o755
        )
        try write(Self.named, to: "bundle/config.json")
        return try AnsweringSocket(at: directory.appending("attache.sock"), answers)
    }

    private static let accepted = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    private static let refused =
        "HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n"
        + #"{"error":"no such agent","code":"agent_not_found","status":404}"#

    /// What the runtime was asked, in order.
    private func calls() throws -> [String] { try text("calls").split(separator: "\n").map(String.init) }

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
        #expect(!edited.contains("hooks"))
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

    @Test func theServerKnowsTheContainerWhenTheEngineHearsOfIt() async throws {
        let server = try serve([Self.accepted])
        let file = directory.appending("pid")
        let result = try await runtime("--root", "/r", "create", "-b", "bundle", "--pid-file", file, "abc")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try calls() == ["--root /r create -b bundle --pid-file \(file) abc"])
        let request = try #require(server.requests.first)
        #expect(request.hasPrefix("PUT /api/v1/containers/abc HTTP/1.1\r\n"))
        #expect(request.hasSuffix(#"{"agent":"web","pid":4242}"#))
        // Nothing is left for a hook to do.
        #expect(try !text("bundle/config.json").contains("hooks"))
    }

    @Test func withoutAFileTheRuntimeIsAskedForThePid() async throws {
        let server = try serve([Self.accepted], pid: "17")
        let result = try await runtime("--root=/r", "create", "--bundle=bundle", "abc")
        #expect(result.status == 0 && result.output == "", "\(result.errors)")
        #expect(try calls() == ["--root=/r create --bundle=bundle abc", "--root=/r state abc"])
        #expect(server.requests.first?.hasSuffix(#"{"agent":"web","pid":17}"#) == true)
    }

    @Test func aServerThatCameBackMeanwhileIsAskedAnew() async throws {
        let server = try serve([nil, Self.accepted])
        #expect(try await runtime("create", "-b", "bundle", "abc").status == 0)
        #expect(server.requests.count == 1)
    }

    @Test func aContainerThatTheServerDoesNotTakeIsUndone() async throws {
        let server = try serve([Self.refused])
        let (pid, log) = (directory.appending("pid"), directory.appending("log"))
        let result = try await runtime("--log", log, "create", "-b", "bundle", "--pid-file", pid, "abc")
        #expect(result.status == 1)
        #expect(result.errors == "attache-runtime: error: no such agent\n")
        #expect(try text("log").contains("attache-runtime: no such agent"))
        #expect(try calls().last == "--log \(log) delete --force abc")
        #expect(!FileManager.default.fileExists(atPath: pid))
        #expect(server.requests.count == 1)
    }

    @Test(arguments: [(["--pid-file", "pid"], "holds no pid"), ([], "\"pid\"")])
    func aContainerWithoutAProcessIsUndone(flag: [String], text: String) async throws {
        let server = try serve([Self.accepted], pid: "null")
        let result = try await run(
            directory.appending("attache-runtime"),
            ["create", "-b", "bundle"] + flag + ["abc"],
            environment: ["ATTACHE_HOOK_CONFIG": directory.appending("hook.json")],
            currentDirectory: directory.path
        )
        #expect(result.status == 1)
        #expect(result.errors.contains(text))
        #expect(try calls().last == "delete --force abc")
        #expect(server.requests.isEmpty)
    }

    @Test func withoutAServerOnlyAContainerThatMayStartOfflineIsLeft() async throws {
        _ = try serve([])
        unlink(directory.appending("attache.sock"))
        let refused = try await runtime("create", "-b", "bundle", "abc")
        #expect(refused.status == 1)
        #expect(refused.errors.contains("the server cannot be reached at"))
        #expect(try calls().last == "delete --force abc")
        let offline = Self.named.replacing("\"web\"", with: "\"web\",\"io.attache.offline\":\"1\"")
        try write(offline, to: "bundle/config.json")
        let started = try await runtime("create", "-b", "bundle", "--pid-file", directory.appending("pid"), "abc")
        #expect(started.status == 0)
        #expect(started.errors.contains("starting without values"))
        // Nobody vouches for it, so a wrapper would be refused by the server that comes back.
        #expect(try String(contentsOfFile: directory.appending("bundle/config.json"), encoding: .utf8) == offline)
        #expect(try calls().last?.hasSuffix("abc") == true && calls().last?.hasPrefix("create") == true)
    }

    /// A runtime that says in its own folder which process it is, and then does as `rest` says.
    private func serve(_ answers: [String?], thatSays state: String, then rest: String) throws -> AnsweringSocket {
        let server = try serve(answers)
        let folder = directory.appending("root/abc")
        let script = """
            #!/bin/sh
            echo "$*" >>'\(directory.appending("calls"))'
            case "$*" in *delete*) exit 0 ;; esac
            mkdir -p '\(folder)' && echo '\(state)' >'\(folder)/new' && mv '\(folder)/new' '\(folder)/state.json'
            while [ $# -gt 1 ]; do [ "$1" != --pid-file ] || echo 12 >"$2"; shift; done
            \(rest)
            """
        try write(script, to: "runc", mode: 0o755)
        return server
    }

    private func create() async throws -> CommandResult {
        let file = directory.appending("pid")
        return try await runtime(
            "--root",
            directory.appending("root"),
            "create",
            "-b",
            "bundle",
            "--pid-file",
            file,
            "abc"
        )
    }

    @Test func theServerIsToldWhileTheRuntimeIsStillAtWork() async throws {
        let heard = directory.appending("heard")
        let server = try serve(
            [Self.accepted],
            thatSays: #"{"id":"abc","init_process_pid":77}"#,
            then: "until [ -e '\(heard)' ]; do sleep 0.01; done"
        )
        async let made = create()
        let deadline = ContinuousClock.now + .seconds(20)
        while server.requests.isEmpty, ContinuousClock.now < deadline { await Task.yield() }
        #expect(server.requests.first?.hasSuffix(#""pid":77}"#) == true)
        try write("", to: "heard")
        #expect(try await made.status == 0)
        #expect(server.requests.count == 1)
    }

    @Test(arguments: [#"{"id":"abc"}"#, "no json", #"{"init_process_pid":0}"#])
    func aRuntimesOwnFileInAnotherFormIsLeftAlone(state: String) async throws {
        let server = try serve([Self.accepted], thatSays: state, then: "")
        let made = try await create()
        #expect(made.status == 0, "\(made.errors)")
        #expect(server.requests.first?.hasSuffix(#""pid":12}"#) == true)
    }

    @Test func whatIsRefusedEarlyIsRefusedInTheEnd() async throws {
        let server = try serve([Self.refused, Self.refused], thatSays: #"{"init_process_pid":77}"#, then: "")
        let result = try await create()
        #expect(result.status == 1)
        #expect(result.errors == "attache-runtime: error: no such agent\n")
        #expect(try calls().last?.hasSuffix("delete --force abc") == true)
        #expect(server.requests.count == 2)
    }

    @Test func aContainerThatWasThereBeforeIsNotTakenForTheNewOne() async throws {
        let server = try serve([Self.accepted], thatSays: #"{"init_process_pid":77}"#, then: "exit 1")
        try FileManager.default.createDirectory(
            atPath: directory.appending("root/abc"),
            withIntermediateDirectories: true
        )
        #expect(try await create().status == 1)
        #expect(server.requests.isEmpty)
    }

    @Test func aRuntimeThatFailsSpeaksForItself() async throws {
        let server = try serve([Self.accepted], thatSays: #"{"init_process_pid":77}"#, then: "echo no >&2; exit 3")
        let result = try await create()
        #expect(result.status == 3)
        #expect(result.errors == "no\n")
        #expect(try calls().count == 1)
        #expect(server.requests.count == 1)
    }

    /// Sockets that systemd or podman hands over are for the process of that id (sd_listen_fds(3)), which is now another one.
    @Test func handedOverSocketsAreForTheRuntime() async throws {
        try write(Self.named, to: "bundle/config.json")
        try write(
            "#!/bin/sh\necho \"$$ $LISTEN_PID $LISTEN_FDS $OTHER\" >'\(directory.appending("told"))'\nexit 3\n",
            to: "runc",
            mode: 0o755
        )
        for variable in ["LISTEN_PID=$$", "LISTEN_PID=1"] {
            let command =
                "OTHER=1 LISTEN_FDS=2 \(variable) exec '\(directory.appending("attache-runtime"))' create -b '\(directory.appending("bundle"))' abc"
            let result = try await run(
                "/bin/sh",
                ["-c", command],
                environment: ["ATTACHE_HOOK_CONFIG": directory.appending("hook.json")]
            )
            #expect(result.status == 3)
            let told = try text("told").split(separator: " ").map(String.init)
            #expect(told == [told[0], variable == "LISTEN_PID=1" ? "1" : told[0], "2", "1\n"])
        }
    }

    /// A runtime that takes most of a minute for its container.
    private func startSlowRuntime() async throws -> StartedProcess {
        try write(Self.named, to: "bundle/config.json")
        try write(
            "#!/bin/sh\ntrap 'exit 9' TERM\necho waits\n"
                + "left=2000; while [ $left -gt 0 ]; do sleep 0.02; left=$((left - 1)); done\n",
            to: "runc",
            mode: 0o755
        )
        let process = try StartedProcess(
            directory.appending("attache-runtime"),
            ["create", "-b", directory.appending("bundle"), "abc"],
            environment: ["ATTACHE_HOOK_CONFIG": directory.appending("hook.json"), "PATH": "/usr/bin:/bin"]
        )
        try await process.printed.wait(for: "waits", deadline: .seconds(20))
        return process
    }

    @Test func aSignalToTheCommandIsOneToTheRuntime() async throws {
        let process = try await startSlowRuntime()
        process.signal(SIGTERM)
        #expect(await process.waitForExit() == 9)
    }

    @Test func aRuntimeDoesNotOutliveTheCommand() async throws {
        let process = try await startSlowRuntime()
        process.signal(SIGKILL)
        #expect(await process.waitForExit() == SIGKILL)
        // The runtime had the pipe as well.
        try await process.printed.waitForEnd(deadline: .seconds(20))
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

// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `--supervise`: the wrapper stays, and the command cannot tell but for its parent.
struct SupervisionTests {
    private func start(_ scene: Scene, flags: [String] = [], _ command: [String]) throws -> Child {
        try scene.start((["--supervise"] + flags + ["--"] + command).map { [UInt8]($0) })
    }

    private func shell(_ scene: Scene, flags: [String] = [], _ script: String) throws -> Child {
        try start(scene, flags: flags, ["/bin/sh", "-c", script])
    }

    // MARK: Transparency

    @Test(arguments: Array(0...255))
    func theExitCodeIsTheCommands(code: Int) throws {
        let scene = try Scene(supervised: [["A=1"]])
        let child = try start(scene, [try Probe.path(), "exit", "\(code)"])
        #expect(try child.outcome().ending == .exit(Int32(code)))
    }

    @Test(arguments: [SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGKILL, SIGSEGV, SIGPIPE, SIGTERM, SIGUSR1, 34, 64])
    func aDeathBySignalIsMirrored(signal: Int32) throws {
        let scene = try Scene(supervised: [["A=1"]])
        let child = try start(scene, [try Probe.path(), "kill", "\(signal)"])
        #expect(try child.outcome().ending == .signal(signal))
    }

    private static let catchable = (1...64).filter { $0 != SIGKILL && $0 != SIGSTOP }

    @Test(arguments: catchable)
    func everyCatchableSignalIsPassedOn(signal: Int32) throws {
        let scene = try Scene(supervised: [["A=1"]])
        let child = try start(scene, [try Probe.path(), "signal"])
        #expect(child.waitForOutput("ready"))
        kill(child.pid, signal)
        #expect(try child.outcome().ending == .exit(signal))
    }

    @Test func theValueOfAQueuedSignalIsPassedOn() throws {
        let scene = try Scene(supervised: [["A=1"]])
        let child = try start(scene, [try Probe.path(), "signal"])
        #expect(child.waitForOutput("ready"))
        let sender = try Child(
            "/bin/kill",
            arguments: ["kill", "-s", "RTMIN", "-q", "4711", "\(child.pid)"].map { [UInt8]($0) },
            environment: []
        )
        #expect(try sender.outcome().ending == .exit(0))
        #expect(try child.outcome().text.contains("value 4711"))
    }

    /// But for its parent and its process group, of which it is the leader.
    @Test(arguments: ["plain", "odd"])
    func theStateOfTheProcessIsTheSameBareAndSupervised(arrangement: String) throws {
        let scene = try Scene(supervised: [["A=1"]])
        let probe = try Probe.path()
        let token = try scene.directory.write("gwt_a".utf8, to: "token")
        let bare = try Probe.start(arrangement, in: "/usr", probe, [[UInt8]("state")], environment: [])
        let supervised = try Probe.start(
            arrangement,
            in: "/usr",
            try Wrapper.path(),
            ["--supervise", "--", probe, "state"].map { [UInt8]($0) },
            environment: [scene.address, [UInt8]("ATTACHE_GATEWAY_TOKEN_FILE=\(token)")]
        )
        func lines(_ text: String) -> [Substring] { text.split(separator: "\n").filter { !$0.hasPrefix("parent ") } }
        let expected = lines(try bare.outcome().text)
        #expect(lines(try supervised.outcome().text) == expected)
        #expect(expected.count > 10)
    }

    @Test func aCommandThatCannotBeStartedEndsTheSupervisorToo() throws {
        let scene = try Scene(supervised: [["A=1"]])
        let script = try scene.directory.write("#!/nowhere\n".utf8, to: "script", mode: 0o700)
        let outcome = try start(scene, flags: ["--restart", "always"], [script]).outcome()
        #expect(outcome.ending == .exit(126))
        #expect(outcome.errors.contains("command_not_executable"))
        #expect(scene.server.waitForRequest("DELETE /api/v1/starts/rcp-1"))
    }

    @Test(.enabled(if: Namespaces.command(for: "--pid --fork") != nil, "no new pid namespace is permitted here"))
    func asTheFirstProcessItReapsOrphansAndEndsWithTheCommandsStatus() throws {
        let unshare = try #require(Namespaces.command(for: "--pid --fork --mount-proc"))
        let scene = try Scene(supervised: [["A=1"]])
        // The orphan is the child of a shell that has ended; it is gone from /proc once it has been reaped.
        let script = """
            orphan=$(sh -c 'sh -c "exit 3" & echo $!')
            while [ -e /proc/$orphan ]; do :; done
            echo "parent $PPID"
            kill -KILL $$
            """
        let arguments = unshare + [try Wrapper.path(), "--supervise", "--", "/bin/sh", "-c", script]
        let child = try Child(arguments[0], arguments: arguments.map { [UInt8]($0) }, environment: [scene.address])
        let outcome = try child.outcome()
        #expect(outcome.text == "parent 1\n")
        #expect(outcome.ending == .exit(128 + SIGKILL))
    }

    // MARK: The terminal

    private func onTerminal(_ scene: Scene, keys: String, flags: [String] = [], _ command: [String]) throws -> Child {
        let probe = try Probe.path()
        let arguments = [probe, "terminal", keys, try Wrapper.path(), "--supervise"] + flags + ["--"] + command
        return try Child(
            probe,
            arguments: arguments.map { [UInt8]($0) },
            environment: [scene.address, [UInt8]("PATH=/usr/bin:/bin")]
        )
    }

    @Test func theCommandHasTheForegroundOfTheTerminal() throws {
        let scene = try Scene(supervised: [["A=1"]])
        let child = try onTerminal(scene, keys: "hello\n", [try Probe.path(), "foreground"])
        let outcome = try child.outcome()
        #expect(outcome.text.contains("leads 1 foreground 1"))
        #expect(outcome.text.contains("read hello"))
        #expect(outcome.ending == .exit(0))
    }

    @Test func aKeyOfTheTerminalSignalsTheCommandOnce() throws {
        let scene = try Scene(supervised: [["A=1"]])
        let script = "n=0; trap 'n=$((n+1)); echo got $n' INT; echo ready; read line; read line; exit $n"
        let child = try onTerminal(scene, keys: "\u{3}\n\n", ["/bin/bash", "-c", script])
        let outcome = try child.outcome()
        #expect(outcome.ending == .exit(1), "\(outcome.text)")
    }

    @Test func aDeathByTheTerminalsInterruptIsNotRestarted() throws {
        let scene = try Scene(supervised: [["A=1"]])
        let child = try onTerminal(
            scene,
            keys: "\u{3}",
            flags: ["--restart", "always"],
            ["/bin/sh", "-c", "echo ready; read line"]
        )
        #expect(try child.outcome().ending == .signal(SIGINT))
    }

    @Test func aStopKeyReachesNothingThatNobodyCouldContinue() throws {
        let scene = try Scene(supervised: [["A=1"]])
        let child = try onTerminal(scene, keys: "\u{1a}hello\n", [try Probe.path(), "foreground"])
        let outcome = try child.outcome()
        #expect(outcome.text.contains("read hello"), "\(outcome.text)")
    }

    private func onTerminal(_ scene: Scene, keys: String, shell script: String) throws -> Child {
        let probe = try Probe.path()
        return try Child(
            probe,
            arguments: [probe, "terminal", keys, "/bin/bash", "-c", script].map { [UInt8]($0) },
            environment: [scene.address, [UInt8]("PATH=/usr/bin:/bin")]
        )
    }

    @Test func aShellAboveSeesTheStopAndContinuesBoth() throws {
        let scene = try Scene(supervised: [["A=1"]])
        let command = "'\(try Wrapper.path())' --supervise -- '\(try Probe.path())' foreground"
        let script = "set -m; \(command); echo stopped $?; fg >/dev/null; echo end $?"
        let text = try onTerminal(scene, keys: "\u{1a}hello\n", shell: script).outcome().text
        #expect(text.contains("stopped 148"), "\(text)")
        #expect(text.contains("read hello"), "\(text)")
        #expect(text.contains("end 0"), "\(text)")
    }

    /// The state of a process and its parent, from proc_pid_stat(5).
    private static func status(of pid: pid_t) -> (state: Substring, parent: pid_t)? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let fields = text.split(separator: ")").last?.split(separator: " "), fields.count > 1,
            let parent = pid_t(fields[1])
        else { return nil }
        return (fields[0], parent)
    }

    @Test func aStopWhileTheEnvironmentIsOnItsWayStopsTheWrapper() throws {
        let scene = try Scene(
            supervised: [["A=1"]],
            beforeStart: { request in
                // What fetches is a child of the wrapper.
                guard let wrapper = Self.status(of: request.peer)?.parent else { return }
                kill(wrapper, SIGTSTP)
                let deadline = ContinuousClock.now + .seconds(20)
                while Self.status(of: wrapper)?.state != "T", ContinuousClock.now < deadline { sched_yield() }
            }
        )
        let command = "'\(try Wrapper.path())' --supervise -- /bin/echo ran"
        let script = "set -m; \(command); echo stopped $?; fg >/dev/null; echo end $?"
        let text = try onTerminal(scene, keys: "", shell: script).outcome().text
        #expect(text.contains("stopped 148\r\nran\r\nend 0"), "\(text)")
    }

    /// A shell tells a job that runs in the background nothing when it takes it to the front.
    @Test func aJobThatComesBackFromTheBackgroundHasTheKeys() throws {
        let scene = try Scene(supervised: [["A=1"]])
        let directory = try TemporaryDirectory()
        let command = """
            trap "exit 9" INT; front() { ps -o tpgid= -p $$; }
            echo ready; while [ $(front) -eq $$ ]; do sleep 0.05; done; : > "$1"
            until [ $(front) -eq $PPID ]; do sleep 0.05; done; echo in fro""nt; sleep 1000
            """
        let file = "\(directory.path)/behind"
        let script = """
            set -m; '\(try Wrapper.path())' --supervise -- /bin/bash -c '\(command)' sh '\(file)'
            bg >/dev/null; until [ -e '\(file)' ]; do sleep 0.05; done; fg >/dev/null; echo end $?
            """
        let child = try onTerminal(scene, keys: "\u{1a}\u{1e}in front\u{1f}\u{3}", shell: script)
        let text = try child.outcome().text
        #expect(text.contains("end 9"), "\(text)")
    }

    @Test func aJobThatBeganInTheBackgroundReadsOnceItIsInFront() throws {
        let scene = try Scene(supervised: [["A=1"]])
        let script = """
            set -m; '\(try Wrapper.path())' --supervise -- '\(try Probe.path())' foreground &
            until jobs | grep -q Stopped; do sleep 0.05; done; fg >/dev/null; echo end $?
            """
        let child = try onTerminal(scene, keys: "hello\n", shell: script)
        let text = try child.outcome().text
        #expect(text.contains("read hello"), "\(text)")
        #expect(text.contains("end 0"), "\(text)")
    }

    // MARK: Changes

    private func serve(_ scene: Scene, flags: [String] = []) throws -> Child {
        try start(scene, flags: flags, [try Probe.path(), "serve"])
    }

    @Test func aChangeRestartsTheCommandWithTheNewEnvironment() throws {
        let scene = try Scene(supervised: [["A=1"], ["A=2"]])
        let child = try serve(scene, flags: ["--on-change=restart"])
        #expect(child.waitForOutput("start 1"))
        #expect(scene.server.waitForRequest("GET /api/v1/starts/rcp-1/changes"))
        scene.server.answerSilent(Answers.change("values", names: "A"))
        #expect(child.waitForOutput("start 2"))
        #expect(scene.server.waitForRequest("GET /api/v1/starts/rcp-2/changes"))
        kill(child.pid, SIGTERM)
        let outcome = try child.outcome()
        #expect(outcome.text == "start 1\nterm\nstart 2\nterm\n")
        #expect(outcome.ending == .exit(0))
        #expect(scene.server.waitForRequest("DELETE /api/v1/starts/rcp-2"))
        #expect(scene.server.requests.allSatisfy { $0.field("Authorization") == "Bearer " + Scene.token })
        #expect(scene.server.requests.first?.field("Attache-Supervised") == "1")
        let starts = Set(scene.server.requests.compactMap { $0.field("Attache-Start") })
        #expect(starts.count == 2)
    }

    @Test func aChangeIsReportedOnceAndTheCommandStays() throws {
        let scene = try Scene(supervised: [["A=1"]])
        let child = try serve(scene)
        #expect(child.waitForOutput("start 1"))
        #expect(scene.server.waitForRequest("GET"))
        scene.server.answerSilent(Answers.change("values", environment: "e2", names: "A B"))
        #expect(scene.server.waitForRequest("GET", count: 2))
        #expect(scene.server.requests.last?.head.contains("&seen=e2 ") == true)
        kill(child.pid, SIGTERM)
        let outcome = try child.outcome()
        #expect(outcome.errors == "attache-exec: note: the vault has other values, which a restart takes: A B\n")
        #expect(outcome.text == "start 1\nterm\n")
    }

    @Test func aChangeSignalsTheCommand() throws {
        let scene = try Scene(supervised: [["A=1"]])
        let child = try start(scene, flags: ["--on-change", "signal:USR1"], [try Probe.path(), "signal"])
        #expect(child.waitForOutput("ready"))
        #expect(scene.server.waitForRequest("GET"))
        scene.server.answerSilent(Answers.change("values", names: "A"))
        #expect(try child.outcome().ending == .exit(SIGUSR1))
    }

    @Test func aRequestToRestartRestartsWhateverAChangeWouldDo() throws {
        let scene = try Scene(supervised: [["A=1"], ["A=2"]])
        let child = try serve(scene)
        #expect(child.waitForOutput("start 1"))
        #expect(scene.server.waitForRequest("GET"))
        scene.server.answerSilent(Answers.change("restart"))
        #expect(child.waitForOutput("start 2"))
        kill(child.pid, SIGTERM)
        #expect(try child.outcome().ending == .exit(0))
    }

    @Test func aFetchThatFailsLeavesTheCommandRunning() throws {
        let directory = try TemporaryDirectory()
        let server = try ScriptedServer(at: directory.path + "/s") { request, position in
            if request.head.hasPrefix("GET") { return .silence }
            if request.head.hasPrefix("DELETE") { return Answers.told() }
            return position == 0 ? Answers.environment("A=1") : Answers.refusal(403, code: "forbidden")
        }
        defer { server.stop() }
        try server.listen()
        let child = try Wrapper.start(
            ["--supervise", "--on-change=restart", "--", try Probe.path(), "serve"].map { [UInt8]($0) },
            environment: [[UInt8]("ATTACHE_ADDRESS=unix://\(directory.path)/s"), [UInt8]("PATH=/bin")]
        )
        #expect(child.waitForOutput("start 1"))
        #expect(server.waitForRequest("GET"))
        server.answerSilent(Answers.change("values", names: "A"))
        #expect(child.waitForErrors("warning: forbidden: "))
        #expect(child.waitForErrors("the running command stays"))
        kill(child.pid, SIGTERM)
        #expect(try child.outcome().text == "start 1\nterm\n")
    }

    @Test func anEnvironmentThatDoesNotFitIsGivenBackAndLeavesTheCommandRunning() throws {
        let scene = try Scene(supervised: [["A=1"], ["A=" + String(repeating: "x", count: 131_071)]])
        let child = try serve(scene, flags: ["--on-change=restart"])
        #expect(child.waitForOutput("start 1"))
        #expect(scene.server.waitForRequest("GET"))
        scene.server.answerSilent(Answers.change("values", names: "A"))
        #expect(scene.server.waitForRequest("DELETE /api/v1/starts/rcp-2"))
        #expect(child.waitForErrors("warning: value_too_long: "))
        kill(child.pid, SIGTERM)
        #expect(try child.outcome().text == "start 1\nterm\n")
    }

    @Test func aCommandThatDoesNotStopIsKilledWithItsGroup() throws {
        let scene = try Scene(supervised: [["A=1"], ["A=2"]])
        let script = """
            trap '' TERM; echo "start $A"; [ $A = 2 ] && exit 0
            sh -c 'trap "" TERM; echo "left $$"; exec sleep 1000' & wait; wait
            """
        let child = try shell(scene, flags: ["--on-change=restart", "--stop-timeout=1"], script)
        #expect(child.waitForOutput("left "))
        #expect(scene.server.waitForRequest("GET"))
        scene.server.answerSilent(Answers.change("values", names: "A"))
        let text = try child.outcome().text
        #expect(text.contains("start 2"))
        let left = try #require(text.firstMatch(of: /left ([0-9]+)/).flatMap { Int32($0.output.1) })
        let deadline = ContinuousClock.now + .seconds(10)
        while kill(left, 0) == 0, ContinuousClock.now < deadline { sched_yield() }
        #expect(kill(left, 0) != 0)
    }

    // MARK: Ends

    @Test(arguments: [("never", 1), ("on-failure", 3), ("always", 4)])
    func anEndIsFollowedByAStartAsThePolicySays(policy: String, starts: Int) throws {
        // Fails twice, then ends well; under `always` it is started again even then, and ends on a signal.
        let scene = try Scene(supervised: [["N=1"], ["N=2"], ["N=3"], ["N=4"]])
        let script =
            "echo \"start $N\"; case $N in 1|2) exit 7;; 3) exit 0;; 4) kill -TERM $PPID; exec sleep 1000;; esac"
        let outcome = try start(scene, flags: ["--restart", policy], ["/bin/bash", "-c", script]).outcome()
        #expect(outcome.text.split(separator: "\n").count == starts)
        switch policy {
        case "never": #expect(outcome.ending == .exit(7))
        case "on-failure": #expect(outcome.ending == .exit(0))
        default: #expect(outcome.ending == .signal(SIGTERM))
        }
        #expect(scene.server.requests.count { $0.head.hasPrefix("POST") } == starts)
    }

    @Test func aSignalToEndDuringThePauseEndsTheSupervisor() throws {
        let scene = try Scene(supervised: [["A=1"]])
        let child = try shell(scene, flags: ["--restart=always"], "echo started; exit 1")
        // Each pause is longer than the one before: one of the next is met.
        #expect(scene.server.waitForRequest("POST", count: 5))
        #expect(child.waitForOutput("started\nstarted\nstarted\nstarted\nstarted"))
        kill(child.pid, SIGTERM)
        let ending = try child.outcome().ending
        #expect(ending == .exit(143) || ending == .exit(1) || ending == .signal(SIGTERM))
    }

    @Test(arguments: [(SIGTERM, 143), (SIGINT, 130), (SIGHUP, 129)] as [(Int32, Int32)])
    func aSignalDuringTheFirstFetchEndsItAtOnce(signal: Int32, status: Int32) throws {
        let scene = try Scene(.silence)
        let child = try scene.start(["--supervise", "--", "true"].map { [UInt8]($0) })
        #expect(scene.server.waitForRequests(1))
        let begin = ContinuousClock.now
        kill(child.pid, signal)
        #expect(try child.outcome().ending == .exit(status))
        #expect(ContinuousClock.now - begin < .seconds(10))
    }

    @Test func aRefusedFirstStartIs125() throws {
        let scene = try Scene(Answers.refusal(401, code: "token_revoked"))
        let outcome = try start(scene, flags: ["--restart=always"], ["/bin/true"]).outcome()
        #expect(outcome.ending == .exit(125))
        #expect(outcome.errors.hasPrefix("attache-exec: error: token_revoked: "))
        #expect(outcome.errors.split(separator: "\n").count == 1)
    }

    @Test func aWatchThatIsKilledFromOutsideIsBegunAgain() throws {
        let scene = try Scene(supervised: [["A=1"]])
        let child = try serve(scene)
        #expect(child.waitForOutput("start 1"))
        #expect(scene.server.waitForRequest("GET"))
        let attendant = try #require(scene.server.requests.last?.peer)
        #expect(attendant != child.pid)
        kill(attendant, SIGKILL)
        #expect(scene.server.waitForRequest("GET", count: 2))
        kill(child.pid, SIGTERM)
        #expect(try child.outcome().text == "start 1\nterm\n")
    }

    @Test func aWatchEndsWithASupervisorThatIsKilled() throws {
        let scene = try Scene(supervised: [["A=1"]])
        let child = try shell(scene, "echo \"pid $$ is it\"; exec sleep 1000")
        #expect(child.waitForOutput("is it"))
        #expect(scene.server.waitForRequest("GET"))
        let attendant = try #require(scene.server.requests.last?.peer)
        kill(child.pid, SIGKILL)
        let deadline = ContinuousClock.now + .seconds(10)
        while kill(attendant, 0) == 0, ContinuousClock.now < deadline { sched_yield() }
        #expect(kill(attendant, 0) != 0)
        // The command lives on, as it would without its supervisor; its output is still open.
        let command = try #require(child.earlierText.firstMatch(of: /pid ([0-9]+)/).flatMap { Int32($0.output.1) })
        #expect(kill(command, SIGKILL) == 0)
        #expect(try child.outcome().ending == .signal(SIGKILL))
    }

    // MARK: The cache

    @Test func aKeptEnvironmentStartsTheCommandAgainWhileTheServerIsAway() throws {
        let scene = try Scene(supervised: [["A=1"]])
        let script = "echo \"start $A\"; read x; exit 1"
        let flags = ["--restart=always", "--cache=memory:last", "--timeout=1"]
        let child = try start(scene, flags: flags, ["/bin/bash", "-c", script])
        #expect(child.waitForOutput("start 1\n"))
        scene.server.stop()
        #expect(child.waitForOutput("start 1\nstart 1\nstart 1"))
        kill(child.pid, SIGTERM)
        #expect(try child.outcome().errors.contains("warning: starting with the environment of the last start"))
    }

    @Test func aRefusalIsObeyedWhateverIsKept() throws {
        let directory = try TemporaryDirectory()
        let server = try ScriptedServer(at: directory.path + "/s") { request, position in
            if request.head.hasPrefix("POST"), position > 0 { return Answers.refusal(401, code: "token_revoked") }
            return request.head.hasPrefix("POST") ? Answers.environment("A=1") : Answers.told()
        }
        defer { server.stop() }
        try server.listen()
        let child = try Wrapper.start(
            ["--supervise", "--restart=always", "--cache=memory:last", "--", "/bin/false"].map { [UInt8]($0) },
            environment: [[UInt8]("ATTACHE_ADDRESS=unix://\(directory.path)/s")]
        )
        #expect(try child.outcome().ending == .exit(125))
    }

    // MARK: What it holds and costs

    @Test func theSupervisorHoldsNeitherTokenNorValueAndLittleMemory() throws {
        let canary = "canary-\(UUID().uuidString)"
        let scene = try Scene(supervised: [["A=\(canary)"]])
        let child = try serve(scene)
        #expect(child.waitForOutput("start"))
        #expect(scene.server.waitForRequest("GET"))
        let attendant = try #require(scene.server.requests.last?.peer)
        var resident = 0
        for pid in [child.pid, attendant] {
            for name in ["environ", "cmdline"] {
                let bytes = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(pid)/\(name)"))
                #expect(bytes.range(of: Data(Scene.token.utf8)) == nil)
                #expect(bytes.range(of: Data(canary.utf8)) == nil)
            }
            // The share of pages that both have: they are counted once.
            let rollup = try String(contentsOfFile: "/proc/\(pid)/smaps_rollup", encoding: .utf8)
            resident += try #require(rollup.firstMatch(of: /\nPss:\s+([0-9]+) kB/).flatMap { Int($0.output.1) })
            #expect(try !memory(of: pid, holds: Array(canary.utf8)))
        }
        #expect(resident <= 2 << 10, "\(resident) kB")
        kill(child.pid, SIGTERM)
        #expect(try child.outcome().ending == .exit(0))
    }

    /// Whether anything writable of a process holds these bytes; takes the rights of a debugger.
    private func memory(of pid: pid_t, holds bytes: [UInt8]) throws -> Bool {
        let maps = try String(contentsOfFile: "/proc/\(pid)/maps", encoding: .utf8)
        let memory = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/\(pid)/mem"))
        for line in maps.split(separator: "\n") {
            guard let range = line.firstMatch(of: /^([0-9a-f]+)-([0-9a-f]+) rw/) else { continue }
            let start = try #require(UInt64(range.output.1, radix: 16))
            let end = try #require(UInt64(range.output.2, radix: 16))
            try memory.seek(toOffset: start)
            guard let content = try memory.read(upToCount: Int(end - start)) else { continue }
            if content.range(of: Data(bytes)) != nil { return true }
        }
        return false
    }

    @Test func nothingWakesAnIdleSupervisor() throws {
        let scene = try Scene(supervised: [["A=1"]])
        let child = try serve(scene)
        #expect(child.waitForOutput("start"))
        #expect(scene.server.waitForRequest("GET"))
        let attendant = try #require(scene.server.requests.last?.peer)
        func switches() throws -> [Substring] {
            try [child.pid, attendant].map { pid in
                let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
                return try #require(status.firstMatch(of: /\nvoluntary_ctxt_switches:\s+([0-9]+)/)).output.1
            }
        }
        // The time in which the attendant comes to its wait, and then one in which nothing may happen.
        #expect(!scene.server.waitForRequest("GET", count: 2, within: 0.3))
        let before = try switches()
        #expect(!scene.server.waitForRequest("GET", count: 2, within: 1))
        #expect(try switches() == before)
        kill(child.pid, SIGTERM)
        #expect(try child.outcome().ending == .exit(0))
    }
}

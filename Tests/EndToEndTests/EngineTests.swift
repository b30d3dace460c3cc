// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The recipes of docs/exec.md under a container engine, with its default profile of system calls.
@Suite(.enabled("podman and runc cannot run containers here") { await Podman.canRun() }, .serialized)
struct EngineTests {
    /// Three lines more in a Dockerfile; started read-only, without network, as root and as a user without a name.
    @Test(arguments: ["0:0", "65534:65534"])
    func threeLinesInADockerfileGiveAnImageItsSecrets(user: String) async throws {
        let scene = try await EngineScene()
        let script = "echo \"has $TOKEN\"; grep Seccomp: /proc/self/status; touch /x 2>&1"
        let ran = try await scene.podman("run", "--rm", "--read-only", "--user", user, image: ["sh", "-c", script])
        #expect(ran.output.contains("has one\n"), "\(ran.errors)")
        #expect(ran.output.contains("Seccomp:\t2\n"))
        #expect(ran.output.contains("Read-only file system"))
    }

    @Test func nothingOfAValueIsInWhatTheEngineKeeps() async throws {
        let scene = try await EngineScene()
        _ = try await scene.podman("create", "--name", "bot", image: ["true"])
        let started = try await scene.podman("start", "--attach", "bot")
        #expect(started.status == 0, "\(started.errors)")
        let inspected = try await scene.podman("inspect", "bot")
        #expect(inspected.output.contains("ATTACHE_GATEWAY_TOKEN_FILE"))
        #expect(!inspected.output.contains("TOKEN=one") && !inspected.output.contains(scene.token))
    }

    /// Supervised as the container's first process: the value is updated, the command is started again, a session has
    /// what it has, and the engine's stop ends it at once with its own exit code.
    @Test func aRotationReachesARunningContainerAndItsSessions() async throws {
        let scene = try await EngineScene()
        let script = "trap 'kill $!; exit 5' TERM; echo \"has $TOKEN\"; sleep 1000 & wait"
        let running = try scene.start(
            "run",
            "--rm",
            "--name",
            "bot",
            "-e",
            "ATTACHE_SUPERVISE=1",
            "-e",
            "ATTACHE_ON_CHANGE=restart",
            "-e",
            "ATTACHE_RESTART=on-failure",
            image: ["sh", "-c", script]
        )
        try await running.printed.wait(for: "has one", deadline: .seconds(60))
        let updated = try await scene.server.attache("secrets", "update", "TOKEN", input: Array("two".utf8))
        #expect(updated.status == 0, "\(updated.errors)")
        try await running.printed.wait(for: "has two", deadline: .seconds(60))
        let session = ["attache-exec", "--session", "--", "sh", "-c", "echo \"session $TOKEN\""]
        let executed = try await scene.podman(["exec", "bot"] + session)
        #expect(executed.output == "session two\n", "\(executed.errors)")
        let bare = try await scene.podman(["exec", "bot", "sh", "-c", "echo \"bare $TOKEN\""])
        #expect(bare.output == "bare \n")
        let before = ContinuousClock.now
        #expect(try await scene.podman("stop", "--time", "30", "bot").status == 0)
        #expect(await running.waitForExit() == 5)
        #expect(ContinuousClock.now - before < .seconds(25))
    }

    /// The block of docs/exec.md as it stands there: what is asked for is typed, and the socket is the test's.
    @Test func theSessionOfThePageCanBePasted() async throws {
        let page = try String(
            contentsOf: URL(fileURLWithPath: #filePath).appending(path: "../../../docs/exec.md").standardized,
            encoding: .utf8
        )
        let lead = try #require(page.range(of: "The whole way with podman"))
        let block = try #require(page[lead.upperBound...].firstMatch(of: /```sh\n(.*?)```/.dotMatchesNewlines()))
        let server = try await RunningServer.start()
        let engine = try await Podman("FROM localhost/base")
        let folder = engine.directory
        for (name, text) in [
            "attache": """
            case "$1 $2" in
                "secrets create") echo one | exec \(Programs.attache) "$@" ;;
                "secrets update") echo two | exec \(Programs.attache) "$@" ;;
                *) exec \(Programs.attache) "$@" ;;
            esac
            """,
            "podman": """
            command=$1; shift
            case $command in
                run)
                    for word; do
                        shift
                        case $word in /run/attache/agent.sock:*) word=\(server.agentSocket):${word#*:} ;; esac
                        set -- "$@" "$word"
                    done
                    set -- --network none \(Podman.limits.joined(separator: " ")) "$@" ;;
                build) set -- --isolation chroot "$@" ;;
            esac
            exec /usr/bin/podman \(engine.settings.joined(separator: " ")) $command "$@"
            """,
            "session": "set -eu\ncd \(folder.path)\n\(block.output.1)",
        ] {
            try betweenSpawns {
                let file = URL(fileURLWithPath: folder.appending(name == "session" ? name : "bin/\(name)"))
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                try Data("#!/bin/sh\n\(text)\n".utf8).write(to: file)
                chmod(file.path, 0o755)
            }
        }
        #expect(try await engine.run(["tag", "localhost/base", "localhost/busybox"]).status == 0)
        let pasted = try await run(
            folder.appending("session"),
            [],
            environment: [
                "PATH": "\(folder.appending("bin")):/usr/sbin:/usr/bin:/sbin:/bin", "HOME": folder.path,
                "ATTACHE_SOCKET": server.socket,
            ],
            deadline: .seconds(180)
        )
        #expect(pasted.status == 0, "\(pasted.errors)")
        #expect(pasted.output.contains("a session has two\n"), "\(pasted.output)")
        let deadline = ContinuousClock.now + .seconds(60)
        var logs = ""
        while !logs.contains("it has two"), ContinuousClock.now < deadline {
            logs = try await engine.run(["logs", "bot"]).output
        }
        #expect(logs.contains("it has one\n") && logs.contains("it has two\n"), "\(logs)")
        #expect(try await engine.run(["rm", "--force", "--time", "0", "bot"]).status == 0)
    }
}

/// A server with one secret and one agent, and an image that has `attache-exec` before its command.
private struct EngineScene {
    let server: RunningServer
    let token: String
    private let engine: Podman

    init() async throws {
        server = try await RunningServer.start()
        let created = try await server.attache("secrets", "create", "TOKEN", input: Array("one".utf8))
        try #require(created.status == 0, "\(created.errors)")
        token = try await server.createAgent("bot", with: ["TOKEN"])
        engine = try await Podman(
            """
            FROM localhost/base
            COPY attache-exec /usr/local/bin/attache-exec
            ENV ATTACHE_GATEWAY_TOKEN_FILE=/run/secrets/attache
            ENTRYPOINT ["attache-exec", "--"]
            """
        )
        try Data(token.utf8).write(to: URL(fileURLWithPath: engine.directory.appending("token")))
        // The token's file and the socket as a container's user may open them.
        chmod(engine.directory.appending("token"), 0o644)
    }

    func podman(_ arguments: String..., image command: [String]) async throws -> CommandResult {
        try await engine.run(arguments + mounts + ["localhost/bot"] + command)
    }

    func podman(_ arguments: String...) async throws -> CommandResult { try await engine.run(arguments) }

    func podman(_ arguments: [String]) async throws -> CommandResult { try await engine.run(arguments) }

    func start(_ arguments: String..., image command: [String]) throws -> StartedProcess {
        try engine.start(arguments + mounts + ["localhost/bot"] + command)
    }

    private var mounts: [String] {
        [
            "--network", "none", "-v",
            "\(server.agentSocket):/run/attache/agent.sock", "-v",
            "\(engine.directory.appending("token")):/run/secrets/attache:ro",
        ] + Podman.limits
    }
}

/// An engine with a store of its own, and in it `localhost/base`, which is busybox, and `localhost/bot`.
private final class Podman: Sendable {
    let directory: TemporaryDirectory

    /// Tried, since whether containers can run depends on more than can be looked up.
    static func canRun() async -> Bool {
        let programs = ["/usr/bin/podman", "/usr/sbin/runc", "/bin/busybox"]
        guard getuid() == 0, programs.allSatisfy(FileManager.default.isExecutableFile) else { return false }
        let flags = ["run", "--rm", "--network", "none"] + limits
        let ran = try? await Podman("FROM localhost/base").run(flags + ["localhost/bot", "true"])
        return ran?.status == 0
    }

    /// The engine's own may be above what this machine lets even root set.
    static let limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]

    init(_ file: String) async throws {
        directory = try TemporaryDirectory()
        let base = """
            FROM scratch
            COPY busybox /bin/busybox
            RUN ["/bin/busybox", "--install", "-s", "/bin"]
            ENV PATH=/usr/local/bin:/bin
            """
        try Data(base.utf8).write(to: URL(fileURLWithPath: directory.appending("base")))
        try Data(file.utf8).write(to: URL(fileURLWithPath: directory.appending("bot")))
        for (from, name) in [("/bin/busybox", "busybox"), (Programs.attacheExec, "attache-exec")] {
            try betweenSpawns { try FileManager.default.copyItem(atPath: from, toPath: directory.appending(name)) }
        }
        for image in ["base", "bot"] {
            let built = try await run([
                "build", "--isolation", "chroot", "-q", "-t", "localhost/\(image)", "-f", directory.appending(image),
                directory.path,
            ])
            try #require(built.status == 0, "\(built.errors)")
        }
    }

    func run(_ arguments: [String]) async throws -> CommandResult {
        try await EndToEndTests.run(
            "/usr/bin/podman",
            settings + arguments,
            environment: Self.environment,
            deadline: .seconds(120)
        )
    }

    func start(_ arguments: [String]) throws -> StartedProcess {
        try StartedProcess("/usr/bin/podman", settings + arguments, environment: Self.environment)
    }

    private static let environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"]

    var settings: [String] {
        [
            "--root", directory.appending("store"), "--runroot", directory.appending("run"), "--storage-driver", "vfs",
            "--cgroup-manager", "cgroupfs", "--events-backend", "file", "--runtime", "/usr/sbin/runc",
        ]
    }
}

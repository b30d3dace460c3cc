// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Flags, settings, the request that they make, and the command's place.
struct CommandLineTests {
    @Test(arguments: [
        [], ["--"], ["--unknown", "--", "true"], ["--keep"], ["--keep", "A-B", "--", "true"],
        ["--keep=", "--", "true"],
        ["--only", "A,9", "--", "true"], ["--timeout", "0", "--", "true"], ["--timeout=1.5", "--", "true"],
        ["--timeout", "3601", "--", "true"], ["--session=maybe", "--", "true"], ["-x", "true"],
        ["--token=gwt_s3cr3t", "--", "true"], ["--gwt_s3cr3t", "--", "true"],
    ])
    func aUsageErrorIsOneLineAnd125(arguments: [String]) throws {
        let scene = try Scene(Answers.environment())
        let outcome = try scene.start(arguments.map { [UInt8]($0) }).outcome()
        #expect(outcome.ending == .exit(125))
        #expect(outcome.errors.hasPrefix("attache-exec: error: usage: "))
        #expect(outcome.errors.split(separator: "\n").count == 1)
        #expect(!outcome.errors.contains("s3cr3t"))
        #expect(outcome.output.isEmpty)
        #expect(scene.server.requests.isEmpty)
    }

    @Test(arguments: [
        "ATTACHE_TIMEOUT=x", "ATTACHE_SESSION=yes", "ATTACHE_KEEP=a b", "ATTACHE_ADDRESS=http://x",
        "ATTACHE_ADDRESS=unix://relative", "ATTACHE_INSTANCE=two words",
    ])
    func aWrongSettingIsAUsageError(setting: String) throws {
        let scene = try Scene(Answers.environment())
        let outcome = try scene.run("--", "true", environment: [setting])
        #expect(outcome.ending == .exit(125))
        #expect(outcome.errors.hasPrefix("attache-exec: error: usage: ATTACHE_"))
        #expect(scene.server.requests.isEmpty)
    }

    @Test func anHTTPSAddressNeedsTheOtherBuild() throws {
        let outcome = try Wrapper.run("--", "/bin/true", environment: ["ATTACHE_ADDRESS=https://vault.test"])
        #expect(outcome.ending == .exit(125))
        let text = "address_unsupported: this build has no TLS; attache-exec-tls has"
        #expect(outcome.errors == "attache-exec: error: \(text)\n")
    }

    @Test func helpGoesToStandardOutputWithAnExample() throws {
        let outcome = try Wrapper.run("--help")
        #expect(outcome.ending == .exit(0))
        #expect(outcome.text.contains("example:"))
        #expect(outcome.errors == "")
    }

    @Test func theVersionIsTheProductsAndGoesToStandardOutput() throws {
        let outcome = try Wrapper.run("--version")
        #expect(outcome.ending == .exit(0))
        let source = try String(contentsOf: Sources.file("Commands/ProductVersion.swift"), encoding: .utf8)
        let version = try #require(source.firstMatch(of: /text = "([0-9.]+)"/)?.output.1)
        #expect(outcome.text == "attache-exec \(version)\n")
        #expect(outcome.errors == "")
    }

    /// The server takes a start in these very bytes without a parser: `Tests/Vectors/starts` has them for both sides.
    @Test(arguments: [
        ("plain", []), ("vouched", []), ("session", ["--session"]), ("supervised", ["--supervise"]),
        ("forwarding", ["--supervise", "--forward"]),
    ])
    func theRequestIsWrittenAsTheServerKnowsIt(form: String, flags: [String]) throws {
        let scene = try Scene(supervised: [["A=1"]])
        let port = try LoopbackPort.free()
        let arguments = flags.map { $0 == "--forward" ? "\($0)=\(port)" : $0 } + ["--", "true"]
        let token = form == "vouched" ? [] : [[UInt8]("ATTACHE_GATEWAY_TOKEN=" + Scene.token)]
        let environment = [scene.address, [UInt8]("PATH=/usr/bin:/bin"), [UInt8]("ATTACHE_INSTANCE=web-1")]
        let child = try Wrapper.start(arguments.map { [UInt8]($0) }, environment: environment + token)
        #expect(try child.outcome().ending == .exit(0))
        let request = try #require(scene.server.requests.first)
        let start = try #require(request.field("Attache-Start"))
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Vectors/starts/\(form).txt")
        let expected = try String(contentsOf: file, encoding: .utf8)
            .replacing("{start}", with: start).replacing("{port}", with: "\(port)")
            .replacing("{token}", with: Scene.token).replacing("\n", with: "\r\n")
        #expect(request.head == expected + "\r\n")
    }

    @Test func withoutSettingsTheInstanceIsTheHostNameAndThereIsNoSession() throws {
        let scene = try Scene(Answers.environment())
        #expect(try scene.run("true").ending == .exit(0))
        let request = try #require(scene.server.requests.first)
        #expect(request.field("Attache-Instance") == ProcessInfo.processInfo.hostName)
        #expect(request.field("Attache-Session") == nil)
    }

    @Test(arguments: [("gwt_file\n", "gwt_file"), ("gwt_file", "gwt_file")])
    func aTokenFileGoesBeforeTheVariable(content: String, token: String) throws {
        let scene = try Scene(Answers.environment())
        let file = try scene.directory.write(content.utf8, to: "token")
        let outcome = try scene.run("--", "true", environment: ["ATTACHE_GATEWAY_TOKEN_FILE=\(file)"])
        #expect(outcome.errors == "")
        #expect(scene.server.requests.first?.field("Authorization") == "Bearer \(token)")
    }

    @Test func theTokenFileIsReadAgainAtEveryAttempt() throws {
        let scene = try Scene(.silence, Answers.environment(), listens: false)
        let file = try scene.directory.write("gwt_old\n".utf8, to: "token")
        let watch = try TokenFileWatch(file)
        let child = try scene.start(
            ["--", "true"].map { [UInt8]($0) },
            environment: [[UInt8]("ATTACHE_GATEWAY_TOKEN_FILE=\(file)")]
        )
        #expect(watch.waitForReads(1))
        // A rename, as whoever rotates a token does it: no attempt sees half of one.
        let new = try scene.directory.write("gwt_new\n".utf8, to: "new")
        guard rename(new, file) == 0 else { throw SystemError(call: "rename") }
        let secondWatch = try TokenFileWatch(file)
        #expect(secondWatch.waitForReads(1))
        try scene.server.listen()
        #expect(scene.server.waitForRequests(1))
        #expect(scene.server.requests.first?.field("Authorization") == "Bearer gwt_new")
        kill(child.pid, SIGTERM)
        #expect(try child.outcome().ending == .exit(143))
    }

    @Test(arguments: [
        "", "\n", "gwt_a b", "gwt_a\nX-Injected: 1\n", "gwt_a\r\n", "gwt_ü", String(repeating: "a", count: 2000),
    ])
    func whatNoHeaderMayHoldIsNoToken(content: String) throws {
        let scene = try Scene(Answers.environment())
        let file = try scene.directory.write(content.utf8, to: "token")
        let outcome = try scene.run("--", "true", environment: ["ATTACHE_GATEWAY_TOKEN_FILE=\(file)"])
        #expect(outcome.ending == .exit(125))
        #expect(outcome.errors.hasPrefix("attache-exec: error: token_invalid: "))
        #expect(!outcome.errors.contains("gwt_"))
        #expect(scene.server.requests.isEmpty)
    }

    @Test func aTokenFileThatCannotBeReadIsAnError() throws {
        let scene = try Scene(Answers.environment())
        for file in [scene.directory.path, scene.directory.path + "/none"] {
            let outcome = try scene.run("--", "true", environment: ["ATTACHE_GATEWAY_TOKEN_FILE=\(file)"])
            #expect(outcome.ending == .exit(125))
            #expect(outcome.errors.hasPrefix("attache-exec: error: token_unreadable: \(file): "))
        }
    }

    @Test(arguments: [(0o640, true), (0o604, true), (0o600, false), (0o400, false)] as [(mode_t, Bool)])
    func aTokenFileThatOthersMayReadIsWarnedAboutOnce(mode: mode_t, warns: Bool) throws {
        let scene = try Scene(.hangUp, Answers.environment())
        let file = try scene.directory.write("gwt_a".utf8, to: "token", mode: mode)
        let outcome = try scene.run("--", "true", environment: ["ATTACHE_GATEWAY_TOKEN_FILE=\(file)"])
        #expect(outcome.ending == .exit(0))
        let warning = "attache-exec: warning: group or others may read the token file \(file)\n"
        #expect(outcome.errors == (warns ? warning : ""))
    }

    /// Each where the cause is in the container's configuration.
    @Test(arguments: [
        ("", "none", "unreachable: ", "is the way to it mounted or routed into this container?"),
        ("", "nowhere", "command_not_found: ", "in a folder of PATH?"),
        ("ATTACHE_GATEWAY_TOKEN_FILE=/none", "true", "token_unreadable: ", "may this user read it?"),
        (
            "ATTACHE_GATEWAY_TOKEN_FILE=/dev/null", "true", "token_invalid: ",
            "the file holds the token and nothing else"
        ),
    ])
    func anErrorSaysWhatToDo(setting: String, command: String, code: String, hint: String) throws {
        let directory = try TemporaryDirectory()
        let settings = [
            "ATTACHE_ADDRESS=unix://\(directory.path)/none", "PATH=/usr/bin:/bin", "ATTACHE_QUIET=1", setting,
        ]
        let target = command == "none" ? "true" : command
        let outcome = try Wrapper.run("--timeout=1", "--", target, environment: settings.filter { !$0.isEmpty })
        #expect(outcome.errors.hasPrefix("attache-exec: error: \(code)"))
        #expect(outcome.errors.hasSuffix("\(hint)\n"))
        #expect(outcome.errors.split(separator: "\n").count == 1)
    }

    @Test(arguments: [
        ("nowhere", Int32(127), "command_not_found"), ("", 127, "command_not_found"),
        ("/nowhere/x", 127, "command_not_found"), ("./notexecutable", 126, "command_not_executable"),
        ("notexecutable", 126, "command_not_executable"), ("/usr", 126, "command_not_executable"),
        ("./file/x", 127, "command_not_found"), ("folder", 126, "command_not_executable"),
    ])
    func aCommandThatCannotStartIsToldBeforeAnyRequest(command: String, status: Int32, code: String) throws {
        let scene = try Scene(Answers.environment())
        let directory = scene.directory
        for name in ["notexecutable", "file"] { try directory.write("x".utf8, to: name) }
        try FileManager.default.createDirectory(atPath: directory.path + "/folder", withIntermediateDirectories: false)
        let environment = [[UInt8]("PATH=/usr/bin:\(directory.path):/bin")]
        let outcome = try scene.start(
            ["--", command].map { [UInt8]($0) },
            environment: environment,
            directory: directory.path
        ).outcome()
        #expect(outcome.ending == .exit(status))
        #expect(outcome.errors.hasPrefix("attache-exec: error: \(code): \(command)"))
        #expect(scene.server.requests.isEmpty)
    }

    @Test(arguments: [
        ("echo no shell is invented", "no script that begins with #!"),
        ("#!/nowhere/interpreter\n", "is missing"),
    ])
    func aFileThatTheKernelDoesNotStartIs126(text: String, reason: String) throws {
        let scene = try Scene(Answers.environment())
        let script = try scene.directory.write(text.utf8, to: "script", mode: 0o755)
        let outcome = try scene.run("--", script)
        #expect(outcome.ending == .exit(126))
        #expect(outcome.errors.contains(reason))
    }

    @Test func anEmptyFolderInThePathIsTheCurrentOne() throws {
        let scene = try Scene(Answers.environment())
        try scene.directory.write("#!/bin/sh\nexit 7\n".utf8, to: "here", mode: 0o755)
        let environment = [[UInt8]("PATH=/nowhere:")]
        let child = try scene.start([[UInt8]("here")], environment: environment, directory: scene.directory.path)
        #expect(try child.outcome().ending == .exit(7))
    }
}

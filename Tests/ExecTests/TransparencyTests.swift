// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The command runs as it would without the wrapper.
struct TransparencyTests {
    /// One server for hundreds of starts; it lives as long as the test process.
    private static let shared = Result { try Scene(Answers.environment("A=1"), in: Probe.directory()) }

    @Test(arguments: Int32(0)...255)
    func anExitCodePassesThrough(code: Int32) throws {
        let outcome = try Self.shared.get().run("--", try Probe.path(), "exit", "\(code)")
        #expect(outcome.ending == .exit(code))
        #expect(outcome.errors == "")
    }

    @Test(arguments: [SIGHUP, SIGINT, SIGKILL, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM])
    func aDeathBySignalPassesThrough(signal: Int32) throws {
        let outcome = try Self.shared.get().run("--", try Probe.path(), "kill", "\(signal)")
        #expect(outcome.ending == .signal(signal))
    }

    @Test func theProcessStaysTheSame() throws {
        let child = try Self.shared.get().start(["--", try Probe.path(), "pid"].map { [UInt8]($0) })
        #expect(try child.outcome().text == "\(child.pid)")
    }

    @Test func argumentsArriveByteForByte() throws {
        let scene = try Scene(Answers.environment())
        // By a name in PATH: the first argument stays as it was typed.
        try FileManager.default.createSymbolicLink(
            atPath: scene.directory.path + "/probe",
            withDestinationPath: try Probe.path()
        )
        let odd = [[], [UInt8](" "), [UInt8]("--"), [UInt8]("--keep"), [0xFF, 0xFE, 0x0A], [UInt8]("a\"b'$c\\"), []]
        let command = [[UInt8]("probe"), [UInt8]("arguments")] + odd
        let environment = [[UInt8]("PATH=\(scene.directory.path)")]
        let outcome = try scene.start([[UInt8]("--")] + command, environment: environment).outcome()
        #expect(outcome.strings == command)
    }

    /// Signal mask and dispositions, pending signals, limits, umask, folder, groups, dumpability, timers, descriptors.
    @Test(arguments: ["plain", "odd", "closed"])
    func theStateOfTheProcessIsTheSameBareAndWrapped(arrangement: String) throws {
        let scene = try Scene(Answers.environment("A=1"))
        let probe = try Probe.path()
        let bare = try Probe.start(arrangement, in: "/usr", probe, [[UInt8]("state")], environment: [])
        let token = try scene.directory.write("gwt_a".utf8, to: "token")
        let wrapped = try Probe.start(
            arrangement,
            in: "/usr",
            try Wrapper.path(),
            ["--", probe, "state"].map { [UInt8]($0) },
            environment: [scene.address, [UInt8]("ATTACHE_GATEWAY_TOKEN_FILE=\(token)")]
        )
        let expected = try bare.outcome().text
        let outcome = try wrapped.outcome()
        #expect(outcome.text.split(separator: "\n") == expected.split(separator: "\n"))
        #expect(expected.contains("limit 4"))
        if arrangement == "odd" {
            #expect(expected.contains("signal 13 0x1") && expected.contains("fd 9 ") && expected.contains("umask 27"))
            #expect(expected.contains("mask 8180015200"))
        }
    }

    @Test func aBrokenStandardErrorDoesNotStopTheStart() throws {
        let scene = try Scene(Answers.environment("A=vault"))
        let probe = try Probe.path()
        let child = try Probe.start(
            "deaf",
            try Wrapper.path(),
            ["--", probe, "environment"].map { [UInt8]($0) },
            environment: [scene.address, [UInt8]("A=image")]
        )
        #expect(try child.outcome().strings == [[UInt8]("A=vault")])
    }

    @Test func nothingIsWritten() throws {
        let scene = try Scene(Answers.environment("A=1"))
        let empty = try TemporaryDirectory()
        let before = try FileManager.default.attributesOfItem(atPath: empty.path)
        let settings = ["HOME", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME"].map { [UInt8]("\($0)=\(empty.path)") }
        let child = try scene.start(["--", "true"].map { [UInt8]($0) }, environment: settings, directory: empty.path)
        #expect(try child.outcome().ending == .exit(0))
        let after = try FileManager.default.attributesOfItem(atPath: empty.path)
        #expect(try FileManager.default.contentsOfDirectory(atPath: empty.path).isEmpty)
        #expect(before[.modificationDate] as? Date == after[.modificationDate] as? Date)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scene.directory.path) == ["s"])
    }
}

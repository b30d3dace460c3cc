// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The command runs as it would without the wrapper.
struct TransparencyTests {
    @Test(arguments: Int32(0)...255)
    func anExitCodePassesThrough(code: Int32) throws {
        let both = try BothWays("plain", "exit", "\(code)")
        #expect(both.wrapped.ending == .exit(code))
        both.expectTheSame()
    }

    /// All but those that stop a process.
    @Test(arguments: (Int32(1)...64).filter { ![SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU].contains($0) })
    func aSignalDoesWhatItDoesWithoutTheWrapper(signal: Int32) throws {
        let both = try BothWays("plain", "kill", "\(signal)")
        if [SIGHUP, SIGINT, SIGKILL, SIGPIPE, SIGTERM].contains(signal) {
            #expect(both.wrapped.ending == .signal(signal))
        }
        both.expectTheSame()
    }

    @Test(arguments: (Int32(1)...64).filter { ![SIGKILL, SIGSTOP, 32, 33].contains($0) })
    func aSignalThatAnotherProcessSendsIsCaught(signal: Int32) throws {
        let both = try BothWays("plain", "catch", "\(signal)")
        #expect(both.wrapped.text == "caught \(signal)\n")
        both.expectTheSame()
    }

    @Test func theProcessStaysTheSame() throws {
        let scene = try Scene(Answers.environment())
        let child = try scene.start(["--", try Probe.path(), "pid"].map { [UInt8]($0) })
        #expect(try child.outcome().text == "\(child.pid)")
    }

    /// Beside the odd arguments below: long ones, many, and none.
    @Test(
        arguments: [
            [[UInt8](repeating: 0x78, count: 100_000)], [[UInt8](repeating: 0xFF, count: 131_071)],
            [[UInt8]](repeating: [UInt8]("a b\nc"), count: 10_000), [],
        ] as [[[UInt8]]]
    )
    func argumentsAreTheSameBareAndWrapped(arguments: [[UInt8]]) throws {
        let both = try BothWays("plain", [[UInt8]("arguments")] + arguments)
        #expect(both.bare.strings.count == arguments.count + 2)
        both.expectTheSame()
    }

    @Test(
        arguments: [
            [[]], [[UInt8]("noequals"), [UInt8]("=x"), [], [UInt8]("=")],
            [[UInt8]("A=1"), [0xFF, 0x3D, 0xC0], [UInt8]("a.b=c")],
            (0..<12).map { [UInt8]("LONG_\($0)=") + [UInt8](repeating: 0x78, count: 131_000) },
            (0..<20_000).map { [UInt8]("MANY_\($0)=value of \($0)") },
        ] as [[[UInt8]]]
    )
    func anInheritedEnvironmentIsTheSameBareAndWrapped(environment: [[UInt8]]) throws {
        let both = try BothWays("plain", [[UInt8]("environment")], environment: environment)
        #expect(both.bare.strings == environment)
        both.expectTheSame()
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

    /// Signal mask and dispositions, pending signals, limits, umask, folder, user and groups, session and process group,
    /// terminal, dumpability, priority, timers, what prctl(2) keeps, and every descriptor with its offset.
    @Test(arguments: [
        "plain", "odd", "closed", "ignoring", "blocking", "pending", "limits", "group", "session", "terminal",
        "deleted",
        "timer",
    ])
    func theStateOfTheProcessIsTheSameBareAndWrapped(arrangement: String) throws {
        let both = try BothWays(arrangement, "state")
        both.expectTheSame()
        let expected = [
            "plain": ["limit 4", "umask ", "fd 2 "], "odd": ["signal 13 0x1", "fd 9 ", "umask 27", "mask 8180015200"],
            "closed": ["fd 1 "], "ignoring": ["signal 1 0x1", "signal 15 0x1", "signal 64 0x1"],
            "blocking": ["mask fffffffffffbfeff"], "pending": ["pending 10", "pending 34"],
            "limits": ["limit 1 100000 ", "limit 7 10 "], "group": ["group 0"], "session": ["session 0"],
            "terminal": ["terminal ", "foreground 1", "fd 60 "], "deleted": ["cwd none"],
            "timer": ["timer 999", "death 12 subreaper 1 privileges 1", "nice 3"],
        ]
        for text in expected[arrangement] ?? ["no such arrangement"] { #expect(both.bare.text.contains(text)) }
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

    @Test func everyTestThatThePageNamesIsThere() throws {
        let page = try String(contentsOf: Sources.file("../docs/transparency.md"), encoding: .utf8)
        let named = Set(page.matches(of: /`([a-z]+[A-Z][A-Za-z0-9]+)`/).map { String($0.output.1) })
        #expect(named.count > 15)
        var declared: Set<String> = []
        for folder in ["ExecTests", "EndToEndTests"] {
            let files = try FileManager.default.contentsOfDirectory(
                at: Sources.file("../Tests/\(folder)"),
                includingPropertiesForKeys: nil
            )
            for file in files where file.pathExtension == "swift" {
                let text = try String(contentsOf: file, encoding: .utf8)
                declared.formUnion(text.matches(of: /func ([A-Za-z0-9]+)\(/).map { String($0.output.1) })
            }
        }
        #expect(named.subtracting(declared) == [])
    }
}

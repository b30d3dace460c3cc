// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `--mask-output`: no value is printed, and everything else is as it was.
struct MaskTests {
    private func start(_ scene: Scene, flags: [String] = ["--mask-output"], _ command: [String]) throws -> Child {
        try scene.start((["--supervise"] + flags + ["--"] + command).map { [UInt8]($0) })
    }

    private func shell(
        _ environment: [String],
        readable: String? = nil,
        flags: [String] = ["--mask-output"],
        _ script: String
    ) throws -> Child.Outcome {
        let scene = try Scene(supervised: [environment], readable: readable)
        return try start(scene, flags: flags, ["/bin/bash", "-c", script]).outcome()
    }

    /// What must come out: a `*` for every byte that belongs to an occurrence, of whatever value.
    static func masked(_ text: [UInt8], _ values: [[UInt8]]) -> [UInt8] {
        var shown = text
        for value in values where text.count >= value.count {
            for start in 0...(text.count - value.count) where text[start..<start + value.count].elementsEqual(value) {
                for position in start..<start + value.count { shown[position] = UInt8(ascii: "*") }
            }
        }
        return shown
    }

    /// Few letters, so that values overlap each other and themselves; any bytes between them; cut anywhere.
    @Test(arguments: 0..<150)
    func whereverTheOutputIsCutExactlyTheValuesAreMasked(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let letters = Array("ab\n".utf8).prefix(seed.isMultiple(of: 3) ? 3 : 2)
        let values = (0..<Int.random(in: 1...5, using: &random)).map { _ in
            (0..<Int.random(in: 4...9, using: &random)).map { _ in letters.randomElement(using: &random) ?? 0x61 }
        }
        let text = (0..<Int.random(in: 0...3000, using: &random)).map { _ -> UInt8 in
            Int.random(in: 0..<12, using: &random) == 0
                ? UInt8.random(in: 0...255, using: &random) : letters.randomElement(using: &random) ?? 0x61
        }
        // Lines of a value of several lines are looked for, too, where they are long.
        let lines = values.flatMap { value in
            let lines = value.split(separator: 0x0A)
            return lines.filter { $0.count >= (value.contains(0x0A) ? lines.count == 1 ? 4 : 8 : 4) }.map(Array.init)
        }
        let given = values.enumerated().map { [UInt8]("V\($0)=") + $1 }
        let directory = try TemporaryDirectory()
        let server = try ScriptedServer(at: directory.path + "/s") { request, _ in
            request.head.hasPrefix("POST") ? Answers.environment(given) : .silence
        }
        defer { server.stop() }
        try server.listen()
        let file = try directory.write(text, to: "text")
        let sizes = (0..<20).map { _ in "\(Int.random(in: 1...200, using: &random))" }
        let child = try Wrapper.start(
            (["--supervise", "--mask-output", "--quiet", "--", try Probe.path(), "chunks", file] + sizes).map {
                [UInt8]($0)
            },
            environment: [[UInt8]("ATTACHE_ADDRESS=unix://\(directory.path)/s")]
        )
        let outcome = try child.outcome()
        #expect(outcome.ending == .exit(0))
        #expect(outcome.output == Self.masked(text, values + lines))
    }

    @Test func bothStreamsAreMaskedAndColorsStay() throws {
        let outcome = try shell(["A=sk-secret"], #"printf "\e[31m$A\e[0m <$A$A>\n"; echo "err $A" >&2; exit 7"#)
        #expect(outcome.text == "\u{1B}[31m*********\u{1B}[0m <******************>\n")
        #expect(outcome.errors == "err *********\n")
        #expect(outcome.ending == .exit(7))
    }

    @Test func allOfTheOutputIsThereWhenItEnds() throws {
        let outcome = try shell(["A=sk-secret"], "head -c 3000000 /dev/zero; echo end; kill -9 $$")
        #expect(outcome.output == [UInt8](repeating: 0, count: 3_000_000) + [UInt8]("end\n"))
        #expect(outcome.ending == .signal(SIGKILL))
    }

    @Test func onlyTheNamedValuesAreMasked() throws {
        let outcome = try shell(["A=sk-secret", "B=small"], flags: ["--mask-output=A"], "echo $A $B")
        #expect(outcome.text == "********* small\n")
    }

    @Test func whatTheServerCallsReadableIsNotMaskedUnlessItIsNamed() throws {
        let environment = ["A=sk-secret", "LEVEL=debug", "REGION=north"]
        let script = "echo $A $LEVEL $REGION"
        let outcome = try shell(environment, readable: "LEVEL REGION", script)
        #expect(outcome.text == "********* debug north\n")
        let named = try shell(environment, readable: "LEVEL REGION", flags: ["--mask-output=REGION,A"], script)
        #expect(named.text == "********* debug *****\n")
    }

    @Test func aValueOfSeveralLinesIsMaskedWholeAndLineByLine() throws {
        let outcome = try shell(
            ["A=-----BEGIN-----\nabcdefghijkl\n}\n-----END-----\n"],
            #"printf "%s" "$A"; echo "log: abcdefghijkl }""#
        )
        #expect(outcome.text == String(repeating: "*", count: 45) + "log: ************ }\n")
    }

    @Test func aValueThatIsTooShortIsNamed() throws {
        let outcome = try shell(["A=abc", "B=abcd"], "echo $A $B")
        #expect(outcome.text == "abc ****\n")
        #expect(outcome.errors == "attache-exec: note: too short to be masked: A\n")
    }

    /// Nothing but the start of a value waits, and its first three bytes not for long.
    @Test func whatCannotBeAValueIsNotHeldBack() throws {
        let scene = try Scene(supervised: [["A=sk-secret"]])
        let script = """
            printf 'prompt> '; trap 'printf "cret"; exit 0' TERM
            while :; do read line < \(scene.directory.path)/fifo && printf '%s' "$line"; done
            """
        #expect(mkfifo(scene.directory.path + "/fifo", 0o600) == 0)
        let child = try start(scene, ["/bin/bash", "-c", script])
        #expect(child.waitForOutput("prompt> "))
        let fifo = try #require(FileHandle(forWritingAtPath: scene.directory.path + "/fifo"))
        try fifo.write(contentsOf: Data("sk-se\n".utf8))
        #expect(child.waitForOutput("prompt> sk-"))
        // A start that is given up comes out whole, and only then.
        try fifo.write(contentsOf: Data("X sk-se\n".utf8))
        #expect(child.waitForOutput("prompt> sk-seX sk-"))
        // The end of what is read frees a shell that was told just before it began to read.
        kill(child.pid, SIGTERM)
        try fifo.close()
        #expect(try child.outcome().text == "prompt> sk-seX sk-******")
    }

    @Test func linesOfBothStreamsStayInTheirOrder() throws {
        let scene = try Scene(supervised: [["A=sk-secret"]])
        let inner = "for i in 1 2 3 4 5 6 7 8 9; do echo out $i; echo err $i >&2; done"
        let script = "'\(try Wrapper.path())' --supervise --mask-output -- /bin/sh -c '\(inner)' 2>&1"
        let child = try Child(
            "/bin/sh",
            arguments: ["sh", "-c", script].map { [UInt8]($0) },
            environment: [scene.address]
        )
        #expect(try child.outcome().text == (1...9).map { "out \($0)\nerr \($0)\n" }.joined())
    }

    @Test func aReaderThatGoesAwayEndsTheCommandAsWithoutTheMask() throws {
        let scene = try Scene(supervised: [["A=sk-secret"]])
        let script = "'\(try Wrapper.path())' --supervise --mask-output -- yes | head -n 1; echo ${PIPESTATUS[0]}"
        let child = try Child(
            "/bin/bash",
            arguments: ["bash", "-c", script].map { [UInt8]($0) },
            environment: [scene.address, [UInt8]("PATH=/usr/bin:/bin")]
        )
        #expect(try child.outcome().text == "y\n\(128 + SIGPIPE)\n")
    }

    @Test func aCommandThatIsRestartedIsMaskedWithItsOwnValues() throws {
        let scene = try Scene(supervised: [["A=value-one"], ["A=value-two"]])
        // Nothing is left behind, however early it is told to end.
        let script = "echo \"$A and value-one\"; exec sleep 1000"
        let child = try start(scene, flags: ["--mask-output", "--on-change=restart"], ["/bin/bash", "-c", script])
        #expect(child.waitForOutput("********* and *********\n"))
        #expect(scene.server.waitForRequest("GET"))
        scene.server.answerSilent(Answers.change("values", names: "A"))
        #expect(child.waitForOutput("********* and value-one\n"))
        kill(child.pid, SIGTERM)
        #expect(try child.outcome().ending == .signal(SIGTERM))
    }

    /// What reads its output has ended then, and the kernel tells by a signal who writes to it (write(2)).
    @Test func aSignalThatTheSupervisorCausesIsNotPassedOn() throws {
        let scene = try Scene(supervised: [["A=value-one"], ["A=value-two"]])
        let script = "echo \"$A and value-one\"; exec sleep 1000 >&- 2>&-"
        let child = try start(scene, flags: ["--mask-output", "--on-change=restart"], ["/bin/bash", "-c", script])
        #expect(child.waitForOutput("********* and *********\n"))
        #expect(scene.server.waitForRequest("GET"))
        scene.server.answerSilent(Answers.change("values", names: "A"))
        #expect(child.waitForOutput("********* and value-one\n"))
        #expect(scene.server.waitForRequest("GET", count: 2))
        kill(child.pid, SIGTERM)
        #expect(try child.outcome().ending == .signal(SIGTERM))
    }

    @Test func itTakesASupervisor() throws {
        let outcome = try Wrapper.run("--mask-output", "--", "true")
        #expect(outcome.errors == "attache-exec: error: usage: --mask-output takes effect only with --supervise\n")
    }

    // MARK: The terminal

    private func onTerminal(_ script: String, keys: String = "", value: String = "sk-secret") throws -> Child.Outcome {
        let scene = try Scene(supervised: [["A=\(value)"]])
        let arguments = [try Probe.path(), "terminal", keys, "/bin/bash", "-c", script]
        let wrapper = "WRAPPER=\(try Wrapper.path()) --supervise --mask-output --"
        let child = try Child(
            arguments[0],
            arguments: arguments.map { [UInt8]($0) },
            environment: [scene.address, [UInt8](wrapper), [UInt8]("PATH=/usr/bin:/bin")]
        )
        return try child.outcome()
    }

    @Test func onATerminalTheCommandHasATerminalAndIsMasked() throws {
        let script = #"$WRAPPER /bin/bash -c 'test -t 0 -a -t 1 -a -t 2 && echo "tty $A"; ps -o stat= -p $$'"#
        let outcome = try onTerminal(script)
        #expect(outcome.text.contains("tty *********\r\n"), "\(outcome.text)")
        #expect(outcome.text.contains("s+\r\n"), "\(outcome.text)")
    }

    @Test func aValueOfSeveralLinesIsMaskedOnATerminalToo() throws {
        let outcome = try onTerminal(#"$WRAPPER /bin/bash -c 'printf "%s\n" "$A"'"#, value: "abc\ndef\nghi")
        #expect(outcome.text == String(repeating: "*", count: 13) + "\r\n")
    }

    @Test func keysAndSizeReachTheCommand() throws {
        let script = """
            stty rows 40 cols 100; before=$(stty -g)
            $WRAPPER /bin/bash -c 'stty size; echo ready; read line; echo "got $line"'
            [ "$before" = "$(stty -g)" ] && echo restored
            """
        let outcome = try onTerminal(script, keys: "hello\n")
        #expect(outcome.text.contains("40 100\r\n"), "\(outcome.text)")
        #expect(outcome.text.contains("got hello\r\n"), "\(outcome.text)")
        #expect(outcome.text.contains("restored\r\n"), "\(outcome.text)")
    }

    @Test func anInterruptEndsTheCommandAndTheTerminalIsAsItWas() throws {
        let script = """
            before=$(stty -g); trap : INT
            $WRAPPER /bin/bash -c 'trap "echo caught; exit 9" INT; echo ready; read line'
            echo "end $?"; [ "$before" = "$(stty -g)" ] && echo restored
            """
        let outcome = try onTerminal(script, keys: "\u{3}")
        #expect(outcome.text.contains("caught\r\nend 9\r\nrestored\r\n"), "\(outcome.text)")
    }

    /// Keys once a word was shown: the first after `ready`, each of the others after the word before it.
    private static func typing(_ first: String, _ others: (word: String, keys: String)...) -> String {
        first + others.map { "\u{1e}\($0.word)\u{1f}\($0.keys)" }.joined()
    }

    @Test func aShellAboveSeesTheStopAndContinuesBoth() throws {
        let script = """
            before=$(stty -g); set -m
            $WRAPPER /bin/bash -c 'echo ready; read line; echo "got $line $A"'
            echo "stopped $?"; [ "$before" = "$(stty -g)" ] && echo restored; jobs; stty rows 41 cols 101
            fg >/dev/null; echo "end $?"; [ "$before" = "$(stty -g)" ] && echo "kept $?"
            """
        let outcome = try onTerminal(script, keys: Self.typing("\u{1a}hello\n"))
        #expect(outcome.text.contains("stopped 148\r\nrestored\r\n"), "\(outcome.text)")
        #expect(outcome.text.contains("Stopped  "), "\(outcome.text)")
        #expect(outcome.text.contains("got hello *********\r\nend 0\r\nkept 0\r\n"), "\(outcome.text)")
    }

    /// What a program does that leaves the terminal in order before it stops.
    @Test func aCommandThatCatchesTheKeyStopsItself() throws {
        let command = """
            trap "echo caught; trap - TSTP; kill -TSTP 0; trap : TSTP; stty size" TSTP
            echo ready; until read -t 1 line; do :; done; echo "got $line"
            """
        let script = """
            set -m; stty rows 40 cols 100; $WRAPPER /bin/bash -c '\(command)'
            echo "stopped $?"; stty rows 41 cols 101; fg >/dev/null; echo "end $?"
            """
        let outcome = try onTerminal(script, keys: Self.typing("\u{1a}", ("41 101", "hello\n")))
        #expect(outcome.text.contains("^Zcaught\r\n"), "\(outcome.text)")
        #expect(outcome.text.contains("\r\nstopped 148\r\n"), "\(outcome.text)")
        #expect(outcome.text.contains("got hello\r\nend 0\r\n"), "\(outcome.text)")
    }

    @Test func aValueThatAStopCutsIsMasked() throws {
        let script = """
            set -m; $WRAPPER /bin/bash -c 'printf "ready %s" "${A:0:6}"; kill -TSTP 0; echo "${A:6}."'
            echo " stopped $?"; fg >/dev/null; echo "end $?"
            """
        let outcome = try onTerminal(script)
        // The first three bytes of what may be a value are shown after a while, before the stop or after it; the rest of it
        // waits for what comes.
        let before = try #require(outcome.text.firstMatch(of: /^ready (s?k?-?)\r\n/)).output.1
        #expect(outcome.text.contains(" stopped 148\r\n"), "\(outcome.text)")
        let after = try #require(outcome.text.firstMatch(of: /148\r\n(s?k?-?)(\*+)\.\r\n/), "\(outcome.text)").output
        #expect("sk-".hasPrefix(before + after.1), "\(outcome.text)")
        #expect(before.count + after.1.count + after.2.count == 9, "\(outcome.text)")
        #expect(outcome.text.contains("end 0\r\n"), "\(outcome.text)")
    }

    @Test func aCommandInTheBackgroundThatReadsIsStoppedUntilItIsInFront() throws {
        let script = """
            set -m; $WRAPPER /bin/bash -c 'echo ready; sleep 0.1; echo on; read line; echo "got $line"'
            echo "stopped $?"; bg >/dev/null
            until jobs | grep -q Stopped; do sleep 0.05; done; echo wants; fg >/dev/null; echo "end $?"
            """
        let outcome = try onTerminal(script, keys: Self.typing("\u{1a}", ("wants", "hello\n")))
        #expect(outcome.text.contains("stopped 148\r\n"), "\(outcome.text)")
        #expect(outcome.text.contains("wants\r\n"), "\(outcome.text)")
        #expect(outcome.text.contains("got hello\r\nend 0\r\n"), "\(outcome.text)")
    }

    @Test func aShellInsideContinuesItsOwnJobs() throws {
        let script =
            #"$WRAPPER /bin/bash -c 'set -m; bash -c "echo ready; read x; echo got \$x"; echo "inner $?"; fg; echo "end $?"'"#
        let outcome = try onTerminal(script, keys: Self.typing("\u{1a}", ("inner", "hello\n")))
        #expect(outcome.text.contains("inner 148\r\n"), "\(outcome.text)")
        #expect(outcome.text.contains("got hello\r\nend 0\r\n"), "\(outcome.text)")
    }

    @Test func whereOnlyTheOutputIsATerminalKeysStayWhereTheyAre() throws {
        let script = #"echo line | $WRAPPER /bin/bash -c 'test -t 1 && ! test -t 0 && read x && echo "$x $A"'"#
        let outcome = try onTerminal(script)
        #expect(outcome.text.contains("line *********\r\n"), "\(outcome.text)")
    }
}

/// The same numbers for the same seed (SplitMix64).
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

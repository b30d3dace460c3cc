// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Values that the command gets as files.
struct FileTests {
    private func run(_ scene: Scene, _ flags: [String], _ script: String, _ environment: [String] = [])
        throws -> Child.Outcome
    {
        let arguments = flags + ["--", "sh", "-c", script]
        return try scene.start(arguments.map { [UInt8]($0) }, environment: environment.map { [UInt8]($0) }).outcome()
    }

    @Test func aValueArrivesAsAFileThatMayBeReadAgainAndAgain() throws {
        let value = (1...255).map { UInt8($0) }
        let scene = try Scene(Answers.environment([[UInt8]("KEY=") + value]))
        let outcome = try run(scene, ["--file", "KEY"], #"cat "$KEY_FILE" "$KEY_FILE" && sh -c 'cat "$KEY_FILE"'"#)
        #expect(outcome.errors == "")
        #expect(outcome.output == value + value + value)
    }

    @Test func theValueIsNotInTheEnvironmentToo() throws {
        let scene = try Scene(Answers.environment("KEY=s3cr3t", "OTHER=1"))
        let outcome = try scene.environment(flags: ["--file=KEY", "--prefix=P_"])
        let strings = outcome.strings.map { String(decoding: $0, as: UTF8.self) }
        #expect(strings.contains { $0.hasPrefix("P_KEY_FILE=/proc/self/fd/") })
        #expect(!strings.contains { $0.contains("s3cr3t") })
    }

    @Test(arguments: [
        #"echo x > "$KEY_FILE""#, #"echo x >> "$KEY_FILE""#, #"truncate -s 1 "$KEY_FILE""#,
        #"eval "echo x >&${KEY_FILE##*/}""#, #"chmod 500 "$KEY_FILE" && "$KEY_FILE""#,
    ])
    func nobodyCanChangeOrRunTheFile(script: String) throws {
        let scene = try Scene(Answers.environment("KEY=#!/bin/sh"))
        let outcome = try run(scene, ["--file=KEY"], "(\(script)) 2>/dev/null && exit 1; cat \"$KEY_FILE\"")
        #expect(outcome.text == "#!/bin/sh")
    }

    @Test func theFileIsForItsOwnerOnly() throws {
        let scene = try Scene(Answers.environment("KEY=x"))
        let outcome = try run(scene, ["--file=KEY"], #"stat -L -c '%a %F %s' "$KEY_FILE""#)
        #expect(outcome.text == "400 regular file 1\n")
    }

    @Test func aPathBecomesALinkThatTheNextStartReplaces() throws {
        let scene = try Scene(Answers.environment("KEY=first"), Answers.environment("KEY=second"))
        let path = scene.directory.path + "/key.pem"
        for expected in ["first", "second"] {
            let outcome = try run(scene, ["--file=KEY=\(path)"], "cat \(path); echo \" $KEY_FILE\"")
            #expect(outcome.text == "\(expected) \(path)\n")
        }
        let link = try FileManager.default.destinationOfSymbolicLink(atPath: path)
        #expect(link.hasPrefix("/proc/self/fd/"))
    }

    @Test func aFileThatIsThereIsNotReplaced() throws {
        let scene = try Scene(Answers.environment("KEY=x"))
        let path = try scene.directory.write("mine".utf8, to: "key.pem")
        let outcome = try run(scene, ["--file=KEY=\(path)"], "true")
        #expect(outcome.ending == .exit(125))
        #expect(outcome.errors == "attache-exec: error: file_refused: KEY: \(path): File exists\n")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
    }

    @Test func aLongValueNeedsNoRoomInTheEnvironment() throws {
        let value = [UInt8](repeating: 0x78, count: 1 << 20)
        let scene = try Scene(Answers.environment([[UInt8]("KEY=") + value]))
        let outcome = try run(scene, ["--file=KEY"], #"cat "$KEY_FILE""#)
        #expect(outcome.output == value)
    }

    @Test func withoutTheValueThereIsNoFile() throws {
        let outcome = try Scene(Answers.environment("A=1")).environment(flags: ["--file=KEY"])
        #expect(outcome.strings.dropFirst() == [[UInt8]("A=1")])
        let required = try Scene(Answers.environment("A=1")).environment(flags: ["--file=KEY", "--require=KEY"])
        #expect(required.errors.contains("required_missing"))
    }
}

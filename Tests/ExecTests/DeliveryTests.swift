// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What arrives in the command's environment.
struct DeliveryTests {
    @Test(arguments: [
        [UInt8]("PLAIN=value"), [UInt8]("EMPTY="), [UInt8]("LINES=a\nb\r\n\n"), [UInt8]("EQUALS==a=b="),
        [UInt8]("UTF8=Zürich 漢字 🙂"), [UInt8]("INVALID=") + [0xFF, 0xC0, 0x80, 0xED, 0xA0], [UInt8]("_=under"),
        [UInt8]("BYTES=") + Array(1...255), [UInt8]("LONG=") + [UInt8](repeating: 0x61, count: 100_000),
    ])
    func aValueArrivesByteForByte(string: [UInt8]) throws {
        let outcome = try Scene(Answers.environment([string])).environment()
        #expect(outcome.ending == .exit(0))
        #expect(outcome.strings == [[UInt8]("PATH=/usr/bin:/bin"), string])
        #expect(outcome.errors == "")
    }

    @Test func nothingAttachedIsAnEmptyAnswer() throws {
        let outcome = try Scene(Answers.environment()).environment(inherited: ["A=1"])
        #expect(outcome.strings == [[UInt8]("PATH=/usr/bin:/bin"), [UInt8]("A=1")])
    }

    @Test func anAnswerMayComeInPieces() throws {
        let head = Answers.head(length: 4)
        let whole = head + [UInt8]("A=1\0")
        for cut in [1, head.count - 3, head.count - 1, head.count, head.count + 2] {
            let scene = try Scene(.pieces(Array(whole[..<cut]), Array(whole[cut...])))
            #expect(try scene.environment().strings.last == [UInt8]("A=1"), "cut at \(cut)")
        }
    }

    @Test func theWrappersOwnVariablesAreGone() throws {
        let scene = try Scene(Answers.environment("A=1"))
        let outcome = try scene.environment(
            inherited: ["ATTACHE_INSTANCE=web-1", "ATTACHE_ANYTHING=x", "ATTACHE_=", "ATTACHE=kept"]
        )
        #expect(
            outcome.strings.map { String(decoding: $0, as: UTF8.self) } == [
                "PATH=/usr/bin:/bin", "ATTACHE=kept", "A=1",
            ]
        )
    }

    @Test(arguments: [false, true])
    func theTokenIsNowhereInTheCommand(fromFile: Bool) throws {
        let scene = try Scene(Answers.environment("A=1"))
        let file = try scene.directory.write((Scene.token + "\n").utf8, to: "token")
        let setting = fromFile ? "ATTACHE_GATEWAY_TOKEN_FILE=\(file)" : "ATTACHE_GATEWAY_TOKEN=\(Scene.token)"
        let script = "cat /proc/$$/environ /proc/$$/cmdline; ls -l /proc/$$/fd"
        let environment = [scene.address, [UInt8](setting), [UInt8]("PATH=/usr/bin:/bin")]
        let arguments = ["--", "sh", "-c", script].map { [UInt8]($0) }
        let outcome = try Wrapper.start(arguments, environment: environment).outcome()
        #expect(outcome.ending == .exit(0))
        #expect(scene.server.requests.first?.field("Authorization") == "Bearer \(Scene.token)")
        #expect(outcome.text.contains("A=1"))
        #expect(!outcome.text.contains(Scene.token.dropFirst(4)))
        #expect(!outcome.text.contains(file))
        #expect(!outcome.text.contains("socket:"))
    }

    @Test func theVaultWinsOverTheInheritedValueAndSaysSo() throws {
        let scene = try Scene(Answers.environment("A=vault", "B=vault", "C=vault"))
        let outcome = try scene.environment(inherited: ["A=image", "C=image", "D=image"])
        #expect(
            outcome.strings.dropFirst() == [
                [UInt8]("D=image"), [UInt8]("A=vault"), [UInt8]("B=vault"), [UInt8]("C=vault"),
            ]
        )
        #expect(outcome.errors == "attache-exec: note: the vault's value replaces the inherited one: A, C\n")
        #expect(try scene.environment(flags: ["--quiet"], inherited: ["A=image"]).errors == "")
    }

    @Test(arguments: [
        (["--keep", "A,B"], []), (["--keep=A"], ["ATTACHE_KEEP=B"]), (["--keep", "A", "--keep", " B,"], []),
    ])
    func aKeptNameHasItsInheritedValue(flags: [String], settings: [String]) throws {
        let scene = try Scene(Answers.environment("A=vault", "B=vault", "C=vault"))
        let outcome = try scene.environment(flags: flags, inherited: ["A=image", "C=image"] + settings)
        #expect(outcome.strings.dropFirst() == [[UInt8]("A=image"), [UInt8]("B=vault"), [UInt8]("C=vault")])
        #expect(outcome.errors.contains("kept instead of the vault's: A\n"))
    }

    @Test(arguments: [(["--only", "A,C"], []), ([], ["ATTACHE_ONLY=A,C,NOT_THERE"])])
    func onlyTheNamedValuesAreTaken(flags: [String], settings: [String]) throws {
        let scene = try Scene(Answers.environment("A=vault", "B=vault", "C=vault"))
        let outcome = try scene.environment(flags: flags, inherited: ["B=image"] + settings)
        #expect(outcome.strings.dropFirst() == [[UInt8]("B=image"), [UInt8]("A=vault"), [UInt8]("C=vault")])
    }

    @Test func everyMissingRequiredNameIsNamed() throws {
        let scene = try Scene(Answers.environment("A=vault"))
        let outcome = try scene.environment(
            flags: ["--require", "A,B", "--require=C,D", "--keep=D"],
            inherited: ["B=image", "D=image"]
        )
        #expect(outcome.ending == .exit(125))
        let text = "not attached to this agent: B, C; attach them, or do not require them"
        #expect(outcome.errors == "attache-exec: error: required_missing: \(text)\n")
        #expect(outcome.output.isEmpty)
        #expect(try scene.environment(flags: ["--require=A"]).ending == .exit(0))
        #expect(try scene.environment(flags: ["--require=A", "--only=B"]).ending == .exit(125))
    }

    @Test func anInheritedNameThatOccursTwiceStaysOnceWithItsLastValue() throws {
        let outcome = try Scene(Answers.environment("B=vault")).environment(inherited: [
            "A=1", "B=1", "A=2", "B=2", "A=3",
        ])
        #expect(outcome.strings.dropFirst() == [[UInt8]("A=3"), [UInt8]("B=vault")])
    }

    @Test func malformedInheritedStringsStayAsTheyAre() throws {
        let odd = [
            [UInt8]("noequals"), [UInt8]("=x"), [], [UInt8]("my.key=1"), [0xFF, 0x3D, 0xFE], [UInt8]("noequals"),
        ]
        let scene = try Scene(Answers.environment("A=1"))
        let arguments = ["--", try Probe.path(), "environment"].map { [UInt8]($0) }
        let outcome = try scene.start(arguments, environment: odd).outcome()
        #expect(outcome.strings == [[UInt8]("PATH=/usr/bin:/bin")] + odd + [[UInt8]("A=1")])
    }

    @Test func anEmptyEnvironmentIsEnough() throws {
        let scene = try Scene(Answers.environment("A=1"))
        let arguments = ["--", try Probe.path(), "environment"].map { [UInt8]($0) }
        #expect(try Wrapper.start(arguments, environment: [scene.address]).outcome().strings == [[UInt8]("A=1")])
        #expect(scene.server.requests.first?.field("Authorization") == nil)
    }

    @Test func tenThousandValuesArrive() throws {
        let strings = (0..<10_000).map { [UInt8]("NAME_\($0)=value \($0)") }
        let outcome = try Scene(Answers.environment(strings)).environment()
        #expect(outcome.strings.dropFirst().elementsEqual(strings))
    }

    @Test func aPathThatTheVaultMayGiveDecidesWhereTheCommandIs() throws {
        let scene = try Scene(Answers.environment("PATH=/nowhere", allowing: "HOME PATH"))
        let outcome = try scene.run("--", "true")
        #expect(outcome.ending == .exit(127))
        #expect(try scene.run("--keep=PATH", "--", "true").ending == .exit(0))
    }
}

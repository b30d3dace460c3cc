// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Which of the vault's values the command gets, and by which names.
struct SelectionTests {
    private func strings(_ outcome: Child.Outcome) -> [String] {
        outcome.strings.dropFirst().map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        (["--map", "A=X"], ["X=1", "B=2"]), (["--map=A=X,B=Y"], ["X=1", "Y=2"]),
        (["--map", "A=B", "--map", "B=A"], ["B=1", "A=2"]), (["--prefix", "P_"], ["P_A=1", "P_B=2"]),
        (["--prefix=P_", "--map=A=X"], ["X=1", "P_B=2"]), (["--map=NOT_THERE=X"], ["A=1", "B=2"]),
        (["--only=A", "--map=A=X"], ["X=1"]), (["--map=A=A", "--prefix=P_"], ["A=1", "P_B=2"]),
    ])
    func valuesArriveUnderTheNamesThatWereAskedFor(flags: [String], expected: [String]) throws {
        let outcome = try Scene(Answers.environment("A=1", "B=2")).environment(flags: flags)
        #expect(outcome.errors == "")
        #expect(strings(outcome) == expected)
    }

    @Test func variablesSayTheSameAsFlags() throws {
        let settings = ["ATTACHE_MAP=A=X", "ATTACHE_PREFIX=P_", "ATTACHE_STRICT=1", "ATTACHE_REQUIRE=B"]
        let outcome = try Scene(Answers.environment("A=1", "B=2")).environment(inherited: settings)
        #expect(strings(outcome) == ["X=1", "P_B=2"])
    }

    @Test func aRenamedValueIsByteForByteTheSame() throws {
        let value = Array(1...255) as [UInt8]
        let outcome = try Scene(Answers.environment([[UInt8]("A=") + value])).environment(flags: ["--map=A=X"])
        #expect(outcome.strings.last == [UInt8]("X=") + value)
    }

    @Test func theNewNameIsTheOneThatClashesAndIsKept() throws {
        let scene = try Scene(Answers.environment("A=vault"))
        let replaced = try scene.environment(flags: ["--map=A=X"], inherited: ["A=image", "X=image"])
        #expect(strings(replaced) == ["A=image", "X=vault"])
        #expect(replaced.errors == "attache-exec: note: the vault's value replaces the inherited one: X\n")
        let kept = try scene.environment(flags: ["--map=A=X", "--keep=X", "--require=A"], inherited: ["X=image"])
        #expect(strings(kept) == ["X=image"])
    }

    @Test(arguments: [["--map=A=B"], ["--prefix=P_", "--map=A=P_B"], ["--map=A=X,B=X"], ["--file=A,B", "--map=A=B"]])
    func twoValuesForOneNameAreRefused(flags: [String]) throws {
        let scene = try Scene(Answers.environment("A=1", "B=2"))
        let outcome = try scene.environment(flags: flags)
        #expect(outcome.ending == .exit(125))
        #expect(outcome.errors.hasPrefix("attache-exec: error: duplicate_variable: "))
    }

    @Test(arguments: [
        "--map=A", "--map=A=", "--map==B", "--map=A=B-C", "--map=A=PATH", "--map=A=LD_PRELOAD", "--map=A=ATTACHE_X",
        "--map=", "--prefix=9", "--prefix=", "--prefix=ATTACHE_", "--prefix=A-", "--pass=HOME",
        "--pass=ATTACHE_GATEWAY_TOKEN", "--file=A=relative", "--file=A-B", "--file=", "--strict",
    ])
    func whatCannotBeMeantIsAUsageError(flag: String) throws {
        let scene = try Scene(Answers.environment("A=1"))
        let outcome = try scene.environment(flags: [flag])
        #expect(outcome.ending == .exit(125))
        #expect(outcome.errors.hasPrefix("attache-exec: error: usage: "))
        #expect(scene.server.requests.isEmpty)
    }

    @Test(arguments: ["LD", "PA", "MALLOC"])
    func aPrefixThatMakesADangerousNameIsRefused(prefix: String) throws {
        let outcome = try Scene(Answers.environment("_PRELOAD=1", "TH=1")).environment(flags: ["--prefix=\(prefix)"])
        #expect(outcome.ending == .exit(125))
        #expect(outcome.errors.hasPrefix("attache-exec: error: dangerous_name: "))
    }

    @Test(arguments: [
        (["--strict", "--require=A,B"], true), (["--strict", "--require=A"], false),
        (["--strict", "--require=A,B,C"], false), (["--strict", "--require=A", "--only=A"], true),
        (["--strict", "--map=A=X", "--file=B"], true), (["--strict", "--map=A=X,C=Z", "--require=B"], false),
        (["--strict=0", "--require=A"], true),
    ])
    func strictTakesExactlyWhatIsExpected(flags: [String], starts: Bool) throws {
        let outcome = try Scene(Answers.environment("A=1", "B=2")).environment(flags: flags)
        #expect((outcome.ending == .exit(0)) == starts, "\(outcome.errors)")
        let codes = ["required_missing: not attached", "unexpected_variable: attached"]
        #expect(starts || codes.contains { outcome.errors.hasPrefix("attache-exec: error: " + $0) })
        #expect(starts || outcome.output.isEmpty)
    }

    @Test func strictNamesEveryNameThatIsTooMany() throws {
        let scene = try Scene(Answers.environment("A=1", "B=2", "C=3"))
        let outcome = try scene.environment(flags: ["--strict", "--require=B"])
        let text = "unexpected_variable: attached to this agent, and not expected: A, C; detach them, or expect them"
        #expect(outcome.errors == "attache-exec: error: \(text)\n")
    }

    @Test func aSettingThatIsPassedReachesTheCommandAndTheTokenNeverDoes() throws {
        let scene = try Scene(Answers.environment("A=1"))
        let settings = ["ATTACHE_INSTANCE=web", "ATTACHE_PASS=ATTACHE_INSTANCE,ATTACHE_ADDRESS", "ATTACHE_QUIET=1"]
        let outcome = try scene.environment(inherited: settings)
        let strings = Set(outcome.strings.map { String(decoding: $0, as: UTF8.self) })
        let expected = ["PATH=/usr/bin:/bin", "ATTACHE_INSTANCE=web", "ATTACHE_ADDRESS=unix://\(scene.socket)", "A=1"]
        #expect(strings == Set(expected))
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Answers that must not become an environment.
struct RefusalTests {
    /// An answer that no part of may be used, and the code that says why.
    struct BadAnswer: Sendable, CustomTestStringConvertible {
        let title: String
        let code: String
        let reply: ScriptedServer.Reply

        var testDescription: String { title }

        init(_ title: String, _ code: String, _ text: String) {
            self.title = title
            self.code = code
            reply = .bytes([UInt8](text))
        }

        init(_ title: String, _ code: String, reply: ScriptedServer.Reply) {
            self.title = title
            self.code = code
            self.reply = reply
        }
    }

    private static let start = "HTTP/1.1 200 OK\r\nContent-Type: \(Answers.type)\r\n"

    static let badAnswers = [
        BadAnswer("truncated", "truncated_answer", start + "Content-Length: 9\r\n\r\nA=1\0"),
        BadAnswer("without a body", "truncated_answer", start + "Content-Length: 9\r\n\r\n"),
        BadAnswer("chunked", "invalid_answer", start + "Transfer-Encoding: chunked\r\n\r\n4\r\nA=1\0\r\n0\r\n\r\n"),
        BadAnswer(
            "chunked with a length",
            "invalid_answer",
            start + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\nA=1\0"
        ),
        BadAnswer("compressed", "invalid_answer", start + "Content-Length: 4\r\nContent-Encoding: gzip\r\n\r\nA=1\0"),
        BadAnswer("without a length", "invalid_answer", start + "\r\nA=1\0"),
        BadAnswer("two lengths", "invalid_answer", start + "Content-Length: 4\r\ncontent-length: 4\r\n\r\nA=1\0"),
        BadAnswer("a signed length", "invalid_answer", start + "Content-Length: +4\r\n\r\nA=1\0"),
        BadAnswer("a huge length", "invalid_answer", start + "Content-Length: 99999999999999999999\r\n\r\nA=1\0"),
        BadAnswer("oversize", "answer_too_large", start + "Content-Length: 8388609\r\n\r\nA=1\0"),
        BadAnswer(
            "JSON",
            "invalid_answer",
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
        ),
        BadAnswer("no type", "invalid_answer", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nA=1\0"),
        BadAnswer("no HTTP", "invalid_answer", "SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        BadAnswer("interim", "invalid_answer", "HTTP/1.1 100 Continue\r\n\r\n"),
        BadAnswer("a folded line", "invalid_answer", start + "Content-Length: 4\r\n folded\r\n\r\nA=1\0"),
        BadAnswer("no content", "unexpected_status", "HTTP/1.1 204 No Content\r\n\r\n"),
        BadAnswer("moved", "unexpected_status", "HTTP/1.1 307 Moved\r\nLocation: http://x/\r\n\r\n"),
        BadAnswer("an endless head", "invalid_answer", start + String(repeating: "X: y\r\n", count: 8000)),
        BadAnswer("no closing NUL", "invalid_answer", reply: .bytes(Answers.head(length: 3) + [UInt8]("A=1"))),
        BadAnswer("an empty string", "invalid_answer", reply: Answers.environment("A=1", "")),
        BadAnswer("no equals sign", "invalid_answer", reply: Answers.environment("A=1", "B")),
        BadAnswer("no name", "invalid_answer", reply: Answers.environment("=1")),
        BadAnswer("a digit first", "invalid_answer", reply: Answers.environment("9A=1")),
        BadAnswer("a dash", "invalid_answer", reply: Answers.environment("A-B=1")),
        BadAnswer("a letter outside ASCII", "invalid_answer", reply: Answers.environment("Ä=1")),
        BadAnswer(
            "a name of 129 bytes",
            "invalid_answer",
            reply: Answers.environment(String(repeating: "A", count: 129) + "=1")
        ),
        BadAnswer("a name twice", "duplicate_variable", reply: Answers.environment("A=1", "B=1", "A=1")),
        BadAnswer("PATH", "dangerous_name", reply: Answers.environment("PATH=/tmp")),
        BadAnswer(
            "LD_PRELOAD",
            "dangerous_name",
            reply: Answers.environment("LD_PRELOAD=x", allowing: "LD_AUDIT LD_PRELOADX")
        ),
        BadAnswer("MALLOC_", "dangerous_name", reply: Answers.environment("MALLOC_TRACE=x")),
        BadAnswer("own prefix", "dangerous_name", reply: Answers.environment("ATTACHE_X=x", allowing: "ATTACHE_X")),
    ]

    @Test(arguments: badAnswers)
    func anAnswerIsRefusedAsAWholeAndAtOnce(answer: BadAnswer) throws {
        let scene = try Scene(answer.reply)
        let outcome = try scene.environment()
        #expect(outcome.ending == .exit(125))
        #expect(outcome.errors.hasPrefix("attache-exec: error: \(answer.code): "))
        #expect(outcome.errors.split(separator: "\n").count == 1)
        #expect(outcome.output.isEmpty)
        #expect(scene.server.requests.count == 1)
    }

    @Test func anInvalidNameIsNotRepeated() throws {
        let outcome = try Scene(Answers.environment("A=1", "s3cr3t piece=x")).environment()
        #expect(outcome.errors == "attache-exec: error: invalid_answer: string 2 has no valid name\n")
    }

    @Test func aDangerousNameThatTheServerAllowsIsTaken() throws {
        let scene = try Scene(
            Answers.environment("NODE_OPTIONS=--x", "LD_PRELOAD=", allowing: "NODE_OPTIONS LD_PRELOAD")
        )
        #expect(try scene.environment().strings.count == 3)
    }

    @Test func aNameOf128BytesIsTaken() throws {
        let string = [UInt8](repeating: 0x41, count: 128) + [UInt8]("=1")
        #expect(try Scene(Answers.environment([string])).environment().strings.last == string)
    }

    @Test func theListOfDangerousNamesIsTheServers() throws {
        let own = try String(contentsOf: Sources.file("attache-exec/DangerousNames.swift"), encoding: .utf8)
        let servers = try String(contentsOf: Sources.file("VaultModel/EnvironmentName.swift"), encoding: .utf8)
        let names = try #require(try listedNames("dangerousNames", in: servers))
        #expect(names.count > 20)
        #expect(try listedNames("dangerousNames", in: own) == names)
        let prefixes = try #require(try listedNames("dangerousPrefixes", in: servers))
        let ownPrefixes = try #require(try listedNames("dangerousPrefixes", in: own))
        #expect(ownPrefixes.union(["ATTACHE_"]) == prefixes)
    }

    /// The string literals between the declaration of `name` and the next one.
    private func listedNames(_ name: String, in source: String) throws -> Set<String>? {
        guard let declaration = source.firstMatch(of: try Regex("static (let|var) \(name)")) else { return nil }
        let list = source[declaration.range.upperBound...]
        let end = list.firstRange(of: "static ")?.lowerBound ?? list.endIndex
        return Set(list[..<end].matches(of: /"([A-Z0-9_]+)"/).map { String($0.output.1) })
    }

    @Test(arguments: [131_071, 131_072])
    func oneStringMayHave131071Bytes(length: Int) throws {
        let string = [UInt8]("BIG=") + [UInt8](repeating: 0x78, count: length - 4)
        let outcome = try Scene(Answers.environment([string, [UInt8]("A=1")])).environment()
        if length == 131_071 {
            #expect(outcome.strings.contains(string))
        } else {
            #expect(outcome.ending == .exit(125))
            let text = "BIG has 131072 bytes with its name, the kernel takes 131071; --file hands it over as a file"
            #expect(outcome.errors == "attache-exec: error: value_too_long: \(text)\n")
        }
    }

    @Test(arguments: [0, 1])
    func theSumMayHaveAQuarterOfTheStackLimit(excess: Int) throws {
        // 1 MiB of stack: 256 KiB for the path, the arguments, the strings and their pointers.
        let probe = try Probe.path()
        let fixed = (probe.utf8.count + 1) + (probe.utf8.count + 1 + 8) + ("environment".utf8.count + 1 + 8)
        let first = 131_000
        let second = 262_144 - fixed - (first + 9) - 9 + excess
        let strings = zip(["A=", "B="], [first, second]).map { [UInt8]($0) + [UInt8](repeating: 0x78, count: $1 - 2) }
        let scene = try Scene(Answers.environment(strings))
        let wrapped = ["--", probe, "environment"].map { [UInt8]($0) }
        let outcome = try Probe.start("stack", try Wrapper.path(), wrapped, environment: [scene.address]).outcome()
        let filled = ["fill", "\(first)", "\(second)", probe, "environment"].map { [UInt8]($0) }
        let bare = try Probe.start("stack", probe, filled, environment: []).outcome()
        if excess == 0 {
            #expect(outcome.strings == strings)
            #expect(bare.strings.count == 2)
        } else {
            #expect(outcome.ending == .exit(125))
            let text = "arguments and environment have 262145 bytes, the kernel takes 262144; largest:"
            let expected =
                "attache-exec: error: environment_too_large: \(text) B (\(second) bytes) A (\(first) bytes); "
            #expect(outcome.errors.hasPrefix(expected))
            #expect(bare.ending == .exit(E2BIG))
        }
    }
}

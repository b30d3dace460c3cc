// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What is tried again, what is not, and for how long.
struct RetryTests {
    @Test(arguments: [false, true])
    func aServerThatIsNotUpYetIsTriedAgain(socketExists: Bool) throws {
        let directory = try TemporaryDirectory()
        let token = try directory.write("gwt_1".utf8, to: "token")
        let watch = try TokenFileWatch(token)
        var scene: Scene?
        if socketExists { scene = try Scene(Answers.environment("A=1"), listens: false, in: directory) }
        let child = try Wrapper.start(
            ["--", try Probe.path(), "environment"].map { [UInt8]($0) },
            environment: ["ATTACHE_ADDRESS=unix://\(directory.path)/s", "ATTACHE_GATEWAY_TOKEN_FILE=\(token)"]
                .map { [UInt8]($0) }
        )
        // The second read of the token is the second attempt, so the first one has failed.
        #expect(watch.waitForReads(2))
        if let scene {
            try scene.server.listen()
        } else {
            scene = try Scene(Answers.environment("A=1"), in: directory)
        }
        #expect(try child.outcome().strings == [[UInt8]("A=1")])
    }

    @Test(arguments: [500, 502, 503, 504, 507, 429])
    func aStatusThatCanPassIsTriedAgainAsTheSameStart(status: Int) throws {
        let scene = try Scene(Answers.refusal(status, code: "busy"), .hangUp, Answers.environment("A=1"))
        let outcome = try scene.environment()
        #expect(outcome.strings.last == [UInt8]("A=1"))
        #expect(outcome.errors == "")
        let starts = scene.server.requests.map { $0.field("Attache-Start") }
        try #require(starts.count == 3)
        #expect(Set(starts).count == 1)
        #expect(starts[0]?.wholeMatch(of: /[0-9a-f]{32}/) != nil)
    }

    @Test(arguments: [429, 503])
    func retryAfterIsWaitedFor(status: Int) throws {
        let scene = try Scene(Answers.refusal(status, code: "rate_limited", retryAfter: 2), Answers.environment())
        #expect(try scene.environment(inherited: ["ATTACHE_TIMEOUT=3"]).ending == .exit(0))
        let times = scene.server.requests.map(\.receivedAt)
        try #require(times.count == 2)
        #expect(times[1] - times[0] >= .seconds(2))
    }

    @Test func aRetryAfterBeyondTheDeadlineEndsAtOnce() throws {
        let scene = try Scene(Answers.refusal(429, code: "rate_limited", retryAfter: 60))
        let outcome = try scene.run("--timeout", "20", "--", "true")
        #expect(outcome.ending == .exit(125))
        #expect(outcome.errors.hasPrefix("attache-exec: error: rate_limited: "))
        #expect(scene.server.requests.count == 1)
    }

    @Test(arguments: [
        (401, "token_missing"), (401, "token_unknown"), (401, "token_rotated"), (401, "token_revoked"),
        (403, "forbidden"), (404, "not_found"), (409, "proxy_url_missing"), (422, "limit_reached"),
        (500, "integrity_error"), (400, "a_code_of_tomorrow"), (401, nil), (501, nil),
    ])
    func aRefusalIsFinalAndSaysItsCode(status: Int, code: String?) throws {
        let scene = try Scene(Answers.refusal(status, code: code))
        let outcome = try scene.run("--allow-offline", "--", "true")
        #expect(outcome.ending == .exit(125))
        #expect(outcome.errors.hasPrefix("attache-exec: error: \(code ?? "unexpected_status"): "))
        #expect(outcome.errors.split(separator: "\n").count == 1)
        #expect(scene.server.requests.count == 1)
    }

    /// What the server can answer a start with is explained; what is explained is a code that the server has.
    @Test func everyHintIsForACodeOfTheServer() throws {
        let codes = try String(contentsOf: Sources.file("APITypes/ErrorCode.swift"), encoding: .utf8)
        let hints = try String(contentsOf: Sources.file("attache-exec/ServerError.swift"), encoding: .utf8)
        let known = Set(
            codes.matches(of: /case ([a-z][A-Za-z]*)(?: = "([a-z_]+)")?\n/).map { String($0.output.2 ?? $0.output.1) }
        )
        let hinted = Set(hints.matches(of: /\("([a-z_]+)", "/).map { String($0.output.1) })
        #expect(hinted.count > 10)
        #expect(hinted.subtracting(known) == [])
        let protocolPage = try String(
            contentsOf: Sources.file("../docs/formats/start-protocol.md"),
            encoding: .utf8
        )
        let table = try #require(protocolPage.split(separator: "## Errors").last)
        let promised = Set(table.matches(of: /`([a-z]+_[a-z_]+|busy|forbidden)`/).map { String($0.output.1) })
        #expect(promised.subtracting(["unexpected_status", "truncated_answer"]).subtracting(known) == [])
    }

    @Test func theEntryOfARefusalIsNamed() throws {
        let reply = "HTTP/1.1 500 X\r\nAttache-Error: integrity_error\r\nAttache-Entry: STRIPE\u{7}KEY\r\n\r\n"
        let outcome = try Scene(.bytes([UInt8](reply))).run("--", "true")
        #expect(outcome.errors.hasSuffix(": STRIPE?KEY\n"))
    }

    @Test(arguments: [
        "HTTP/1.1 401 X\r\nAttache-Error: \u{1B}[31m",
        "HTTP/1.1 401 X\r\nAttache-Error: \(String(repeating: "a", count: 65))",
    ])
    func aCodeThatIsNoneIsNotRepeated(head: String) throws {
        let outcome = try Scene(.bytes([UInt8](head + "\r\n\r\n"))).run("--", "true")
        #expect(outcome.errors == "attache-exec: error: unexpected_status: the server answered 401\n")
    }

    @Test(arguments: [ScriptedServer.Reply.silence, .bytes([UInt8]("HTTP/1.1 200")), .hangUp])
    func theDeadlineHoldsOverEverything(reply: ScriptedServer.Reply) throws {
        let scene = try Scene(reply)
        let begin = ContinuousClock.now
        let outcome = try scene.run("--timeout", "1", "--", "true")
        #expect(outcome.ending == .exit(125))
        #expect(outcome.errors.hasPrefix("attache-exec: error: unreachable: \(scene.socket): "))
        #expect((.milliseconds(900) ..< .seconds(15)).contains(ContinuousClock.now - begin))
    }

    @Test func aBodyThatStopsEndsWithTheDeadline() throws {
        let scene = try Scene(.pieces(Answers.head(length: 8) + [UInt8]("A=1\0"), []), .silence)
        #expect(try scene.run("--timeout", "1", "--", "true").errors.contains("truncated_answer: 4 of 8 bytes came"))
    }

    @Test func offlineStartsWithoutValuesOnlyWhenAsked() throws {
        let directory = try TemporaryDirectory()
        let address = "ATTACHE_ADDRESS=unix://\(directory.path)/none"
        let probe = try Probe.path()
        let refused = try Wrapper.run("--timeout=1", "--", probe, "environment", environment: [address, "A=1"])
        #expect(refused.ending == .exit(125))
        let settings = [address, "A=1", "ATTACHE_TIMEOUT=1", "ATTACHE_QUIET=1"]
        let allowed = try Wrapper.run("--allow-offline", "--", probe, "environment", environment: settings)
        #expect(allowed.strings == [[UInt8]("A=1")])
        #expect(allowed.errors.hasPrefix("attache-exec: warning: unreachable: "))
        #expect(allowed.errors.hasSuffix("; starting without values from the vault\n"))
        let required = try Wrapper.run(
            "--allow-offline",
            "--require=A",
            "--",
            probe,
            "environment",
            environment: settings
        )
        #expect(required.ending == .exit(125))
    }

    @Test func offlineIsNotForAServerThatRefuses() throws {
        let scene = try Scene(Answers.refusal(503, code: "audit_unavailable"))
        let outcome = try scene.run("--allow-offline", "--timeout=1", "--", "true")
        #expect(outcome.ending == .exit(125))
        #expect(outcome.errors.hasPrefix("attache-exec: error: audit_unavailable: "))
    }
}

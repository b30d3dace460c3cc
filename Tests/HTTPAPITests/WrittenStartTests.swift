// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import HTTPTypes
import NIOCore
import TestSupport
import Testing

@testable import HTTPAPI

/// A start in the very form that attache-exec writes it, which no parser reads.
struct WrittenStartTests {
    /// As `Tests/Vectors/starts` has it, which attache-exec is held against, too.
    private static func written(_ form: String, token: String = "gwt_token", start: String = "one-start") throws
        -> String
    {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Vectors/starts/\(form).txt")
        return try String(contentsOf: file, encoding: .utf8)
            .replacing("{start}", with: start).replacing("{token}", with: token).replacing("{port}", with: "8751")
            .replacing("\n", with: "\r\n") + "\r\n"
    }

    @Test(arguments: ["plain", "vouched", "session", "supervised", "forwarding"])
    func whatTheWrapperWritesIsRecognized(form: String) throws {
        let request = try #require(WrittenStart.request(in: ByteBuffer(string: Self.written(form))))
        #expect(request.method == .post)
        #expect(request.path == "/api/v1/starts")
        #expect(request.authority == "attache")
        let fields = request.headerFields
        #expect(fields[.attacheStart] == "one-start")
        #expect(fields[.attacheInstance] == "web-1")
        #expect(fields[.authorization] == (form == "vouched" ? nil : "Bearer gwt_token"))
        #expect(fields[.attacheSession] == (form == "session" ? "1" : nil))
        #expect(fields[.attacheSupervised] == (["supervised", "forwarding"].contains(form) ? "1" : nil))
        #expect(fields[.attacheForward] == (form == "forwarding" ? "8751" : nil))
    }

    /// A form, and what is put in the place of a piece of it.
    private static let deviations: [(String, String)] = [
        ("POST", "PUT"), ("/starts", "/starts/x"), ("/starts", "/starts?a=1"), ("HTTP/1.1", "HTTP/1.0"),
        ("Host: attache\r\n", ""), ("Host: attache", "Host: attache\r\nHost: attache"), ("Host:", "host:"),
        ("Content-Length: 0\r\n", ""), ("Content-Length: 0", "Content-Length: 1"),
        ("Content-Length: 0", "Content-Length: 0\r\nContent-Length: 0"),
        ("Content-Length: 0", "Content-Length: 0\r\nTransfer-Encoding: chunked"),
        ("Connection: close\r\n", ""), ("Connection: close", "Connection: keep-alive"),
        ("Attache-Start: one", "Attache-Start:one"), ("Attache-Start: one", "Attache-Start:  one"),
        ("one-start", "one-start "), ("one-start", "one-start\r\n folded"), ("one-start", "one\u{0}start"),
        ("one-start", "one\rstart"), ("one-start", "one\nstart"), ("one-start", "één-start"),
        ("Attache-Start: one-start", "Attache-Start: "), ("Attache-Session", "X-Request-Id"),
        ("Attache-Session: 1", "Attache-Session: 1\r\nAttache-Session: 1"), ("Attache-Session: 1", "nothing"),
        ("\r\n\r\n", "\r\n"), ("\r\n\r\n", "\n\n"), ("\r\n\r\n", "\r\n\r\nx"),
        ("one-start", String(repeating: "x", count: 2_048)),
    ]

    @Test(arguments: deviations)
    func whatTheWrapperDoesNotWriteIsNotRecognized(piece: String, other: String) throws {
        let form = try Self.written("session")
        try #require(form.contains(piece))
        #expect(
            WrittenStart.request(in: ByteBuffer(string: form.replacing(piece, with: other, maxReplacements: 1))) == nil
        )
    }

    @Test func nothingLessThanAWholeRequestIsRecognized() throws {
        let bytes = Array(try Self.written("session").utf8)
        for count in 0..<bytes.count {
            #expect(WrittenStart.request(in: ByteBuffer(bytes: bytes[..<count])) == nil)
        }
    }

    // MARK: - Through the agents' socket

    /// What the wrapper's form is changed to, with its token where `{token}` stands.
    private static let requests: [(String, String)] = [
        ("", ""), ("{token}", "gwt_unknown"), ("Authorization: Bearer {token}\r\n", ""), ("Bearer ", "Basic "),
        ("Attache-Start: one-start\r\n", ""), ("one-start", "short"), ("one-start", "not!allowed"),
        ("Attache-Instance: web-1\r\n", ""), ("web-1", "a name"), ("web-1", String(repeating: "x", count: 129)),
        ("Attache-Session: 1", "Attache-Session: 2"), ("Attache-Session: 1", "Attache-Forward: 8751"),
        ("Attache-Session: 1", "Attache-Forward: 0"),
    ]

    /// With a field of the client's own the request is the parser's to read.
    @Test(arguments: requests)
    func theAnswerIsTheOneThatTheParsersWouldHaveLedTo(piece: String, other: String) async throws {
        try await withServedSocket(.agentSocket) { test, path async throws in
            try await test.create("A_TOKEN", "the value")
            let token = try #require(try await test.createAgent("bot", with: ["A_TOKEN"]).gatewayToken)
            let form = try Self.written("session", token: "{token}").replacing(piece, with: other)
                .replacing("{token}", with: token)
            let parsed = form.replacing("Connection: close", with: "Connection: close\r\nUser-Agent: other")
            // The first use of a token is another start than those after it.
            _ = try await exchange(form, at: path)
            let answers = [try await exchange(form, at: path), try await exchange(parsed, at: path)].map(
                Self.comparable
            )
            #expect(answers[0] == answers[1])
            #expect(answers[0].contains("connection: close"))
        }
    }

    /// The lines of an answer, without what differs from one answer to the next.
    private static func comparable(_ answer: String) -> [String] {
        let parts = answer.components(separatedBy: "\r\n\r\n")
        let head = parts[0].components(separatedBy: "\r\n")
        let fields = head.dropFirst().map { line in
            let name = line.prefix { $0 != ":" }.lowercased()
            return ["date", "x-request-id", "attache-receipt"].contains(name)
                ? name : name + line.dropFirst(name.utf8.count)
        }
        return [head[0]] + fields.sorted() + parts.dropFirst()
    }

    @Test func aConnectionThatSaysNothingOrHalfOfARequestIsServedWhenTheRestComes() async throws {
        try await withServedSocket(.agentSocket) { test, path async throws in
            try await test.create("A_TOKEN", "the value")
            let token = try #require(try await test.createAgent("bot", with: ["A_TOKEN"]).gatewayToken)
            let form = try Self.written("plain", token: token)
            for cut in [1, 100, form.utf8.count - 1] {
                let bytes = Array(form.utf8)
                let answer = try await exchange(
                    String(decoding: bytes[..<cut], as: UTF8.self),
                    at: path,
                    later: String(decoding: bytes[cut...], as: UTF8.self)
                )
                #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(answer.hasSuffix("\r\n\r\nA_TOKEN=the value\0"))
            }
        }
    }

    @Test func whatFollowsAStartIsNotAnswered() async throws {
        try await withServedSocket(.agentSocket) { test, path async throws in
            try await test.create("A_TOKEN", "the value")
            let token = try #require(try await test.createAgent("bot", with: ["A_TOKEN"]).gatewayToken)
            // Most of the rest comes while the start is being recorded.
            for number in 0..<50 {
                let form = try Self.written("plain", token: token, start: "start-\(number + 10)")
                let answer = try await exchange(form, at: path, later: "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2)
                #expect(answer.hasSuffix("\r\n\r\nA_TOKEN=the value\0"))
            }
        }
    }

    @Test func aPeerThatLeavesBeforeItAsksEndsItsConnectionOnly() async throws {
        try await withServedSocket(.agentSocket) { test, path async throws in
            #expect(try await exchange("", at: path, sendsNoMore: true).isEmpty)
            let token = try #require(try await test.createAgent("bot").gatewayToken)
            let answer = try await exchange(try Self.written("plain", token: token), at: path, sendsNoMore: true)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }
}

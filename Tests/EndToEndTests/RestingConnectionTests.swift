// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Requests over a connection to their target that was used before, which go out without a task of their own.
struct RestingConnectionTests {
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    /// A request that leaves a connection behind, and on the same connection of the agent a second one.
    private func pair(_ scene: ProxyScene, _ method: String, fields: [String] = [], body: String = "") -> String {
        scene.request("GET", "\(scene.base)/first").replacing("Connection: close\r\n", with: "")
            + scene.request(method, "\(scene.base)/second", fields: fields, body: body)
    }

    private func target(_ reply: RecordingTarget.Piece...) throws -> RecordingTarget {
        try RecordingTarget { $0.hasPrefix("GET /first ") ? [.text(Self.ok)] : reply }
    }

    @Test(arguments: [
        (["Content-Length: 5"], "hello", "\r\n\r\nhello"),
        (["Transfer-Encoding: chunked"], "5\r\nhello\r\n0\r\n\r\n", "\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "llo\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], "5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n", "hello\r\n0\r\nX-Sum: 7\r\n\r\n"),
        (["Content-Length: 0"], "", "\r\n\r\n"),
    ])
    func aBodyThatCameWithItsRequestGoesOnWithIt(fields: [String], body: String, sent: String) async throws {
        let target = try target(.text(Self.ok))
        let scene = try await ProxyScene(target)
        let answers = try await scene.exchange(pair(scene, "POST", fields: fields, body: body))
        #expect(answers.components(separatedBy: "HTTP/1.1 200").count == 3)
        #expect(answers.hasSuffix("ok"))
        let request = try #require(target.requests.last)
        #expect(request.hasPrefix("POST /second HTTP/1.1\r\n") && request.hasSuffix(sent), "\(request)")
        #expect(request.contains("\r\nauthorization: Bearer \(ProxyScene.key)\r\n"))
        #expect(target.requests.count == 2)
    }

    @Test(arguments: ["GET", "POST"])
    func anEventIsThereBeforeTheTargetSaysMore(method: String) async throws {
        let target = try target(
            .text("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"),
            .text("d\r\ndata: first\n\n\r\n"),
            .untilClosed
        )
        let scene = try await ProxyScene(target)
        let hasBody = method == "POST"
        let request = pair(scene, method, fields: hasBody ? ["Content-Length: 2"] : [], body: hasBody ? "{}" : "")
        let answer = try await scene.exchange(request, until: "data: first\n\n")
        #expect(answer.contains("data: first\n\n"))
        #expect(await target.firstEnd == .closed)
        try await scene.waitForAudit("broken_off", "target_answer_invalid")
    }

    @Test func anAgentThatLeavesBeforeTheAnswerEndsItsRequestAtTheTargetAtOnce() async throws {
        let (asked, ask) = AsyncStream.makeStream(of: Void.self)
        let target = try target(.call { ask.finish() }, .untilClosed)
        let scene = try await ProxyScene(target)
        let agent = try SocketConnection(to: scene.server.socket)
        try agent.send(pair(scene, "GET"))
        for await _ in asked {}
        agent.close()
        #expect(await target.firstEnd == .closed)
        try await scene.waitForAudit("broken_off")
    }

    /// What came is the agent's, and the end of its connection says that more should have come.
    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
    ])
    func anAnswerThatBreaksOffDoesNotLookWhole(reply: String) async throws {
        let scene = try await ProxyScene(try target(.text(reply)))
        let answers = try await scene.exchange(pair(scene, "POST", fields: ["Content-Length: 2"], body: "{}"))
        #expect(answers.components(separatedBy: "HTTP/1.1 200").count == 3)
        #expect(!answers.hasSuffix("0\r\n\r\n") && !answers.hasSuffix("ok"))
        try await scene.waitForAudit("target_answer_invalid")
    }

    @Test(arguments: ["no HTTP\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"])
    func anAnswerThatCannotBeReadIsRefused(reply: String) async throws {
        let scene = try await ProxyScene(try target(.text(reply)))
        let answers = try await scene.exchange(pair(scene, "POST", fields: ["Content-Length: 2"], body: "{}"))
        #expect(answers.contains("HTTP/1.1 502") && answers.contains("target_answer_invalid"))
        #expect(answers.components(separatedBy: "HTTP/1.1 200").count == 2)
    }

    @Test func aTargetThatIsNotTheCredentialsIsRefusedAndRecorded() async throws {
        let scene = try await ProxyScene(try target(.text(Self.ok)))
        let answers = try await scene.exchange(
            scene.request("GET", "\(scene.base)/first").replacing("Connection: close\r\n", with: "")
                + scene.request("GET", "http://127.0.0.2:\(scene.target.port)/second")
        )
        #expect(answers.contains("HTTP/1.1 200") && answers.contains("HTTP/1.1 403"))
        #expect(scene.target.requests.count == 1)
        try await scene.waitForAudit("target_not_allowed")
    }
}

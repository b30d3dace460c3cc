// SPDX-License-Identifier: Apache-2.0

import HTTPMessages
import NIOCore
import NIOEmbedded
import Testing

@testable import CredentialProxy

/// What a target says over a connection, and whether that can be used again.
struct PartQueueTests {
    private let channel = EmbeddedChannel()
    private let queue: PartQueue

    init() throws {
        queue = PartQueue(on: channel.embeddedEventLoop)
        let reader = AnswerReader(for: queue)
        queue.reader = reader
        try channel.pipeline.syncOperations.addHandlers([reader, queue])
        channel.embeddedEventLoop.run()
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/target")).wait()
        ask()
    }

    private func ask() {
        queue.reader?.expect(answerTo: "GET")
        queue.requestIsSent()
    }

    private func say(_ bytes: some Sequence<UInt8>) throws { try channel.writeInbound(ByteBuffer(bytes: bytes)) }

    /// What is there, bodies joined, with a period at the end of an answer.
    private func heard() -> String {
        var text = ""
        while let part = queue.takeFirst() {
            switch part {
            case .head(let head): text += "\(head.status) "
            case .body(let bytes): text += String(buffer: bytes)
            case .end: text += "."
            }
        }
        return text
    }

    @Test(arguments: [
        "Content-Length: 2\r\n\r\nok", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 2\r\n\r\n",
    ])
    func anAnswerIsTheSameWhereverItIsCut(rest: String) throws {
        let answer = Array("HTTP/1.1 103\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\n\(rest)".utf8)
        for cut in 1..<answer.count {
            try say(answer[..<cut])
            var text = heard()
            #expect(!queue.rest())
            try say(answer[cut...])
            text += heard()
            #expect(text == "200 ok.", "cut at \(cut)")
            #expect(queue.rest() && queue.wake())
            ask()
        }
    }

    @Test(arguments: ["HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", "\r\n", "H"])
    func aTargetThatSpeaksWhileItsConnectionRestsIsNotHeard(more: String) throws {
        try say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".utf8)
        #expect(heard() == "200 ok.")
        #expect(queue.rest())
        try say(more.utf8)
        #expect(!channel.isActive)
        #expect(!queue.wake())
        #expect(heard().isEmpty)
    }

    @Test(arguments: ["HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", "\r\n", "H"])
    func aConnectionThatSaidMoreThanItsAnswerDoesNotRest(more: String) throws {
        for (first, second) in [("ok\(more)", ""), ("ok", more)] {
            let queue = try PartQueueTests()
            try queue.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\(first)".utf8)
            try queue.say(second.utf8)
            #expect(queue.heard() == "200 ok.")
            #expect(!queue.queue.rest())
        }
    }

    @Test func whatComesBehindAnAgreementToAnotherProtocolGoesOn() throws {
        try say("HTTP/1.1 101\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\u{1}first".utf8)
        #expect(heard() == "101 \u{1}first")
        try say("HTTP/1.1 200 OK\r\n\r\n".utf8)
        #expect(heard() == "HTTP/1.1 200 OK\r\n\r\n")
        #expect(!queue.rest())
    }

    @Test func anAnswerMayEndWithItsConnection() throws {
        try say("HTTP/1.1 200 OK\r\n\r\nuntil ".utf8)
        try say("the end".utf8)
        #expect(heard() == "200 until the end")
        try channel.close().wait()
        #expect(heard() == ".")
        #expect(!queue.rest())
    }

    @Test func aConnectionThatFailsEndsNoAnswer() throws {
        try say("HTTP/1.1 200 OK\r\n\r\nuntil ".utf8)
        channel.pipeline.fireErrorCaught(IOError(errnoCode: 104, reason: "reset"))
        #expect(!channel.isActive)
        #expect(heard() == "200 until ")
        #expect(throws: IOError.self) { try queue.takeNow() }
    }
}

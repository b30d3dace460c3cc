// SPDX-License-Identifier: Apache-2.0

import HTTPMessages
import HTTPTypes
import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPAPI

/// How the end of an answer is seen, and in how many pieces it is written.
struct AnswerWriterTests {
    private static let ok = HTTPResponse(status: .ok, headerFields: [.server: "test"])
    private static let head = "HTTP/1.1 200 OK\r\nServer: test\r\n"

    @Test func anAnswerThatSaysItsLengthIsOneWrite() throws {
        let scene = try Scene()
        var head = Self.ok
        head.headerFields[.contentLength] = "4"
        try scene.answer(head, to: .get, ["ab", "cd"])
        #expect(try scene.writes() == ["\(Self.head)Content-Length: 4\r\n\r\nabcd"])
    }

    @Test func anAnswerWithoutALengthIsChunked() throws {
        let scene = try Scene()
        try scene.answer(Self.ok, to: .get, ["ab", "", String(repeating: "c", count: 26)], [.via: "x"])
        let chunks = "2\r\nab\r\n1a\r\n\(String(repeating: "c", count: 26))\r\n0\r\nVia: x\r\n\r\n"
        #expect(try scene.writes() == ["\(Self.head)transfer-encoding: chunked\r\n\r\n\(chunks)"])
    }

    @Test func aLongPieceIsNotCopied() throws {
        let scene = try Scene()
        let long = String(repeating: "c", count: 20_000)
        try scene.answer(Self.ok, to: .get, [long])
        let writes = try scene.writes()
        #expect(writes == ["\(Self.head)transfer-encoding: chunked\r\n\r\n4e20\r\n", long, "\r\n0\r\n\r\n"])
    }

    @Test func aPieceThatIsFlushedWaitsForNothing() throws {
        let scene = try Scene()
        scene.writer.begin(Self.ok, to: Scene.request(.get), scene.context)
        scene.writer.add(ByteBuffer(string: "event"), scene.context)
        #expect(try scene.writes() == [])
        scene.writer.flush(scene.context)
        #expect(try scene.writes() == ["\(Self.head)transfer-encoding: chunked\r\n\r\n5\r\nevent\r\n"])
    }

    /// What framed it there would be read as its body, or as the next answer.
    @Test func aClientOfHTTP10IsSentNoChunks() throws {
        let scene = try Scene()
        var messages = RequestMessages(within: MessageLimits(line: 100, head: 100, fields: 10))
        messages.add(ByteBuffer(string: "GET / HTTP/1.0\r\n\r\n"))
        guard case .head(let lines)? = try messages.next() else { throw Scene.Missing() }
        let request = RequestHead(lines)
        #expect(scene.writer.endsConnection(Self.ok, to: request))
        var known = Self.ok
        known.headerFields[.contentLength] = "2"
        #expect(!scene.writer.endsConnection(known, to: request))
        try scene.answer(Self.ok, to: request, ["ab"])
        #expect(try scene.writes() == ["\(Self.head)\r\nab"])
    }

    @Test func anAnswerToHEADSaysALengthThatNothingFollows() throws {
        let scene = try Scene()
        var head = Self.ok
        head.headerFields[.contentLength] = "4"
        try scene.answer(head, to: .head, [])
        try scene.answer(Self.ok, to: .head, [])
        #expect(!scene.writer.endsConnection(Self.ok, to: Scene.request(.head)))
        #expect(try scene.writes() == ["\(Self.head)Content-Length: 4\r\n\r\n", "\(Self.head)\r\n"])
    }

    /// RFC 9110 §8.6, RFC 9112 §6.1.
    @Test(arguments: [
        (204, "No Content", ""), (304, "Not Modified", "Content-Length: 4\r\n"), (101, "Switching Protocols", ""),
    ])
    func whatNeverHasABodyIsNotFramed(status: Int, phrase: String, length: String) throws {
        let scene = try Scene()
        let fields: HTTPFields = [.contentLength: "4", .transferEncoding: "chunked"]
        try scene.answer(HTTPResponse(status: .init(code: status), headerFields: fields), to: .get, ["abcd"])
        #expect(try scene.writes() == ["HTTP/1.1 \(status) \(phrase)\r\n\(length)\r\n"])
    }

    /// A connection whose handler is this test.
    private final class Scene {
        let writer = AnswerWriter(.connection)
        let context: ChannelHandlerContext
        private let channel: EmbeddedChannel

        init() throws {
            let handler = Handler()
            channel = EmbeddedChannel(handler: handler)
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            context = try #require(handler.context)
        }

        struct Missing: Error {}

        static func request(_ method: HTTPRequest.Method) -> RequestHead {
            RequestHead(HTTPRequest(method: method, scheme: "http", authority: "a", path: "/"))
        }

        func answer(
            _ head: HTTPResponse,
            to method: HTTPRequest.Method,
            _ pieces: [String],
            _ trailers: HTTPFields? = nil
        ) throws {
            try answer(head, to: Self.request(method), pieces, trailers)
        }

        func answer(
            _ head: HTTPResponse,
            to request: RequestHead,
            _ pieces: [String],
            _ trailers: HTTPFields? = nil
        ) throws {
            writer.begin(head, to: request, context)
            for piece in pieces { writer.add(ByteBuffer(string: piece), context) }
            let written = channel.eventLoop.makePromise(of: Void.self)
            writer.end(trailers, context, written)
            writer.flush(context)
            try written.futureResult.wait()
        }

        /// What was written since this was asked last.
        func writes() throws -> [String] {
            var writes: [String] = []
            while let bytes = try channel.readOutbound(as: ByteBuffer.self) { writes.append(String(buffer: bytes)) }
            return writes
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private(set) var context: ChannelHandlerContext?

        func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A request as it arrived.
struct ReceivedRequest: Equatable, Sendable {
    var method: String
    var uri: String
    var headers: [String: String]
    var body: String
}

/// What the server does with a request.
enum ScriptedAnswer: Sendable {
    case json(Int, String)
    case noContent
    /// Ends the connection without an answer.
    case hangUp
}

/// An HTTP server on a Unix socket or a loopback port of its own, which remembers what it was asked and answers as
/// the test says.
final class ScriptedServer: Sendable {
    let path: String
    let port: Int?

    private init(path: String, port: Int?) {
        self.path = path
        self.port = port
    }

    /// Lends a server for the length of `body` and returns what it was asked.
    static func run(
        onPort: Bool = false,
        answering answer: @escaping @Sendable (ReceivedRequest, Int) -> ScriptedAnswer,
        _ body: (ScriptedServer) async throws -> Void
    ) async throws -> [ReceivedRequest] {
        var template = Array("/tmp/attache-client-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw POSIXError(.EIO) }
        let directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let recorder = Recorder(answer)
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(AnsweringHandler(recorder))
                }
            }
        let path = "\(directory)/a b%.sock"
        let channel =
            onPort
            ? try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
            : try await bootstrap.bind(unixDomainSocketPath: path).get()
        let server = ScriptedServer(path: path, port: channel.localAddress?.port)
        do {
            try await body(server)
        } catch {
            try? await channel.close()
            throw error
        }
        try await channel.close()
        return recorder.requests
    }
}

/// Remembers requests in their order and knows the answer to each.
final class Recorder: Sendable {
    private let answer: @Sendable (ReceivedRequest, Int) -> ScriptedAnswer
    private let received = Mutex<[ReceivedRequest]>([])

    init(_ answer: @escaping @Sendable (ReceivedRequest, Int) -> ScriptedAnswer) {
        self.answer = answer
    }

    var requests: [ReceivedRequest] { received.withLock { $0 } }

    func take(_ request: ReceivedRequest) -> ScriptedAnswer {
        let index = received.withLock { requests in
            requests.append(request)
            return requests.count - 1
        }
        return answer(request, index)
    }
}

private final class AnsweringHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let recorder: Recorder
    private var request: ReceivedRequest?

    init(_ recorder: Recorder) { self.recorder = recorder }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            let headers = Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { $0 + ", " + $1 }
            request = ReceivedRequest(method: head.method.rawValue, uri: head.uri, headers: headers, body: "")
        case .body(let bytes): request?.body += String(buffer: bytes)
        case .end:
            guard let request else { return }
            switch recorder.take(request) {
            case .json(let status, let text): write(status, text, context)
            case .noContent: write(204, nil, context)
            case .hangUp: context.close(promise: nil)
            }
        }
    }

    private func write(_ status: Int, _ text: String?, _ context: ChannelHandlerContext) {
        var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status))
        if let text { head.headers.add(name: "Content-Length", value: String(text.utf8.count)) }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if let text { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}

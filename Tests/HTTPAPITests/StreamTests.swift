// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import HTTPAPI
import HTTPTypes
import Logging
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import NIOSSL
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing
import VaultModel

/// Streams of HTTP/2 over real TLS on loopback: what is held of their bodies, and what their ends mean.
@Suite(.timeLimit(.minutes(2)))
struct StreamTests {
    @Test func aBodyThatNobodyTakesIsHeldBackAndOtherStreamsGoOn() async throws {
        let forwarding = HeldForwarding()
        try await withServedTLS(forwarding) { client async throws in
            let size = 8 << 20
            let upload = try await client.open("POST", "/v1/proxy")
            upload.send(size)
            // The stream is read as far as it may be before later ones are answered.
            for _ in 0..<20 { #expect(try await client.get("/healthz").status == "200") }
            #expect(upload.written < 1 << 20)
            forwarding.release()
            #expect(try await upload.answer().body == "\(size)")
            #expect(upload.written == size)
        }
    }

    @Test func anAnswerThatComesEarlyTellsTheAgentToSendNoMore() async throws {
        try await withServedTLS(HeldForwarding()) { client async throws in
            let upload = try await client.open("POST", "/v1/nothing")
            let answer = try await upload.answer()
            #expect(answer.status == "404")
            #expect(answer.body.contains("\"code\":\"not_found\""))
            #expect(answer.end == .noError)
        }
    }

    @Test func anAgentThatResetsItsStreamEndsWhatWasBegunForIt() async throws {
        let forwarding = HeldForwarding()
        try await withServedTLS(forwarding) { client async throws in
            let upload = try await client.open("POST", "/v1/proxy")
            upload.send(1 << 10)
            for await _ in forwarding.begun { break }
            try await upload.reset()
            for await _ in forwarding.ended { break }
            #expect(try await client.get("/healthz").status == "200")
        }
    }

    @Test func aServerThatStopsSaysSoAndAnswersWhatWasBegun() async throws {
        let forwarding = HeldForwarding()
        try await withServedTLS(forwarding, stopping: true) { client async throws in
            let request = try await client.open("POST", "/v1/proxy")
            request.send(4 << 10)
            for await _ in forwarding.begun { break }
            await client.stopServer()
            for await _ in client.farewells { break }
            forwarding.release()
            #expect(try await request.answer().body == "\(4 << 10)")
        }
    }

    @Test func anAgentThatWaitsWithItsBodyIsToldToSendIt() async throws {
        let forwarding = HeldForwarding()
        try await withServedTLS(forwarding) { client async throws in
            let upload = try await client.open("POST", "/v1/proxy", ["expect": "100-continue"])
            // Before the body, and before anybody takes it.
            #expect(await upload.status() == "100")
            upload.send(4 << 10)
            forwarding.release()
            let answer = try await upload.answer()
            #expect(answer.status == "200")
            #expect(answer.body == "\(4 << 10)")
        }
    }

    @Test func whatATargetTakesTooLongForIsAnAnswerOfThatStreamAlone() async throws {
        try await withServedTLS(SilentForwarding()) { client async throws in
            let answer = try await client.get("/v1/proxy")
            #expect(answer.status == "504")
            #expect(answer.body.contains("\"code\":\"target_timed_out\""))
            #expect(try await client.get("/healthz").status == "200")
        }
    }
}

/// Takes every request to the proxy, and reads its body when it is let.
private final class HeldForwarding: Forwarding {
    let begun: AsyncStream<Void>
    let ended: AsyncStream<Void>
    private let isBegun: AsyncStream<Void>.Continuation
    private let isEnded: AsyncStream<Void>.Continuation
    private let gate: AsyncStream<Void>
    private let opening: AsyncStream<Void>.Continuation

    init() {
        (begun, isBegun) = AsyncStream.makeStream()
        (ended, isEnded) = AsyncStream.makeStream()
        (gate, opening) = AsyncStream.makeStream()
    }

    func release() { opening.yield() }

    func takes(_ path: String) -> Bool { path.hasPrefix("/v1/proxy") }

    func forward(_ request: ForwardedRequest) async throws -> any ForwardedAnswer {
        isBegun.yield()
        for await _ in gate { break }
        if Task.isCancelled { isEnded.yield() }
        var count = 0
        for try await piece in request.body { count += piece.readableBytes }
        return TextAnswer(text: "\(count)")
    }

    func forwardNow(
        _ request: ForwardedRequest,
        _ done: @escaping @Sendable (Result<any ForwardedAnswer, any Error>) -> Void
    ) throws -> (any ForwardedCall)? { nil }

    func test(_ credential: String, by caller: Caller) async throws -> CredentialTestBody {
        CredentialTestBody(.skipped)
    }
}

/// Forwards to a target that does not answer in time.
private struct SilentForwarding: Forwarding {
    func takes(_ path: String) -> Bool { path.hasPrefix("/v1/proxy") }

    func forward(_ request: ForwardedRequest) async throws -> any ForwardedAnswer {
        throw ForwardingRefusal(ErrorBody(.targetTimedOut, "the target did not answer in time"))
    }

    func forwardNow(
        _ request: ForwardedRequest,
        _ done: @escaping @Sendable (Result<any ForwardedAnswer, any Error>) -> Void
    ) throws -> (any ForwardedCall)? { nil }

    func test(_ credential: String, by caller: Caller) async throws -> CredentialTestBody {
        CredentialTestBody(.skipped)
    }
}

private final class TextAnswer: ForwardedAnswer {
    let status = 200
    let fields: HTTPFields = [:]
    private let text: Mutex<String?>

    var fieldLines: ByteBuffer? { nil }
    var contentLength: Int? { nil }

    init(text: String) {
        self.text = Mutex(text)
    }

    func next() async throws -> ForwardedPart { part }

    func nextNow() throws -> ForwardedPart? { part }

    private var part: ForwardedPart {
        let text = text.withLock { text in
            defer { text = nil }
            return text
        }
        return text.map { .bytes(ByteBuffer(string: $0)) } ?? .end(nil)
    }

    func carry(_ bytes: ForwardedBody, on executor: any TaskExecutor) {}

    func cancel() {}

    func abandon() async {}
}

/// Serves the API and `forwarding` over TLS for the length of `body`, which is given a connection of HTTP/2.
private func withServedTLS(
    _ forwarding: any Forwarding,
    stopping: Bool = false,
    _ body: @escaping @Sendable (StreamClient) async throws -> Void
) async throws {
    let test = try await TestVault.make()
    let files = try TLSFiles(for: "IP:127.0.0.1")
    let chain = try NIOSSLCertificate.fromPEMFile(files.certificate).map { NIOSSLCertificateSource.certificate($0) }
    let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let (running, isRunning) = AsyncStream.makeStream(of: Int.self)
    let surface = HTTPSurface(vault: test.vault, backups: test.backups, logger: logger, forwarding: forwarding)
    let service = try surface.service(
        for: .tcp,
        at: .network(host: "127.0.0.1", port: 0),
        tls: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
    ) { channel in isRunning.yield(channel.localAddress?.port ?? 0) }
    let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [service], logger: logger))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        var port = 0
        for await bound in running {
            port = bound
            break
        }
        let client = try await StreamClient(port, files) { await group.triggerGracefulShutdown() }
        do {
            try await body(client)
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
        if !stopping { await group.triggerGracefulShutdown() }
        try await tasks.waitForAll()
    }
}

/// A connection of HTTP/2 to a server.
private struct StreamClient: Sendable {
    /// Each GOAWAY of the server.
    let farewells: AsyncStream<Void>
    let stopServer: @Sendable () async -> Void
    private let streams: NIOHTTP2Handler.StreamMultiplexer

    init(_ port: Int, _ files: TLSFiles, stopServer: @escaping @Sendable () async -> Void) async throws {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(files.certificate)
        tls.applicationProtocols = ["h2"]
        let context = try NIOSSLContext(configuration: tls)
        let (farewells, isLeaving) = AsyncStream.makeStream(of: Void.self)
        self.farewells = farewells
        self.stopServer = stopServer
        let channel =
            try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = try NIOSSLClientHandler(context: context, serverHostname: nil)
                    let http2 = NIOHTTP2Handler(mode: .client, eventLoop: channel.eventLoop) { $0.close() }
                    try channel.pipeline.syncOperations.addHandlers([handler, http2, FarewellWatch(isLeaving)])
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        streams = try await channel.pipeline.handler(type: NIOHTTP2Handler.self).flatMap(\.multiplexer).get()
    }

    /// Sends the head of a request.
    func open(
        _ method: String,
        _ path: String,
        _ more: HPACKHeaders = [:],
        ends: Bool = false
    ) async throws -> StreamExchange {
        let (frames, received) = AsyncStream.makeStream(of: StreamExchange.Event.self)
        let made = MultiThreadedEventLoopGroup.singleton.next().makePromise(of: (any Channel).self)
        streams.createStreamChannel(promise: made) { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandler(StreamReader(received))
            }
        }
        let stream = try await made.futureResult.get()
        var fields: HPACKHeaders = [
            ":method": method, ":scheme": "https", ":authority": "attache", ":path": path,
        ]
        fields.add(contentsOf: more)
        let head = HTTP2Frame.FramePayload.headers(.init(headers: fields, endStream: ends))
        try await stream.writeAndFlush(head).get()
        return StreamExchange(stream, frames)
    }

    func get(_ path: String) async throws -> StreamExchange.Answer {
        try await open("GET", path, ends: true).answer()
    }

    private final class FarewellWatch: ChannelInboundHandler, Sendable {
        typealias InboundIn = HTTP2Frame

        private let isLeaving: AsyncStream<Void>.Continuation

        init(_ isLeaving: AsyncStream<Void>.Continuation) {
            self.isLeaving = isLeaving
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if case .goAway = unwrapInboundIn(data).payload { isLeaving.yield() }
        }
    }

    private final class StreamReader: ChannelInboundHandler, Sendable {
        typealias InboundIn = HTTP2Frame.FramePayload

        private let received: AsyncStream<StreamExchange.Event>.Continuation

        init(_ received: AsyncStream<StreamExchange.Event>.Continuation) {
            self.received = received
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .headers(let headers):
                received.yield(.head(headers.headers))
            case .data(let data):
                if case .byteBuffer(let bytes) = data.data { received.yield(.data(String(buffer: bytes))) }
            default: break
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            if let closed = error as? NIOHTTP2Errors.StreamClosed { received.yield(.reset(closed.errorCode)) }
        }

        func channelInactive(context: ChannelHandlerContext) { received.finish() }
    }
}

/// One stream of a client.
private final class StreamExchange: Sendable {
    enum Event: Sendable {
        case head(HPACKHeaders)
        case data(String)
        case reset(NIOHTTP2.HTTP2ErrorCode)
    }

    struct Answer {
        var status: String?
        var body = ""
        var end: NIOHTTP2.HTTP2ErrorCode?
    }

    private let stream: any Channel
    private let events: AsyncStream<Event>
    private let count = Mutex(0)

    /// Bytes of the body that the server has taken.
    var written: Int { count.withLock { $0 } }

    init(_ stream: any Channel, _ events: AsyncStream<Event>) {
        self.stream = stream
        self.events = events
    }

    /// Sends a body of so many bytes, as fast as it is taken.
    func send(_ size: Int) {
        let piece = ByteBuffer(repeating: UInt8(ascii: "x"), count: min(size, 16 << 10))
        for start in stride(from: 0, to: size, by: piece.readableBytes) {
            let ends = start + piece.readableBytes >= size
            let data = HTTP2Frame.FramePayload.data(.init(data: .byteBuffer(piece), endStream: ends))
            stream.write(data).whenSuccess { self.count.withLock { $0 += piece.readableBytes } }
        }
        stream.flush()
    }

    func reset() async throws { try await stream.writeAndFlush(HTTP2Frame.FramePayload.rstStream(.cancel)).get() }

    /// The status of the next head that comes.
    func status() async -> String? {
        for await case .head(let fields) in events { return fields.first(name: ":status") }
        return nil
    }

    /// What came until the stream has ended.
    func answer() async throws -> Answer {
        var answer = Answer()
        for await event in events {
            switch event {
            case .head(let fields): answer.status = answer.status ?? fields.first(name: ":status")
            case .data(let text): answer.body += text
            case .reset(let code): answer.end = code
            }
        }
        return answer
    }
}

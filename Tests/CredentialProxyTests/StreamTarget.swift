// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport
import Testing

/// A target over TLS on loopback that speaks HTTP/2, keeps what it receives, and answers each stream with the frames it is told.
///
/// The library's own checks of what it sends are off, so that it can lie.
final class StreamTarget: Sendable {
    struct Request: Sendable {
        /// 1 for the first connection.
        let connection: Int
        let fields: HPACKHeaders
        var body = ""
        var trailers: HPACKHeaders?

        func field(_ name: String) -> String? { fields.first(name: name) }
    }

    /// A step of an answer.
    enum Step: Sendable {
        case fields(HPACKHeaders, ends: Bool = false)
        case data(String, ends: Bool = false)
        /// So many bytes, counted in ``written`` as the other side takes them.
        case bulk(Int)
        case reset(HTTP2ErrorCode)
        /// Says on the connection that it leaves, and that it has done nothing of streams after `last`.
        case leave(last: HTTP2StreamID)

        static func answer(_ text: String, status: String = "200") -> [Step] {
            [.fields([":status": status]), .data(text, ends: true)]
        }
    }

    let port: UInt16
    private let channel: any Channel
    private let record: Record
    /// Each stream that the other side has reset.
    let resets: AsyncStream<HTTP2ErrorCode>

    /// What came of it so far.
    private final class Record: Sendable {
        struct State {
            var connections = 0
            var requests: [Request] = []
            var written = 0
        }

        let state = Mutex(State())
        let reset: AsyncStream<HTTP2ErrorCode>.Continuation

        init(_ reset: AsyncStream<HTTP2ErrorCode>.Continuation) {
            self.reset = reset
        }
    }

    var connections: Int { record.state.withLock { $0.connections } }
    var requests: [Request] { record.state.withLock { $0.requests } }
    var written: Int { record.state.withLock { $0.written } }

    /// `reply` is given each request when it is whole, or when its head is there where it `answersEarly`.
    init(
        _ certificates: TLSFiles,
        streamsAtOnce: Int = 100,
        answersEarly: Bool = false,
        reply: @escaping @Sendable (Request) -> [Step]
    ) async throws {
        let chain = try NIOSSLCertificate.fromPEMFile(certificates.certificate).map {
            NIOSSLCertificateSource.certificate($0)
        }
        let key = try NIOSSLPrivateKey(file: certificates.key, format: .pem)
        var tls = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
        tls.applicationProtocols = ["h2"]
        let context = try NIOSSLContext(configuration: tls)
        let (resets, reset) = AsyncStream.makeStream(of: HTTP2ErrorCode.self)
        self.resets = resets
        let record = Record(reset)
        self.record = record
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings.append(HTTP2Setting(parameter: .maxConcurrentStreams, value: streamsAtOnce))
        connection.headerBlockValidation = .disabled
        connection.contentLengthValidation = .disabled
        let configuration = connection
        channel =
            try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let number = record.state.withLock { state in
                        state.connections += 1
                        return state.connections
                    }
                    let http2 = NIOHTTP2Handler(
                        mode: .server,
                        eventLoop: channel.eventLoop,
                        connectionConfiguration: configuration
                    ) { stream in
                        stream.eventLoop.makeCompletedFuture {
                            let handler = StreamHandler(record, number, answersEarly: answersEarly, reply)
                            try stream.pipeline.syncOperations.addHandler(handler)
                        }
                    }
                    try channel.pipeline.syncOperations.addHandlers([NIOSSLServerHandler(context: context), http2])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = UInt16(try #require(channel.localAddress?.port))
    }

    func stop() async throws { try await channel.close() }

    private final class StreamHandler: ChannelInboundHandler {
        typealias InboundIn = HTTP2Frame.FramePayload
        typealias OutboundOut = HTTP2Frame.FramePayload

        private let record: Record
        private let connection: Int
        private let answersEarly: Bool
        private let reply: @Sendable (Request) -> [Step]
        private var request: Request?

        init(
            _ record: Record,
            _ connection: Int,
            answersEarly: Bool,
            _ reply: @escaping @Sendable (Request) -> [Step]
        ) {
            self.record = record
            self.connection = connection
            self.answersEarly = answersEarly
            self.reply = reply
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .headers(let headers):
                if request == nil {
                    request = Request(connection: connection, fields: headers.headers)
                    if answersEarly { return answer(context) }
                } else {
                    request?.trailers = headers.headers
                }
                if headers.endStream { answer(context) }
            case .data(let data):
                if case .byteBuffer(let bytes) = data.data { request?.body += String(buffer: bytes) }
                if data.endStream, !answersEarly { answer(context) }
            default: break
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            if let closed = error as? NIOHTTP2Errors.StreamClosed { record.reset.yield(closed.errorCode) }
        }

        private func answer(_ context: ChannelHandlerContext) {
            guard let request else { return }
            record.state.withLock { $0.requests.append(request) }
            for step in reply(request) {
                switch step {
                case .fields(let fields, let ends):
                    context.write(wrapOutboundOut(.headers(.init(headers: fields, endStream: ends))), promise: nil)
                case .data(let text, let ends):
                    let bytes = ByteBuffer(string: text)
                    let data = HTTP2Frame.FramePayload.Data(data: .byteBuffer(bytes), endStream: ends)
                    context.write(wrapOutboundOut(.data(data)), promise: nil)
                case .bulk(let count): bulk(count, context)
                case .reset(let code): context.write(wrapOutboundOut(.rstStream(code)), promise: nil)
                case .leave(let last):
                    let frame = HTTP2Frame.FramePayload.goAway(lastStreamID: last, errorCode: .noError, opaqueData: nil)
                    context.channel.parent?.writeAndFlush(
                        HTTP2Frame(streamID: .rootStream, payload: frame),
                        promise: nil
                    )
                }
            }
            context.flush()
        }

        private func bulk(_ count: Int, _ context: ChannelHandlerContext) {
            let piece = ByteBuffer(repeating: UInt8(ascii: "x"), count: 16 << 10)
            for start in stride(from: 0, to: count, by: piece.readableBytes) {
                let ends = start + piece.readableBytes >= count
                let data = HTTP2Frame.FramePayload.Data(data: .byteBuffer(piece), endStream: ends)
                let written = context.eventLoop.makePromise(of: Void.self)
                written.futureResult.whenSuccess { [record] in record.state.withLock { $0.written += 16 << 10 } }
                context.write(wrapOutboundOut(.data(data)), promise: written)
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes
internal import NIOHTTPTypesHTTP1

/// Serves a connection of the agents' socket on the event loop that reads and writes it.
///
/// A start is one short request on a connection of its own, and small: it is read whole, answered, and written at once.
/// The streams of parts that the framework makes for each connection cost as much as the start itself.
struct WholeRequestChannel: ServerChildChannel {
    let dispatcher: Dispatcher
    let limits: NIOHTTPDecoderLimitConfiguration
    let idleTimeout: Duration
    private let dates = DateField()

    init(dispatcher: Dispatcher, limits: NIOHTTPDecoderLimitConfiguration, idleTimeout: Duration) {
        self.dispatcher = dispatcher
        self.limits = limits
        self.idleTimeout = idleTimeout
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<WholeRequests> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false,
                withErrorHandling: false,
                // The HTTP types are valid by construction.
                withOutboundHeaderValidation: false,
                withEncoderConfiguration: HTTPResponseEncoder.Configuration(),
                withDecoderLimitConfiguration: limits
            )
            let connection = WholeRequests(channel)
            try pipeline.addHandlers([
                HTTP1ToHTTPServerCodec(secure: false), ContinueAnswer(), DepartureOfPeer(), MalformedRequestAnswer(),
                HTTPConnectionStateHandler(idleTimeout: idleTimeout, logger: logger),
            ])
            if let forwarding = dispatcher.forwarding {
                try pipeline.addHandler(ForwardingGate(dispatcher, forwarding))
            }
            try pipeline.addHandler(connection)
            return connection
        }
    }

    func handle(value connection: WholeRequests, logger: Logger) async {
        let channel = connection.channel
        await withTaskExecutorPreference(EventLoopTaskExecutor(eventLoop: channel.eventLoop)) {
            await withTaskCancellationHandler {
                while let (request, isLast) = await connection.next() {
                    let context = APIContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
                    guard var response = try? await dispatcher.respond(to: request, context: context) else { break }
                    response.headers[.date] = dates.now
                    if isLast { response.headers[.connection] = "close" }
                    guard await connection.answer(response), !isLast else { break }
                }
                connection.end()
            } onCancel: {
                channel.close(promise: nil)
            }
        }
    }
}

/// The requests of one connection, each whole, in their order.
///
/// Nothing is read beyond a request that is being answered.
// `@unchecked Sendable`: every property is touched on the channel's event loop only, where the executor runs what awaits.
final class WholeRequests: ChannelDuplexHandler, ServerChildChannelValue, @unchecked Sendable {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// More than any request of the agents' socket may have; what is longer is refused unread.
    private static let mostBodyBytes = 2_048

    let channel: any Channel

    private var head: HTTPRequest?
    private var body = ByteBuffer()
    /// Whole requests that wait for the answers to earlier ones; of one read only, since nothing is read meanwhile.
    private var waiting = CircularBuffer<(Request, isLast: Bool)>()
    private var isAnswering = false
    private var hasEnded = false
    private var wantsRead = false
    /// Done when the last answer is with the kernel.
    private var written: EventLoopFuture<Void>?
    private var reader: CheckedContinuation<(Request, isLast: Bool)?, Never>?

    init(_ channel: any Channel) {
        self.channel = channel
    }

    /// The next request, and whether none is answered after it; nil when the peer sends no more.
    func next() async -> (Request, isLast: Bool)? {
        channel.eventLoop.preconditionInEventLoop()
        isAnswering = false
        if let request = waiting.popFirst() {
            isAnswering = true
            return request
        }
        guard !hasEnded else { return nil }
        if wantsRead {
            wantsRead = false
            channel.pipeline.syncOperations.read()
        }
        return await withCheckedContinuation { reader = $0 }
    }

    /// Writes an answer at once; false where nobody takes it any more.
    func answer(_ response: Response) async -> Bool {
        let body = CollectedBody()
        guard (try? await response.body.write(body)) != nil else { return false }
        channel.write(HTTPResponsePart.head(response.head), promise: nil)
        for piece in body.pieces where piece.readableBytes > 0 {
            channel.write(HTTPResponsePart.body(piece), promise: nil)
        }
        written = channel.writeAndFlush(HTTPResponsePart.end(nil))
        return channel.isActive
    }

    /// Closes the connection when what was written is with the kernel.
    func end() {
        guard let written else { return channel.close(promise: nil) }
        written.whenComplete { [channel] _ in channel.close(promise: nil) }
    }

    // MARK: - What comes from the agent

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            body.clear()
            let isTooLong =
                head.headerFields[.contentLength].flatMap { Int($0) }.map { $0 > Self.mostBodyBytes } ?? false
            self.head = head
            if isTooLong { take(isWhole: false) }
        case .body(let bytes):
            guard head != nil else { return }
            body.writeImmutableBuffer(bytes)
            if body.readableBytes > Self.mostBodyBytes { take(isWhole: false) }
        case .end:
            take(isWhole: true)
        }
    }

    /// Hands on the request that was read so far; what is not whole is the last of its connection.
    private func take(isWhole: Bool) {
        guard let head else { return }
        self.head = nil
        let closes =
            head.headerFields[.upgrade] != nil
            || head.headerFields[values: .connection].contains { $0.lowercased() == "close" }
        let request = (Request(head: head, body: RequestBody(buffer: body)), isLast: closes || !isWhole)
        body = ByteBuffer()
        guard let reader else { return waiting.append(request) }
        self.reader = nil
        isAnswering = true
        reader.resume(returning: request)
    }

    func read(context: ChannelHandlerContext) {
        if isAnswering || !waiting.isEmpty { wantsRead = true } else { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { sendsNoMore() }
        context.fireUserInboundEventTriggered(event)
    }

    /// The connection has ended; ``HTTPConnectionStateHandler`` lets nobody else hear of `channelInactive`.
    func handlerRemoved(context: ChannelHandlerContext) {
        sendsNoMore()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        sendsNoMore()
        context.close(promise: nil)
    }

    private func sendsNoMore() {
        hasEnded = true
        reader?.resume(returning: nil)
        reader = nil
    }
}

/// The body of an answer that is small and all there.
private final class CollectedBody: ResponseBodyWriter {
    private(set) var pieces: [ByteBuffer] = []

    func write(_ buffer: ByteBuffer) { pieces.append(buffer) }

    func finish(_ trailingHeaders: HTTPFields?) {}
}

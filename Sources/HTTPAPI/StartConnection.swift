// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import NIOHTTP1

/// Answers a connection whose one request is a start as `attache-exec` writes it, and hands every other to the
/// handlers of a connection.
///
/// A container's process waits for this: making the parsers and handlers of a connection and taking a request through
/// them takes a seventh of the time to its answer ([decision 0042](../../docs/decisions/0042-starts-as-written.md)).
/// Every property is touched on the channel's event loop only, where the executor runs what awaits.
final class StartConnection: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What of an answer's body goes into one record of TLS with its head (RFC 8446 §5.1), which is read as one.
    private static let mostCopiedBytes = 8 << 10

    private let answers: DatedAnswers
    private let idleTimeout: TimeAmount
    /// Adds the handlers of any other connection behind this one.
    private let addParsers: (any Channel) throws -> Void

    private var context: ChannelHandlerContext?
    private var idle: Scheduled<Void>?
    private var isAnswering = false

    init(_ answers: DatedAnswers, idleTimeout: TimeAmount, addParsers: @escaping (any Channel) throws -> Void) {
        self.answers = answers
        self.idleTimeout = idleTimeout
        self.addParsers = addParsers
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        // Over TLS the connection was there before.
        if context.channel.isActive { watch(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        idle?.cancel()
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        watch(context)
        context.fireChannelActive()
    }

    private func watch(_ context: ChannelHandlerContext) {
        idle = context.eventLoop.assumeIsolated().scheduleTask(in: idleTimeout) { context.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // The request said that it is the last; what follows all the same is read, so that the answer is not lost with it.
        guard !isAnswering else { return }
        idle?.cancel()
        guard let head = WrittenStart.request(in: unwrapInboundIn(data)) else { return handOver(data, context) }
        isAnswering = true
        let executor = EventLoopTaskExecutor(eventLoop: context.eventLoop)
        let own = NIOLoopBound(self, eventLoop: context.eventLoop)
        // Begins at once, and ends with the answer: what was begun is answered or recorded, whoever leaves.
        Task.immediate(executorPreference: executor) { [channel = context.channel] in
            await own.value.answer(Request(head: head, body: RequestBody(buffer: ByteBuffer())), on: channel)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        let ends = event is ChannelShouldQuiesceEvent || (event as? ChannelEvent) == .inputClosed
        if ends, !isAnswering { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func handOver(_ data: NIOAny, _ context: ChannelHandlerContext) {
        do {
            try addParsers(context.channel)
        } catch {
            return context.close(promise: nil)
        }
        context.fireChannelRead(data)
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    private func answer(_ request: Request, on channel: any Channel) async {
        var response = await answers.response(to: request, on: channel)
        response.headers[.connection] = "close"
        let body = CollectedBody()
        guard (try? await response.body.write(body)) != nil, let context else { return channel.close(promise: nil) }
        var bytes = Self.bytes(of: response.head, channel.allocator)
        for var piece in body.pieces {
            if piece.readableBytes <= Self.mostCopiedBytes {
                bytes.writeBuffer(&piece)
            } else {
                context.write(wrapOutboundOut(bytes), promise: nil)
                bytes = piece
            }
        }
        context.writeLast(wrapOutboundOut(bytes))
    }

    /// The head of an answer (RFC 9112 §4 and §5); the types of its parts keep line breaks out of them.
    private static func bytes(of head: HTTPResponse, _ allocator: ByteBufferAllocator) -> ByteBuffer {
        var bytes = allocator.buffer(capacity: 2_048)
        bytes.writeStatusLine(head.status)
        for field in head.headerFields { bytes.write(field) }
        bytes.writeStaticString("\r\n")
        return bytes
    }
}

/// The body of an answer that is small and all there.
private final class CollectedBody: ResponseBodyWriter {
    private(set) var pieces: [ByteBuffer] = []

    func write(_ buffer: ByteBuffer) {
        if buffer.readableBytes > 0 { pieces.append(buffer) }
    }

    func finish(_ trailingHeaders: HTTPFields?) {}
}

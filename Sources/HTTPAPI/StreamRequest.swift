// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTPTypes

/// Answers the request of a stream of HTTP/2 that is not forwarded, with the same dispatcher as over HTTP/1.1.
///
/// What was begun is answered or recorded, whoever leaves. Every property is touched on the channel's event loop only, where
/// the executor runs what awaits.
final class StreamRequest: ChannelDuplexHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let dispatcher: Dispatcher
    private let dates: DateField
    private let logger: Logger
    private var context: ChannelHandlerContext?
    private var body: ForwardedBody?
    private var isFull = false
    private var wantsRead = false
    private var writer: CheckedContinuation<Void, Never>?

    init(_ dispatcher: Dispatcher, _ dates: DateField, logger: Logger) {
        self.dispatcher = dispatcher
        self.dates = dates
        self.logger = logger
    }

    // MARK: - What comes from the client

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        depart()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        depart()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head, context)
        case .body(let bytes): if body?.feed(bytes) == false { isFull = true }
        case .end(let trailers): body?.finish(trailers)
        }
    }

    func read(context: ChannelHandlerContext) {
        if isFull { wantsRead = true } else { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { resumeWriter() }
        context.fireChannelWritabilityChanged()
    }

    // The stream ends by itself.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}

    private func begin(_ head: HTTPRequest, _ context: ChannelHandlerContext) {
        let eventLoop = context.eventLoop
        let own = NIOLoopBound(self, eventLoop: eventLoop)
        let body = ForwardedBody { eventLoop.execute { own.value.bodyHasRoom() } }
        self.body = body
        let request = Request(head: head, body: RequestBody(asyncSequence: body))
        // Ends with the answer: every step of it fails when the stream has ended.
        Task.immediate(executorPreference: EventLoopTaskExecutor(eventLoop: eventLoop)) { [channel = context.channel] in
            await own.value.answer(request, on: channel)
        }
    }

    private func bodyHasRoom() {
        isFull = false
        guard wantsRead else { return }
        wantsRead = false
        context?.read()
    }

    private func depart() {
        body?.breakOff()
        resumeWriter()
    }

    // MARK: - What goes to the client

    private func answer(_ request: Request, on channel: any Channel) async {
        let source = APIContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
        do {
            // The dispatcher answers every error.
            var response = try await dispatcher.respond(to: request, context: source)
            response.headers[.date] = dates.now
            write(.head(response.head))
            try await response.body.write(Writer(self, on: channel.eventLoop))
            write(.end(nil))
            context?.flush()
        } catch {
            // An answer that broke off must not look whole.
            context?.close(promise: nil)
        }
        body?.refuseRest()
        bodyHasRoom()
    }

    private func write(_ part: HTTPResponsePart) { context?.write(wrapOutboundOut(part), promise: nil) }

    private func untilWritable() async throws {
        guard let context, context.channel.isActive else { throw ChannelError.ioOnClosedChannel }
        guard !context.channel.isWritable else { return }
        await withCheckedContinuation { writer = $0 }
    }

    private func resumeWriter() {
        writer?.resume()
        writer = nil
    }

    /// The body of an answer, as fast as the client takes it.
    private struct Writer: ResponseBodyWriter, Sendable {
        private let request: NIOLoopBound<StreamRequest>

        init(_ request: StreamRequest, on eventLoop: any EventLoop) {
            self.request = NIOLoopBound(request, eventLoop: eventLoop)
        }

        func write(_ buffer: ByteBuffer) async throws {
            let request = request.value
            request.write(.body(buffer))
            request.context?.flush()
            if request.context?.channel.isWritable != true { try await request.untilWritable() }
        }

        func finish(_ trailingHeaders: HTTPFields?) {}
    }
}

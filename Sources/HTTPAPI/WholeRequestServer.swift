// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOExtras
internal import NIOHTTP1
internal import NIOHTTPTypes
internal import NIOHTTPTypesHTTP1
internal import NIOPosix
internal import ServiceLifecycle

/// Serves the agents' socket on one event loop, which accepts, reads, opens values and writes.
///
/// A start is one short request on a connection of its own, and small: it is read whole, answered, and written at once.
/// The tasks and streams of parts that the framework makes for each connection cost more than the start itself
/// ([decision 0041](../../docs/decisions/0041-whole-requests.md)).
struct WholeRequestServer: Service {
    let dispatcher: Dispatcher
    let place: ListeningPlace
    let limits: NIOHTTPDecoderLimitConfiguration
    let eventLoop: any EventLoop
    let logger: Logger
    let onRunning: @Sendable (any Channel) async -> Void

    private static let idleTimeout = Duration.seconds(120)

    func run() async throws {
        let quiescing = ServerQuiescingHelper(group: eventLoop)
        let answers = WholeAnswers(dispatcher: dispatcher, dates: DateField(), logger: logger)
        let bootstrap = ServerBootstrap(group: eventLoop)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let collector = quiescing.makeServerChannelHandler(channel: channel)
                    try channel.pipeline.syncOperations.addHandler(collector)
                }
            }
            // One connection after the other: looking for a second one costs each a call of the kernel.
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try setUp(channel, answers) }
            }
        let channel =
            switch place {
            case .socket(let path):
                try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
            case .network(let host, let port): try await bootstrap.bind(host: host, port: port).get()
            }
        await onRunning(channel)
        let ended = eventLoop.makePromise(of: Void.self)
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                // Done when no connection is left; those that rest are closed, the others after their answers.
                try? await ended.futureResult.get()
            } onGracefulShutdown: {
                quiescing.initiateShutdown(promise: ended)
            }
        } onCancel: {
            quiescing.initiateShutdown(promise: ended)
        }
    }

    private func setUp(_ channel: any Channel, _ answers: WholeAnswers) throws {
        // Here, since the bootstrap's way takes a chain of futures for each connection.
        try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
        let start = StartConnection(answers, idleTimeout: TimeAmount(Self.idleTimeout)) {
            try addParsers(to: $0, answers)
        }
        try channel.pipeline.syncOperations.addHandler(start)
    }

    private func addParsers(to channel: any Channel, _ answers: WholeAnswers) throws {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: false,
            withErrorHandling: false,
            // The HTTP types are valid by construction.
            withOutboundHeaderValidation: false,
            withEncoderConfiguration: HTTPResponseEncoder.Configuration(),
            withDecoderLimitConfiguration: limits
        )
        try pipeline.addHandlers([
            HTTP1ToHTTPServerCodec(secure: false), ContinueAnswer(), DepartureOfPeer(),
            MalformedRequestAnswer(handsOnLateErrors: true),
            HTTPConnectionStateHandler(idleTimeout: Self.idleTimeout, logger: logger),
        ])
        if let forwarding = dispatcher.forwarding { try pipeline.addHandler(ForwardingGate(dispatcher, forwarding)) }
        try pipeline.addHandler(WholeRequests(answers))
    }
}

/// Makes whole answers to whole requests.
struct WholeAnswers: Sendable {
    let dispatcher: Dispatcher
    let dates: DateField
    let logger: Logger

    /// An answer that is small and all there; nil where its body cannot be made.
    func answer(
        _ request: Request,
        on channel: any Channel,
        refusing refusal: APIFailure? = nil,
        isLast: Bool
    ) async -> (head: HTTPResponse, pieces: [ByteBuffer])? {
        let source = APIContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
        var response = await dispatcher.respond(to: request, context: source, refusing: refusal)
        response.headers[.date] = dates.now
        if isLast { response.headers[.connection] = "close" }
        let body = CollectedBody()
        guard (try? await response.body.write(body)) != nil else { return nil }
        return (response.head, body.pieces)
    }
}

/// Answers the requests of one connection, each read whole, in their order.
///
/// Nothing is read beyond a request that is being answered. Every property is touched on the channel's event loop only, where the executor runs what awaits.
final class WholeRequests: ChannelDuplexHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// More than any request of the agents' socket may have; what is longer is refused unread.
    private static let mostBodyBytes = 2_048

    private let answers: WholeAnswers

    private var context: ChannelHandlerContext?
    private var head: HTTPRequest?
    private var body = ByteBuffer()
    /// Whole requests that wait for the answers to earlier ones; of one read only, since nothing is read meanwhile.
    private var waiting = CircularBuffer<(Request, isLast: Bool, refusal: APIFailure?)>()
    private var isAnswering = false
    private var hasEnded = false
    private var wantsRead = false

    init(_ answers: WholeAnswers) {
        self.answers = answers
    }

    // MARK: - What comes from the agent

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            body.clear()
            self.head = head
            let length = head.headerFields[.contentLength].flatMap { Int($0) } ?? 0
            if length > Self.mostBodyBytes { take(isWhole: false) }
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
        let refusal =
            isWhole ? nil : APIFailure(.bodyTooLarge, "the body is larger than \(Self.mostBodyBytes) bytes")
        let request = Request(head: head, body: RequestBody(buffer: body))
        waiting.append((request, isLast: closes || !isWhole, refusal: refusal))
        body = ByteBuffer()
        guard !isAnswering, let context else { return }
        isAnswering = true
        let executor = EventLoopTaskExecutor(eventLoop: context.eventLoop)
        let own = NIOLoopBound(self, eventLoop: context.eventLoop)
        // Begins at once, and ends with the requests that there are: what was begun is answered or recorded, whoever leaves.
        Task.immediate(executorPreference: executor) { [channel = context.channel] in
            await own.value.answerWaiting(on: channel)
        }
    }

    func read(context: ChannelHandlerContext) {
        if isAnswering { wantsRead = true } else { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            hasEnded = true
            if !isAnswering { context.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// The connection has ended; ``HTTPConnectionStateHandler`` lets nobody else hear of `channelInactive`.
    func handlerRemoved(context: ChannelHandlerContext) {
        hasEnded = true
        self.context = nil
        waiting.removeAll()
    }

    /// What cannot be read ends what is sent, and not the answers to what was read before.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        hasEnded = true
        head = nil
        if !isAnswering { context.close(promise: nil) }
    }

    // MARK: - What goes to the agent

    private func answerWaiting(on channel: any Channel) async {
        while let (request, isLast, refusal) = waiting.popFirst() {
            let answer = await answers.answer(request, on: channel, refusing: refusal, isLast: isLast)
            guard let answer, let context else { return channel.close(promise: nil) }
            context.write(wrapOutboundOut(.head(answer.head)), promise: nil)
            for piece in answer.pieces { context.write(wrapOutboundOut(.body(piece)), promise: nil) }
            guard !isLast, !(hasEnded && waiting.isEmpty) else { return context.writeLast(wrapOutboundOut(.end(nil))) }
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        isAnswering = false
        guard wantsRead else { return }
        wantsRead = false
        context?.read()
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

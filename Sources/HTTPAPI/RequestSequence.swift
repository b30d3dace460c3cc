// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPMessages
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore
internal import VaultCore
internal import VaultModel

/// Answers the requests of a connection, or of a stream, in their order: those that are forwarded with what their target
/// says, all others by the dispatcher.
///
/// Everything happens on the event loop of the connection: a request costs no other thread, and a body goes on piece by
/// piece, each waiting for the slower side. At most one read goes beyond a request that is being answered.
/// Every property is touched on the channel's event loop only, where the executor runs what awaits.
final class RequestSequence: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = RequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// How long a connection is still read whose last answer came before its request was whole: closed at once, it would
    /// take the answer with it (RFC 9112 §9.6).
    private static let farewell: TimeAmount = .seconds(30)

    private let answers: DatedAnswers
    let writer: AnswerWriter
    /// The longest body that is taken; nil where a route says how much it takes.
    private let mostBodyBytes: Int?
    var executor: EventLoopTaskExecutor?
    var peer = IPAddress.loopback
    var context: ChannelHandlerContext?
    private var current: Carriage?
    /// What came before the answers to earlier requests were over; of one read only, since nothing more is read then.
    private var later: [RequestPart] = []
    private var wantsRead = false
    /// No more can be read.
    private var hasEnded = false
    /// The server stops.
    var isLeaving = false
    /// How long nothing may come before the connection is closed; nil where something else decides that.
    let idle: TimeAmount?
    var lastHeard = NIODeadline.now()
    var alarm: Scheduled<Void>?
    /// The kernel may not have the last answer yet.
    private var mayBeUnwritten = false
    private var isClosing = false
    private var whenWritable: CheckedContinuation<Void, Never>?
    /// Told by a body that was full and is read again; one for all bodies.
    private var hasRoom: @Sendable () -> Void = {}
    /// Flushes what is written by then; one for all answers.
    private var flushWritten: @Sendable () -> Void = {}

    var dispatcher: Dispatcher { answers.dispatcher }
    var carrier: AnswerWriter.Carrier { writer.carrier }

    init(
        _ answers: DatedAnswers,
        over carrier: AnswerWriter.Carrier = .connection,
        idle: TimeAmount? = nil,
        mostBodyBytes: Int? = nil
    ) {
        self.answers = answers
        writer = AnswerWriter(carrier)
        self.idle = idle
        self.mostBodyBytes = mostBodyBytes
    }

    // MARK: - What comes from the client

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        executor = EventLoopTaskExecutor(eventLoop: context.eventLoop)
        peer = context.channel.remoteAddress?.ipAddress.flatMap { IPAddress($0) } ?? .loopback
        lastHeard = context.eventLoop.now
        let own = NIOLoopBound(self, eventLoop: context.eventLoop)
        hasRoom = { [eventLoop = context.eventLoop] in eventLoop.execute { own.value.bodyHasRoom() } }
        flushWritten = { own.value.context?.flush() }
        watchSilence()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        alarm?.cancel()
        hasEnded = true
        depart()
        // A body knows the handler that feeds it.
        current = nil
        hasRoom = {}
        flushWritten = {}
        later = []
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { receive(unwrapInboundIn(data)) }

    /// Takes what came, in order.
    func receive(_ part: RequestPart) {
        guard later.isEmpty, take(part) else { return later.append(part) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        lastHeard = context.eventLoop.now
        start()
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if mayRead { context.read() } else { wantsRead = true }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as ChannelEvent where event == .inputClosed:
            hasEnded = true
            depart()
            closeIfDone()
        case is ChannelShouldQuiesceEvent: leaveAfterAnswers()
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        hasEnded = true
        depart()
        context.fireChannelInactive()
    }

    /// What cannot be read ends what is sent, and not the answers to what was read before.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A stream ends by itself.
        guard carrier == .connection else { return }
        // Two answers must not mix: while an earlier request is being answered, the connection ends after it.
        if current == nil, let answer = OwnAnswer(toUnreadable: error) { return endWith(answer, context) }
        hasEnded = true
        if let current, !current.requestIsWhole {
            if !current.hasBegun, error is MessageFault { current.refuse() }
            current.body.breakOff()
        }
        start()
        closeIfDone()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { resumeWriter() }
        context.fireChannelWritabilityChanged()
    }

    /// Takes a part; false where it has to wait for an earlier answer.
    private func take(_ part: RequestPart) -> Bool {
        guard let current else {
            guard case .head(let head) = part else { return true }
            let forwarding = dispatcher.forwarding.flatMap { $0.takes(head.path ?? "") ? $0 : nil }
            let carriage = Carriage(head, newBody(), forwarding: forwarding)
            self.current = carriage
            // At once: what a body is refused for is decided while it comes, and the answer ends it.
            if head.waitsWithBody {
                begin(HTTPResponse(status: .continue), to: carriage)
                flush()
            }
            limit(carriage, toBodyOf: head.bodyBytes)
            return true
        }
        guard !current.requestIsWhole else { return false }
        switch part {
        case .head: return false
        case .body(let bytes):
            current.bodyBytes += bytes.readableBytes
            limit(current, toBodyOf: current.bodyBytes)
            if !current.body.feed(bytes) { current.bodyIsFull = true }
        case .end(let trailers):
            current.requestIsWhole = true
            current.body.finish(trailers)
            guard current.isAnswered else { break }
            // What was answered before it was whole makes room for the next request only now.
            if current.isLast {
                hasEnded = true
                closeIfDone()
            } else {
                self.current = nil
            }
        }
        return true
    }

    /// Refuses what is longer than anything that is taken here, before it is whole.
    private func limit(_ carriage: Carriage, toBodyOf bytes: Int) {
        guard let mostBodyBytes, bytes > mostBodyBytes, carriage.forwarding == nil, !carriage.hasBegun else { return }
        carriage.refusal = APIFailure(.bodyTooLarge, "the body is larger than \(mostBodyBytes) bytes")
        carriage.body.refuseRest()
    }

    /// Goes on with what came too early.
    private func takeLater() {
        guard let context, !later.isEmpty else { return }
        while let part = later.first, take(part) { later.removeFirst() }
        context.fireChannelReadComplete()
        start()
        readOn()
        closeIfDone()
    }

    private func bodyHasRoom() {
        current?.bodyIsFull = false
        readOn()
    }

    /// Whether the client waits for an answer.
    var isAnswering: Bool { current?.requestIsWhole == true }

    /// Reads no request after those that were read before the server stopped.
    func endIfLeaving() {
        if isLeaving, later.isEmpty, current?.isAnswered ?? true { hasEnded = true }
    }

    private var mayRead: Bool { later.isEmpty && current?.bodyIsFull != true }

    private func readOn() {
        guard wantsRead, mayRead else { return }
        wantsRead = false
        context?.read()
    }

    private func depart() {
        guard let current else { return }
        if !current.requestIsWhole { current.body.breakOff() }
        resumeWriter()
        // What a route has begun it ends, whoever leaves: it is answered or recorded.
        guard current.forwarding != nil else { return }
        current.isForsaken = true
        current.said?.finish(nil)
        current.call?.cancel()
        current.answer?.cancel()
        current.task?.cancel()
    }

    /// Closes a connection that nothing more comes from and nothing is to be said to.
    func closeIfDone() {
        guard hasEnded, later.isEmpty, carrier == .connection else { return }
        guard current.map({ $0.isAnswered || !mayBegin($0) && !$0.hasBegun }) ?? true, !isClosing else { return }
        isClosing = true
        guard mayBeUnwritten, let context else { return close() }
        // Behind all that was written.
        let written = whenWrittenClose(context)
        context.write(wrapOutboundOut(ByteBuffer()), promise: written)
        context.flush()
    }

    private func whenWrittenClose(_ context: ChannelHandlerContext) -> EventLoopPromise<Void> {
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { [self] _ in close() }
        return written
    }

    /// Closes the connection, or the stream, when its channel has done what it is at.
    ///
    /// That may be the end of the input, which it goes on with after its handlers have heard of what was read before.
    func close() {
        guard let channel = context?.channel else { return }
        channel.eventLoop.execute { channel.close(promise: nil) }
    }

    /// Takes bytes of a tunnel.
    func hear(_ bytes: ByteBuffer) {
        guard let current, let said = current.said else { return }
        if !said.feed(bytes) { current.bodyIsFull = true }
    }

    func newBody() -> ForwardedBody { ForwardedBody(hasRoom: hasRoom) }

    // MARK: - What goes to the client

    /// Starts with the request that came, as much as there is of it: often all of it.
    private func start() {
        guard let current, !current.hasBegun, executor != nil, mayBegin(current) else { return }
        current.hasBegun = true
        if let forwarding = current.forwarding { return begin(current, forwarding) }
        run(current) { await $0.answer($1) }
    }

    /// Does what waits; it ends with the exchange, and is cancelled when the client departs from a request that is forwarded.
    func run(_ carriage: Carriage, _ body: @escaping (RequestSequence, Carriage) async -> Void) {
        guard let executor, let eventLoop = context?.eventLoop else { return }
        let own = NIOLoopBound((sequence: self, carriage: carriage, body: body), eventLoop: eventLoop)
        carriage.task = Task.immediate(executorPreference: executor) {
            let (sequence, carriage, body) = own.value
            await body(sequence, carriage)
        }
    }

    private func mayBegin(_ carriage: Carriage) -> Bool {
        if carriage.requestIsWhole || carriage.refusal != nil { return true }
        // Where bodies have a limit, routes get whole requests only; and what has ended before it was whole never will be.
        return !hasEnded && (mostBodyBytes == nil || carriage.forwarding != nil)
    }

    /// Answers with what a route says.
    private func answer(_ carriage: Carriage) async {
        guard let channel = context?.channel else { return }
        let body = carriage.body.whole.map { RequestBody(buffer: $0) } ?? RequestBody(asyncSequence: carriage.body)
        let request = Request(head: carriage.head.request, body: body)
        var response = await answers.response(to: request, on: channel, refusing: carriage.refusal)
        let isLast = carriage.closes || writer.endsConnection(response.head, to: carriage.head)
        if isLast, carrier == .connection { response.headers[.connection] = "close" }
        // Whoever sends no more knows that it is the last.
        let closes = isLast || hasEnded && later.isEmpty
        begin(response.head, to: carriage)
        // One that is small and all there goes with its head.
        let isAllThere = response.body.contentLength != nil
        do {
            try await response.body.write(Writer(self, on: channel.eventLoop, flushes: !isAllThere))
        } catch {
            // An answer that broke off must not look whole.
            return close()
        }
        end(carriage, trailers: nil, closes: closes)
    }

    /// The body of an answer, as fast as the client takes it.
    private struct Writer: ResponseBodyWriter, Sendable {
        private let sequence: NIOLoopBound<RequestSequence>
        private let flushes: Bool

        init(_ sequence: RequestSequence, on eventLoop: any EventLoop, flushes: Bool) {
            self.sequence = NIOLoopBound(sequence, eventLoop: eventLoop)
            self.flushes = flushes
        }

        func write(_ buffer: ByteBuffer) async throws {
            let sequence = sequence.value
            sequence.add(buffer)
            if flushes { sequence.flush() }
            guard let channel = sequence.context?.channel, channel.isActive else {
                throw ChannelError.ioOnClosedChannel
            }
            if !channel.isWritable { await sequence.untilWritable() }
        }

        func finish(_ trailingHeaders: HTTPFields?) {}
    }

    func begin(_ head: HTTPResponse, to carriage: Carriage) {
        if let context { writer.begin(head, to: carriage.head, context) }
    }

    func add(_ bytes: ByteBuffer) {
        if let context { writer.add(bytes, context) }
    }

    func flush() {
        if let context { writer.flush(context) }
    }

    func untilWritable() async {
        flush()
        guard let context, context.channel.isActive, !context.channel.isWritable else { return }
        await withCheckedContinuation { whenWritable = $0 }
    }

    private func resumeWriter() {
        whenWritable?.resume()
        whenWritable = nil
    }

    func end(_ carriage: Carriage, trailers: HTTPFields?, closes: Bool) {
        guard let context else { return }
        carriage.answer = nil
        carriage.isAnswered = true
        carriage.isLast = closes
        lastHeard = context.eventLoop.now
        endIfLeaving()
        let isLast = closes && (carriage.requestIsWhole || hasEnded)
        writer.end(trailers, context, isLast ? whenWrittenClose(context) : nil)
        mayBeUnwritten = true
        if carriage.requestIsWhole {
            // After all that the loop has read: answers that came together leave together, which costs each of them less of
            // waking the other side.
            context.eventLoop.execute(flushWritten)
        } else {
            context.flush()
        }
        // Nothing that still comes is taken for another request.
        guard !isLast else { return }
        if carriage.requestIsWhole {
            current = nil
            takeLater()
        } else {
            carriage.body.refuseRest()
            carriage.bodyIsFull = false
            if closes { leave(context) }
        }
        readOn()
        closeIfDone()
    }

    private func endWith(_ answer: OwnAnswer, _ context: ChannelHandlerContext) {
        writer.begin(HTTPResponse(status: answer.status, headerFields: answer.fields), to: nil, context)
        writer.add(answer.body, context)
        // At once, so that nothing that was read with it is read as a request.
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        writer.end(nil, context, written)
        context.flush()
    }

    /// Says that no answer follows, and reads what the client still sends.
    private func leave(_ context: ChannelHandlerContext) {
        guard carrier == .connection else { return }
        context.close(mode: .output, promise: nil)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.farewell) { context.close(promise: nil) }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTP2
internal import NIOHTTPTypes
internal import NIOHTTPTypesHTTP2
internal import VaultCore
internal import VaultModel

/// Answers the requests of a connection that are forwarded, before the API sees them, and hands on all others.
///
/// Everything happens on the event loop of the connection: a request costs no other thread, and an answer goes from the
/// target's connection to the agent's piece by piece, each waiting for the slower one. Requests of one connection are
/// answered in their order, whoever answers them.
/// Every property is touched on the channel's event loop only, where the executor runs what awaits.
final class ForwardingGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// What carries the requests.
    enum Carrier {
        /// A connection of HTTP/1.1: one request after the other.
        case connection
        /// A stream of HTTP/2, whose end says what `Connection` says there.
        case stream
    }

    private let dispatcher: Dispatcher
    private let forwarding: any Forwarding
    private let carrier: Carrier
    private var executor: EventLoopTaskExecutor?
    private var peer = IPAddress.loopback
    private var context: ChannelHandlerContext?
    /// Requests that the API has and did not answer yet.
    private var unanswered = 0
    private var current: Carriage?
    /// What came before the answers to earlier requests were over; of one read only, since nothing is read meanwhile.
    private var later: [HTTPRequestPart] = []
    private var wantsRead = false
    private var writer: CheckedContinuation<Void, Never>?

    /// A request that is forwarded.
    private final class Carriage {
        let head: HTTPRequest
        let body: ForwardedBody
        var task: Task<Void, Never>?
        var answer: (any ForwardedAnswer)?
        var requestIsWhole = false
        var hasBody = false
        var bodyIsFull = false
        var isAnswered = false
        /// What the agent says over a WebSocket.
        var said: ForwardedBody?

        init(_ head: HTTPRequest, _ body: ForwardedBody) {
            self.head = head
            self.body = body
        }

        var closes: Bool {
            // A parser that saw `Upgrade` reads no further request (RFC 9110 §7.8).
            head.headerFields[.upgrade] != nil
                || head.headerFields[values: .connection].contains { $0.lowercased().contains("close") }
        }
    }

    init(_ dispatcher: Dispatcher, _ forwarding: any Forwarding, over carrier: Carrier = .connection) {
        self.dispatcher = dispatcher
        self.forwarding = forwarding
        self.carrier = carrier
    }

    // MARK: - What comes from the agent

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        executor = EventLoopTaskExecutor(eventLoop: context.eventLoop)
        peer = context.channel.remoteAddress?.ipAddress.flatMap { IPAddress($0) } ?? .loopback
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        depart()
        // A body knows the gate that feeds it.
        current = nil
        later = []
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        guard later.isEmpty, take(part, context) else { return later.append(part) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        start()
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if later.isEmpty, current?.bodyIsFull != true { context.read() } else { wantsRead = true }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { depart() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        depart()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What follows a whole request on a connection that is closed after it concerns nobody; where it was not whole,
        // the end of the input says so. The framework would answer, and two answers must not mix.
        if current != nil, error is HTTPParserError { return }
        context.fireErrorCaught(error)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { resumeWriter() }
        context.fireChannelWritabilityChanged()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        context.write(data, promise: promise)
        if case .end = unwrapOutboundIn(data) {
            unanswered -= 1
            takeLater()
        }
    }

    /// Takes a part or hands it on; false where it has to wait for an earlier answer.
    private func take(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) -> Bool {
        if let current {
            guard !current.requestIsWhole else { return false }
            switch part {
            case .head: return false
            case .body(let bytes):
                current.hasBody = true
                if !current.body.feed(bytes) { current.bodyIsFull = true }
            case .end(let trailers):
                current.requestIsWhole = true
                current.body.finish(trailers)
                // What was answered before it was whole made room for the next request only now.
                if current.isAnswered, !current.closes { self.current = nil }
            }
            return true
        }
        if case .head(let head) = part {
            guard let path = head.path, forwarding.takes(path) else {
                unanswered += 1
                context.fireChannelRead(wrapInboundOut(part))
                return true
            }
            guard unanswered == 0 else { return false }
            current = Carriage(head, newBody())
            return true
        }
        context.fireChannelRead(wrapInboundOut(part))
        return true
    }

    /// Goes on with what came too early.
    private func takeLater() {
        guard let context, !later.isEmpty else { return }
        while let part = later.first, take(part, context) { later.removeFirst() }
        context.fireChannelReadComplete()
        start()
        readOn()
    }

    private func bodyHasRoom() {
        current?.bodyIsFull = false
        readOn()
    }

    private func readOn() {
        guard wantsRead, later.isEmpty, current?.bodyIsFull != true else { return }
        wantsRead = false
        context?.read()
    }

    private func depart() {
        guard let current else { return }
        if !current.requestIsWhole { current.body.breakOff() }
        current.said?.finish(nil)
        current.answer?.cancel()
        current.task?.cancel()
        resumeWriter()
    }

    /// Takes bytes of a tunnel.
    fileprivate func hear(_ bytes: ByteBuffer) {
        guard let current, let said = current.said else { return }
        if !said.feed(bytes) { current.bodyIsFull = true }
    }

    private func newBody() -> ForwardedBody {
        guard let eventLoop = context?.eventLoop else { return ForwardedBody {} }
        let own = NIOLoopBound(self, eventLoop: eventLoop)
        return ForwardedBody { eventLoop.execute { own.value.bodyHasRoom() } }
    }

    // MARK: - What goes to the agent

    /// Starts with the request that came, as much as there is of it: often all of it.
    private func start() {
        guard let current, current.task == nil, let executor, let eventLoop = context?.eventLoop else { return }
        let own = NIOLoopBound((gate: self, carriage: current), eventLoop: eventLoop)
        // Ends with the exchange; cancelled when the agent departs.
        current.task = Task.immediate(executorPreference: executor) {
            await own.value.gate.carry(own.value.carriage, executor)
        }
    }

    private func carry(_ carriage: Carriage, _ executor: EventLoopTaskExecutor) async {
        let head = carriage.head
        var passage = Passage(method: head.method.rawValue, fields: head.headerFields, peer: peer)
        passage.template = "(proxy)"
        let fields = framedFields(of: carriage)
        do {
            try dispatcher.admit(&passage, head.headerFields)
            let request = ForwardedRequest(
                method: head.method.rawValue,
                path: head.path ?? "/",
                fields: fields,
                peer: passage.peer,
                body: carriage.body,
                executor: executor
            )
            let answer = try await Vault.$requestID.withValue(passage.requestID) {
                try await forwarding.forward(request)
            }
            carriage.answer = answer
            try await pass(answer, of: carriage, passage)
        } catch let broken as BrokenAnswer {
            // Not ended: the connection is closed, and no answer looks whole that is not.
            await broken.answer.abandon()
            abort(carriage)
        } catch {
            // Nobody is left to be told.
            guard !Task.isCancelled, let context else { return abort(carriage) }
            var own = dispatcher.ownAnswer(
                to: (error as? ForwardingRefusal).map { APIFailure($0.body) } ?? error,
                passage
            )
            if own.status == .unauthorized { dispatcher.refused(passage) }
            own.fields.setOwn(passage)
            dispatcher.finish(passage, status: own.status)
            context.write(
                wrapOutboundOut(.head(HTTPResponse(status: own.status, headerFields: own.fields))),
                promise: nil
            )
            context.write(wrapOutboundOut(.body(own.body)), promise: nil)
            end(carriage, trailers: nil, closes: carriage.closes)
        }
    }

    /// The fields of a request, with how its body is framed where a stream only shows that there is one.
    private func framedFields(of carriage: Carriage) -> HTTPFields {
        var fields = carriage.head.headerFields
        if carrier == .stream, carriage.hasBody || !carriage.requestIsWhole, fields[.contentLength] == nil {
            fields[.transferEncoding] = "chunked"
        }
        return fields
    }

    /// An answer that cannot be ended in order.
    private struct BrokenAnswer: Error {
        let answer: any ForwardedAnswer
    }

    private func pass(_ answer: any ForwardedAnswer, of carriage: Carriage, _ passage: Passage) async throws {
        var fields = answer.fields
        if let length = answer.contentLength { fields[.contentLength] = String(length) }
        fields[.requestID] = passage.requestID
        let status = HTTPResponse.Status(code: answer.status)
        dispatcher.finish(passage, status: status)
        if status == .switchingProtocols { return try await tunnel(answer, of: carriage, fields) }
        // The end of an answer to HEAD that does not say how long it would be shows only at the end of the connection.
        let endIsUnseen = carrier == .connection && carriage.head.method == .head && fields[.contentLength] == nil
        let closes = carriage.closes || endIsUnseen
        if closes { fields[.connection] = "close" }
        write(.head(HTTPResponse(status: status, headerFields: fields)))
        do {
            while true {
                if !answer.isReady { context?.flush() }
                switch try await answer.next() {
                case .bytes(let bytes):
                    write(.body(bytes))
                    if context?.channel.isWritable == false { await untilWritable() }
                case .end(let trailers): return end(carriage, trailers: trailers, closes: closes)
                }
                guard !Task.isCancelled else { throw CancellationError() }
            }
        } catch {
            throw BrokenAnswer(answer: answer)
        }
    }

    /// Passes bytes on in both directions after an answer of 101, until either end leaves.
    private func tunnel(
        _ answer: any ForwardedAnswer,
        of carriage: Carriage,
        _ fields: HTTPFields
    ) async throws {
        do {
            guard let context, let executor else { throw ChannelError.ioOnClosedChannel }
            var fields = fields
            fields[.connection] = "Upgrade"
            fields[.upgrade] = "websocket"
            // Below it the framework's handlers see nothing any more.
            let encoder = try context.pipeline.syncOperations.handler(type: HTTPResponseEncoder.self)
            write(.head(HTTPResponse(status: .switchingProtocols, headerFields: fields)))
            context.flush()
            let ends = TunnelEnd(self)
            try context.pipeline.syncOperations.addHandler(ends, position: .before(encoder))
            let said = newBody()
            carriage.said = said
            answer.carry(said, on: executor)
            while true {
                if !answer.isReady { ends.flush() }
                guard case .bytes(let bytes) = try await answer.next() else { break }
                ends.write(bytes)
                if context.channel.isWritable == false { await untilWritable() }
                guard !Task.isCancelled else { throw CancellationError() }
            }
            ends.close()
        } catch {
            throw BrokenAnswer(answer: answer)
        }
    }

    private func write(_ part: HTTPResponsePart) {
        context?.write(wrapOutboundOut(part), promise: nil)
    }

    private func untilWritable() async {
        context?.flush()
        guard let context, context.channel.isActive, !context.channel.isWritable else { return }
        await withCheckedContinuation { writer = $0 }
    }

    private func resumeWriter() {
        writer?.resume()
        writer = nil
    }

    private func end(_ carriage: Carriage, trailers: HTTPFields?, closes: Bool) {
        guard let context else { return }
        carriage.answer = nil
        carriage.isAnswered = true
        if closes {
            // The carriage stays, so that nothing that still comes is taken for another request.
            context.writeLast(wrapOutboundOut(.end(trailers)))
            return
        }
        context.writeAndFlush(wrapOutboundOut(.end(trailers)), promise: nil)
        if carriage.requestIsWhole {
            current = nil
            takeLater()
        } else {
            carriage.body.refuseRest()
            carriage.bodyIsFull = false
        }
        readOn()
    }

    private func abort(_ carriage: Carriage) {
        carriage.answer = nil
        // What came until then is the agent's: an answer that broke off is told from one that never began.
        context?.flush()
        if carrier == .stream, context?.channel.isActive == true {
            let reset = NIOHTTP2FramePayloadToHTTPEvent.reset(code: .internalError)
            context?.triggerUserOutboundEvent(reset, promise: nil)
        } else {
            context?.close(promise: nil)
        }
    }
}

/// Stands before the handlers of HTTP and passes bytes by them.
private final class TunnelEnd: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let gate: ForwardingGate
    private var context: ChannelHandlerContext?

    init(_ gate: ForwardingGate) {
        self.gate = gate
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { gate.hear(unwrapInboundIn(data)) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The server stops; nothing else would ever end a tunnel.
        if event is ChannelShouldQuiesceEvent { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func write(_ bytes: ByteBuffer) { context?.write(wrapOutboundOut(bytes), promise: nil) }

    func flush() { context?.flush() }

    /// Closes the connection when everything that was written is with the kernel.
    func close() {
        guard let context else { return }
        context.writeLast(wrapOutboundOut(ByteBuffer()))
    }
}

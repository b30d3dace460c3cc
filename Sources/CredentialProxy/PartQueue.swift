// SPDX-License-Identifier: Apache-2.0

internal import HTTPMessages
internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1

/// Hands out what a target sends, part by part, and reads on only while little of it waits.
///
/// So a slow agent slows the target down, and no more than ``mostHeld`` and one read of the socket is ever held. Between two
/// exchanges it rests: whatever comes then was not asked for, and ends the connection.
// The checker cannot know: every property is touched on the channel's event loop only.
final class PartQueue: ChannelInboundHandler, @unchecked Sendable {
    /// Of a stream.
    typealias InboundIn = HTTPClientResponsePart
    typealias Part = MessagePart<AnswerLines>

    private static let mostHeld = 64 << 10

    /// Writes the requests whose answers come here.
    var taker: (any CredentialTaker)?
    /// Reads the answers of a connection of HTTP/1.1.
    var reader: AnswerReader?
    private let eventLoop: any EventLoop
    private var context: ChannelHandlerContext?
    private var parts = CircularBuffer<Part>(initialCapacity: 4)
    /// Bytes of bodies in the parts.
    private var held = 0
    private var isReading = false
    private var waiting: CheckedContinuation<Part?, any Error>?
    /// Told once when something is there, and all that was read with it.
    private var listener: (@Sendable () -> Void)?
    private var failure: (any Error)?
    private var hasEnded = false
    private var deadline = NIODeadline.distantFuture
    private var limit = TimeAmount.zero
    private var alarm: (at: NIODeadline, timer: Scheduled<Void>)?
    private var exchange = ExchangeState()

    /// What decides whether the connection can be used again.
    private struct ExchangeState {
        var isResting = false
        var requestIsSent = false
        var answerIsWhole = false
        var mayGoOn = false
    }

    init(on eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// The next part; nil when the connection has ended.
    ///
    /// Throws ``ProxyError/timedOut`` after `limit`.
    func next(within limit: TimeAmount) async throws -> Part? {
        if eventLoop.inEventLoop, let part = takeFirst() { return part }
        return try await withCheckedThrowingContinuation { continuation in
            guard eventLoop.inEventLoop else { return eventLoop.execute { self.take(continuation, within: limit) } }
            take(continuation, within: limit)
        }
    }

    /// Calls `call` once, when a part is there or none will be; on the event loop.
    func whenReady(within limit: TimeAmount, _ call: @escaping @Sendable () -> Void) {
        listener = call
        self.limit = limit
        deadline = .now() + limit
        setAlarm()
        readOn()
    }

    /// What ``next(within:)`` says, after ``whenReady(within:_:)`` has called.
    func takeNow() throws -> Part? {
        if let part = takeFirst() { return part }
        if let failure { throw failure }
        return nil
    }

    private func tellListener() {
        let call = listener
        listener = nil
        call?()
    }

    /// The next part, where one is there; asked on the event loop.
    var first: Part? { parts.first }

    /// The whole request is with the kernel.
    func requestIsSent() { exchange.requestIsSent = true }

    /// Begins a wait anew, since the connection is in use in the other direction.
    func prolongWait() {
        if waiting != nil { deadline = .now() + limit }
    }

    /// Whether both the request and the answer have come to their ends.
    var isOver: Bool { exchange.requestIsSent && exchange.answerIsWhole }

    /// Begins to rest; false where the connection cannot carry another exchange.
    func rest() -> Bool {
        guard exchange.requestIsSent, exchange.answerIsWhole, exchange.mayGoOn, parts.isEmpty, failure == nil,
            !hasEnded, reader?.holdsBytes == false
        else { return false }
        exchange.isResting = true
        // To see the end of the connection when it comes.
        readOn()
        return true
    }

    /// Ends the rest; false where the connection has ended meanwhile.
    func wake() -> Bool {
        guard exchange.isResting, failure == nil, !hasEnded else { return false }
        exchange = ExchangeState()
        return true
    }

    private func take(_ continuation: CheckedContinuation<Part?, any Error>, within limit: TimeAmount) {
        if let part = takeFirst() { return continuation.resume(returning: part) }
        if let failure { return continuation.resume(throwing: failure) }
        if hasEnded { return continuation.resume(returning: nil) }
        waiting = continuation
        self.limit = limit
        deadline = .now() + limit
        setAlarm()
        readOn()
    }

    /// The next part, where one is there; asked on the event loop.
    func takeFirst() -> Part? {
        guard let part = parts.popFirst() else { return nil }
        if case .body(let bytes) = part { held -= bytes.readableBytes }
        readOn()
        return part
    }

    /// Asks for more unless that was done or enough waits: a socket that is read all the time is never registered anew.
    private func readOn() {
        guard !isReading, held < Self.mostHeld, let context else { return }
        isReading = true
        context.read()
    }

    /// One timer for many waits: it looks again where somebody waits with a later deadline.
    private func setAlarm() {
        if let alarm {
            guard deadline < alarm.at else { return }
            alarm.timer.cancel()
        }
        let at = deadline
        alarm = (
            at,
            eventLoop.scheduleTask(deadline: at) { [self] in
                alarm = nil
                guard waiting != nil || listener != nil else { return }
                if NIODeadline.now() < deadline { setAlarm() } else { fail(ProxyError.timedOut) }
            }
        )
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        taker = nil
        reader = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { receive(Part(unwrapInboundIn(data))) }

    /// Takes what came, in order.
    func receive(_ part: Part) {
        // The end of a connection that failed is no end of an answer (RFC 9112 §8).
        guard failure == nil else { return }
        switch part {
        case .head(let head): exchange.mayGoOn = head.mayGoOn
        case .end: exchange.answerIsWhole = true
        case .body: break
        }
        guard let continuation = waiting else {
            if case .body(let bytes) = part { held += bytes.readableBytes }
            return parts.append(part)
        }
        waiting = nil
        continuation.resume(returning: part)
    }

    /// Ends a connection that rests and says something all the same; false where it does not rest.
    func endsRest() -> Bool {
        guard exchange.isResting else { return false }
        hasEnded = true
        context?.close(promise: nil)
        return true
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        readOn()
        if !parts.isEmpty { tellListener() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        hasEnded = true
        alarm?.timer.cancel()
        alarm = nil
        waiting?.resume(returning: nil)
        waiting = nil
        tellListener()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error)
        context.close(promise: nil)
    }

    private func fail(_ error: any Error) {
        if failure == nil { failure = error }
        waiting?.resume(throwing: error)
        waiting = nil
        tellListener()
    }
}

extension PartQueue.Part {
    /// Of a stream; what is no field is left out.
    fileprivate init(_ part: HTTPClientResponsePart) {
        switch part {
        case .head(let head):
            self = .head(AnswerLines(status: Int(head.status.code), fields: head.headers.fields))
        case .body(let bytes): self = .body(bytes)
        case .end(let trailers): self = .end(trailers.map { HTTPFields($0.fields) })
        }
    }
}

extension HTTPHeaders {
    fileprivate var fields: [HTTPField] {
        compactMap { name, value in HTTPField.Name(name).map { HTTPField(name: $0, value: value) } }
    }
}

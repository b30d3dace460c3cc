// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP2
internal import NIOHTTPTypes
internal import NIOHTTPTypesHTTP2

/// Lets through what a request of HTTP/2 may be, and answers the rest in the form of every other error.
///
/// The library has refused what breaks the rules of frames and fields: names in upper case, fields that concern a connection,
/// line feeds in values, pseudo-fields in odd places. `:authority` is read as `Host` is; where both are there and differ, somebody is
/// misled. When an answer is over before its request, the client is told to send no more (RFC 9113 §8.1).
/// Every property is touched on the channel's event loop only.
final class StreamGuard: ChannelDuplexHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = RequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: StreamLimits
    private var hasHead = false
    private var isRefused = false
    private var isWhole = false
    private var lastRead = NIODeadline.now()
    private var timer: Scheduled<Void>?

    init(_ limits: StreamLimits) {
        self.limits = limits
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastRead = context.eventLoop.now
        let part: RequestPart
        switch unwrapInboundIn(data) {
        case .head(var head):
            hasHead = true
            if let refusal = refusal(of: head) { return refuse(refusal, context) }
            head.authority = head.authority ?? head.headerFields[.hostField]
            head.headerFields[.hostField] = nil
            part = .head(RequestHead(head))
        case .body(let bytes): part = .body(bytes)
        case .end(let trailers):
            isWhole = true
            part = .end(trailers)
        }
        if !isRefused { context.fireChannelRead(wrapInboundOut(part)) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if !isWhole, timer == nil { watch(context) }
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The stream has ended, or it was reset: its other handlers hear of that.
        if hasHead || error is NIOHTTP2Errors.StreamClosed || error is NIOHTTP2Errors.StreamError {
            context.fireErrorCaught(error)
            // What cannot be written is never answered otherwise.
            return context.close(promise: nil)
        }
        // What the library took for a request is none in the types of HTTP.
        hasHead = true
        refuse(APIFailure(.invalidRequest, "the frames are no HTTP request"), context)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        let written = promise ?? context.eventLoop.makePromise(of: Void.self)
        let own = NIOLoopBound((guard: self, context: context), eventLoop: context.eventLoop)
        written.futureResult.whenSuccess { own.value.guard.isAnswered(own.value.context) }
        context.write(data, promise: written)
    }

    private func isAnswered(_ context: ChannelHandlerContext) {
        guard !isWhole, context.channel.isActive else { return }
        context.triggerUserOutboundEvent(NIOHTTP2FramePayloadToHTTPEvent.reset(code: .noError), promise: nil)
    }

    private func refusal(of head: HTTPRequest) -> APIFailure? {
        var bytes = 0
        for field in head.headerFields {
            let size = field.name.rawName.utf8.count + field.value.utf8.count
            bytes += size
            if size > limits.fieldBytes { return Self.tooLarge }
        }
        if head.headerFields.count > limits.fields || bytes > limits.headerBytes { return Self.tooLarge }
        let hosts = head.headerFields[values: .hostField]
        if hosts.count > 1 || hosts.contains(where: { $0.lowercased() != (head.authority ?? $0).lowercased() }) {
            return APIFailure(.invalidRequest, "the request names two hosts")
        }
        if head.method == .connect { return APIFailure(.invalidRequest, "the proxy makes no tunnels") }
        if head.headerFields.contains(.webSocketKeyField) {
            return APIFailure(.invalidRequest, "a WebSocket is opened over HTTP/1.1", hint: "offer http/1.1 only")
        }
        return nil
    }

    private static let tooLarge = APIFailure(.headersTooLarge, "the header is too large")

    private func refuse(_ failure: APIFailure, _ context: ChannelHandlerContext) {
        isRefused = true
        let own = OwnAnswer(failure).unread
        let head = HTTPResponse(status: own.status, headerFields: own.fields)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(own.body)), promise: nil)
        write(context: context, data: wrapOutboundOut(.end(nil)), promise: nil)
        context.flush()
    }

    /// Ends a stream whose request does not go on.
    private func watch(_ context: ChannelHandlerContext) {
        let own = NIOLoopBound((guard: self, context: context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(deadline: lastRead + limits.idle) {
            let (this, context) = own.value
            guard !this.isWhole else { return }
            if context.eventLoop.now >= this.lastRead + this.limits.idle {
                context.close(promise: nil)
            } else {
                this.watch(context)
            }
        }
    }
}

extension HTTPField.Name {
    // The names are literals of token characters, which is all that the initializer checks.
    fileprivate static let hostField = HTTPField.Name("Host") ?? .via
    fileprivate static let webSocketKeyField = HTTPField.Name("Sec-WebSocket-Key") ?? .via
}

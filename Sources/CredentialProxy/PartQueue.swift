// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOHTTP1

/// Hands out what a target sends, part by part, and reads from its connection only when somebody waits for more.
///
/// So a slow agent slows the target down, and no more than one read of the socket is ever held.
// `@unchecked Sendable`: every property is touched on the channel's event loop only.
final class PartQueue: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = HTTPClientResponsePart

    private let eventLoop: any EventLoop
    private var context: ChannelHandlerContext?
    private var parts = CircularBuffer<HTTPClientResponsePart>()
    private var waiting: EventLoopPromise<HTTPClientResponsePart?>?
    private var failure: (any Error)?
    private var hasEnded = false
    private var timeout: Scheduled<Void>?

    init(on eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// The next part; nil when the connection has ended.
    ///
    /// Throws ``ProxyError/timedOut`` after `limit`.
    func next(within limit: TimeAmount) async throws -> HTTPClientResponsePart? {
        try await eventLoop.flatSubmit { self.take(within: limit) }.get()
    }

    private func take(within limit: TimeAmount) -> EventLoopFuture<HTTPClientResponsePart?> {
        if let part = parts.popFirst() { return eventLoop.makeSucceededFuture(part) }
        if let failure { return eventLoop.makeFailedFuture(failure) }
        if hasEnded { return eventLoop.makeSucceededFuture(nil) }
        let promise = eventLoop.makePromise(of: HTTPClientResponsePart?.self)
        waiting = promise
        timeout = eventLoop.scheduleTask(in: limit) { self.fail(ProxyError.timedOut) }
        context?.read()
        return promise.futureResult
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        guard let promise = waiting else {
            parts.append(part)
            return
        }
        waiting = nil
        timeout?.cancel()
        promise.succeed(part)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Bytes came, but no whole part of a message.
        if waiting != nil { context.read() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        hasEnded = true
        timeout?.cancel()
        waiting?.succeed(nil)
        waiting = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error)
        context.close(promise: nil)
    }

    private func fail(_ error: any Error) {
        timeout?.cancel()
        if failure == nil { failure = error }
        waiting?.fail(error)
        waiting = nil
    }
}

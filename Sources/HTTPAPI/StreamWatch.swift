// SPDX-License-Identifier: Apache-2.0

internal import HTTP2Faults
internal import NIOCore
internal import NIOHTTP2

/// Ends a connection of HTTP/2 that has no stream to wait for: after a fault that concerns all of them, where there was none for
/// long, and when the server stops.
///
/// The client is told, and has a moment to take it in. Every property is touched on the channel's event loop only.
final class StreamWatch: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame

    /// How long a client may take to say that it knows of the end; one that is gone says nothing.
    private static let farewell: TimeAmount = .seconds(2)

    private let idle: TimeAmount
    private var context: ChannelHandlerContext?
    private var open = 0
    private var restingSince = NIODeadline.now()
    private var hasAlarm = false
    private var isLeaving = false

    init(idle: TimeAmount) {
        self.idle = idle
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        rest()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func opened(_ stream: any Channel) {
        open += 1
        let own = NIOLoopBound(self, eventLoop: stream.eventLoop)
        stream.closeFuture.whenComplete { _ in
            own.value.open -= 1
            if own.value.open == 0 { own.value.rest() }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            isLeaving = true
            if open == 0 { rest() }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if endsConnection(error) { context.close(promise: nil) }
    }

    /// Begins to wait for a stream.
    private func rest() {
        guard let context else { return }
        restingSince = context.eventLoop.now
        let own = NIOLoopBound(self, eventLoop: context.eventLoop)
        if isLeaving {
            context.eventLoop.scheduleTask(in: Self.farewell) { own.value.end() }
        } else if !hasAlarm {
            hasAlarm = true
            setAlarm(context, own)
        }
    }

    /// One timer for many rests: it looks again where there was a stream meanwhile.
    private func setAlarm(_ context: ChannelHandlerContext, _ own: NIOLoopBound<StreamWatch>) {
        context.eventLoop.scheduleTask(deadline: restingSince + idle) {
            let this = own.value
            guard this.open == 0, !this.isLeaving, let context = this.context else {
                this.hasAlarm = false
                return
            }
            if context.eventLoop.now < this.restingSince + this.idle { return this.setAlarm(context, own) }
            // As if the server stopped: the handlers before this one tell the client.
            context.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
    }

    private func end() {
        if open == 0 { context?.close(promise: nil) }
    }
}

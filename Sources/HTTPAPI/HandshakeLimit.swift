// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOExtras
internal import NIOTLS

/// Ends a connection whose TLS does not come about, or not before the server stops; it is gone when TLS stands.
///
/// Every property is touched on the channel's event loop only.
final class HandshakeLimit: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any

    private let limit: TimeAmount
    private var timer: Scheduled<Void>?

    init(_ limit: TimeAmount) {
        self.limit = limit
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
        if case .handshakeCompleted = event as? TLSUserEvent {
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
    }

    // Nobody is left to be told.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOExtras

/// Stands before the handlers of HTTP and passes bytes by them.
final class TunnelEnd: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let sequence: RequestSequence
    private var context: ChannelHandlerContext?

    init(_ sequence: RequestSequence) {
        self.sequence = sequence
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { sequence.hear(unwrapInboundIn(data)) }

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

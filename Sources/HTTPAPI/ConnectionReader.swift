// SPDX-License-Identifier: Apache-2.0

internal import HTTPMessages
internal import NIOCore

/// Reads the requests of a connection of HTTP/1.1, and ends it at what is none, or none that everybody reads alike.
///
/// Every property is touched on the channel's event loop only.
final class ConnectionReader: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private var messages: RequestMessages
    /// Told at once: every handler on the way costs each request.
    private let sequence: RequestSequence

    init(for sequence: RequestSequence, within limits: MessageLimits) {
        messages = RequestMessages(within: limits)
        self.sequence = sequence
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        messages.add(unwrapInboundIn(data))
        do throws(MessageFault) {
            while let part = try messages.next() {
                switch part {
                case .head(let lines): sequence.receive(.head(RequestHead(lines)))
                case .body(let bytes): sequence.receive(.body(bytes))
                case .end(let trailers): sequence.receive(.end(trailers))
                }
            }
        } catch {
            context.fireErrorCaught(error)
        }
    }
}

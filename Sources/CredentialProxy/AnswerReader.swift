// SPDX-License-Identifier: Apache-2.0

internal import HTTPMessages
internal import NIOCore

/// Reads a target's answers from a connection of HTTP/1.1.
///
/// Every property is touched on the channel's event loop only.
final class AnswerReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private static let limits = MessageLimits(line: 80 << 10, head: 512 << 10, fields: 256)

    private var messages = AnswerMessages(within: limits)
    /// Told at once: every handler on the way costs each answer.
    private let queue: PartQueue

    init(for queue: PartQueue) {
        self.queue = queue
    }

    /// Whether bytes came that belong to no answer.
    var holdsBytes: Bool { messages.holdsBytes }

    /// Reads the answer to a request with this method; called before it is written.
    func expect(answerTo method: String) { messages.expect(answerTo: method) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // What a connection that rests says was not asked for.
        guard !queue.endsRest() else { return }
        messages.add(unwrapInboundIn(data))
        do throws(MessageFault) {
            while let part = try messages.next() { queue.receive(part) }
        } catch {
            context.fireErrorCaught(error)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        do throws(MessageFault) {
            if let part = try messages.finish() { queue.receive(part) }
        } catch {
            context.fireErrorCaught(error)
        }
        context.fireChannelInactive()
    }
}

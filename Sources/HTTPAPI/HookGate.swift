// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import NIOCore
internal import NIOHTTPTypes

/// Takes the connections of container engines' hooks out of the framework, as all of the agents' socket are: a container
/// that is started or removed waits for them.
///
/// A hook says one thing on a connection of its own. It may leave as soon as that was read: who it is was found out when
/// it connected, and what was begun is recorded, whoever leaves.
final class HookGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private let answers: WholeAnswers

    init(_ answers: WholeAnswers) {
        self.answers = answers
    }

    /// Decides at the first request of the connection, and is gone.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do {
            let pipeline = context.pipeline.syncOperations
            if case .head(let head) = unwrapInboundIn(data), Self.takes(head) {
                try pipeline.addHandler(WholeRequests(answers), position: .after(self))
            }
            context.fireChannelRead(data)
            pipeline.removeHandler(context: context, promise: nil)
        } catch {
            context.fireErrorCaught(error)
        }
    }

    /// The only request of its connection, on one container.
    private static func takes(_ head: HTTPRequest) -> Bool {
        (head.method == .put || head.method == .delete)
            && head.path?.hasPrefix("/api/v1/containers/") == true
            && head.headerFields[.connection]?.lowercased() == "close"
    }
}

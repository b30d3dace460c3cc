// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes

/// Answers bytes that are no HTTP request in the form of every other error, and ends the connection.
///
/// The server would answer them with an empty 400. While an earlier request is being answered the connection only ends,
/// at once or as the handler behind this one sees to: two answers must not mix.
final class MalformedRequestAnswer: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let handsOnLateErrors: Bool
    private var unanswered = 0

    /// `handsOnLateErrors` says that the handler behind it ends the connection after the answers to earlier requests.
    init(handsOnLateErrors: Bool = false) {
        self.handsOnLateErrors = handsOnLateErrors
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head = unwrapInboundIn(data) { unanswered += 1 }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { unanswered -= 1 }
        context.write(data, promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let code = Self.code(of: error) else {
            context.fireErrorCaught(error)
            return
        }
        guard unanswered == 0 else {
            if handsOnLateErrors { context.fireErrorCaught(error) } else { context.close(promise: nil) }
            return
        }
        let text = code == .headersTooLarge ? "the header is too large" : "the bytes are no HTTP request"
        var own = OwnAnswer(APIFailure(code, text)).unread
        own.fields[.connection] = "close"
        let head = HTTPResponse(status: own.status, headerFields: own.fields)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(own.body)), promise: nil)
        context.writeLast(wrapOutboundOut(.end(nil)))
    }

    private static func code(of error: any Error) -> ErrorCode? {
        switch error {
        case HTTPParserError.headerOverflow: .headersTooLarge
        // The peer went away: nobody is left to be told.
        case HTTPParserError.invalidEOFState, HTTPParserError.closedConnection: nil
        case is HTTPParserError: .invalidRequest
        default: nil
        }
    }
}

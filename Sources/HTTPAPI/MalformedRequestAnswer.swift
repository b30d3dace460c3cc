// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes

/// Answers bytes that are no HTTP request in the form of every other error, and ends the connection.
///
/// While an earlier request is being answered the handler behind this one ends the connection after it: two answers must
/// not mix.
final class MalformedRequestAnswer: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private var unanswered = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head = unwrapInboundIn(data) { unanswered += 1 }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { unanswered -= 1 }
        context.write(data, promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard unanswered == 0, let code = Self.code(of: error) else { return context.fireErrorCaught(error) }
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

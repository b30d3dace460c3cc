// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypesHTTP1

/// Lets through what everybody reads as the same request of HTTP/1.1, and ends the connection at anything else.
///
/// The parser takes every transfer coding that `chunked` is the last of, and any number of `Host` fields. Whoever stands before
/// the server or behind it may take the rest of such a request for another one (RFC 9112 §11.2).
/// Every property is touched on the channel's event loop only.
final class FramingGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = RequestPart

    private var hasEnded = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasEnded else { return }
        do {
            let part: RequestPart =
                switch unwrapInboundIn(data) {
                case .head(let head): .head(try RequestHead(head))
                case .body(let bytes): .body(bytes)
                case .end(let trailers): .end(trailers.map { HTTPFields($0, splitCookie: false) })
                }
            context.fireChannelRead(wrapInboundOut(part))
        } catch {
            hasEnded = true
            context.fireErrorCaught(error)
        }
    }
}

/// What makes a request of HTTP/1.1 ambiguous.
enum FramingFault: Error {
    /// There is not one `Host` (RFC 9112 §3.2).
    case host
    /// The body is not framed by `chunked` alone, which is all that is known here, or there is a coding in HTTP/1.0, which has
    /// none (RFC 9112 §6.1).
    ///
    /// 400 like everything that cannot be read, and not 501.
    case transferCoding

    var failure: APIFailure {
        switch self {
        case .host: APIFailure(.invalidRequest, "the request does not name one host")
        case .transferCoding: APIFailure(.invalidRequest, "the body has a transfer coding other than chunked")
        }
    }
}

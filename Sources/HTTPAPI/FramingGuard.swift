// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import NIOCore
internal import NIOHTTP1

/// Lets through what everybody reads as the same request of HTTP/1.1, and ends the connection at anything else.
///
/// The parser takes every transfer coding that `chunked` is the last of, and any number of `Host` fields. Whoever stands before
/// the server or behind it may take the rest of such a request for another one (RFC 9112 §11.2).
/// Every property is touched on the channel's event loop only.
final class FramingGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private var hasEnded = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasEnded else { return }
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        if let fault = FramingFault(in: head) {
            hasEnded = true
            return context.fireErrorCaught(fault)
        }
        guard head.version != .http1_1, !head.isKeepAlive else { return context.fireChannelRead(data) }
        // A connection of HTTP/1.0 is one request, unless the client says otherwise (RFC 9112 §9.3); behind this handler
        // nobody knows the version.
        head.headers.replaceOrAdd(name: "connection", value: "close")
        context.fireChannelRead(wrapInboundOut(.head(head)))
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

    init?(in head: HTTPRequestHead) {
        var hosts = 0
        var codings = 0
        for (name, value) in head.headers {
            // By length first: this runs for every field of every request.
            switch name.utf8.count {
            case 4 where name.lowercased() == "host": hosts += 1
            case 17 where name.lowercased() == "transfer-encoding":
                // The parser leaves blanks behind a value.
                codings += value.lowercased().split(whereSeparator: { $0 == " " || $0 == "\t" }) == ["chunked"] ? 1 : 2
            default: break
            }
        }
        let isOld = head.version != .http1_1
        if hosts > 1 || hosts == 0 && !isOld {
            self = .host
        } else if codings > 1 || codings == 1 && isOld {
            self = .transferCoding
        } else {
            return nil
        }
    }

    var failure: APIFailure {
        switch self {
        case .host: APIFailure(.invalidRequest, "the request does not name one host")
        case .transferCoding: APIFailure(.invalidRequest, "the body has a transfer coding other than chunked")
        }
    }
}

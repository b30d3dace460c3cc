// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOHTTP1
internal import ProxyRules
internal import VaultModel

/// Is told the credential of each request before its head is written; on the event loop of its channel.
protocol CredentialTaker: AnyObject {
    func take(_ credential: RenderedCredential)
}

/// Writes a request of HTTP/1.1 and puts the credential's bytes into it as the last step before TLS.
///
/// So the value never becomes a header of NIO's, a string, or anything that a log could show.
final class CredentialEncoder: ChannelOutboundHandler, CredentialTaker {
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = ByteBuffer

    private var credential: RenderedCredential?
    private var isChunked = false

    func take(_ credential: RenderedCredential) { self.credential = credential }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            var buffer = context.channel.allocator.buffer(capacity: 1_024)
            write(head, to: &buffer)
            credential = nil
            context.write(wrapOutboundOut(buffer), promise: promise)
        case .body(.byteBuffer(var bytes)):
            guard isChunked else { return context.write(wrapOutboundOut(bytes), promise: promise) }
            // A chunk of no bytes would end the body.
            guard bytes.readableBytes > 0 else {
                promise?.succeed()
                return
            }
            var buffer = context.channel.allocator.buffer(capacity: bytes.readableBytes + 32)
            buffer.writeString(String(bytes.readableBytes, radix: 16))
            buffer.writeStaticString("\r\n")
            buffer.writeBuffer(&bytes)
            buffer.writeStaticString("\r\n")
            context.write(wrapOutboundOut(buffer), promise: promise)
        case .body(.fileRegion):
            promise?.fail(ProxyError.badAnswer)
        case .end(let trailers):
            guard isChunked else {
                promise?.succeed()
                return
            }
            var buffer = context.channel.allocator.buffer(capacity: 8)
            buffer.writeStaticString("0\r\n")
            if let trailers { Self.write(trailers, to: &buffer) }
            buffer.writeStaticString("\r\n")
            context.write(wrapOutboundOut(buffer), promise: promise)
        }
    }

    private func write(_ head: HTTPRequestHead, to buffer: inout ByteBuffer) {
        isChunked = head.headers.contains(name: "transfer-encoding")
        buffer.writeString(head.method.rawValue)
        buffer.writeStaticString(" ")
        buffer.writeString(head.uri)
        credential?.queryPair.withBytes { pair in
            guard !pair.isEmpty else { return }
            buffer.writeStaticString(head.uri.contains("?") ? "&" : "?")
            buffer.writeBytes(pair)
        }
        buffer.writeStaticString(" HTTP/1.1\r\n")
        Self.write(head.headers, to: &buffer)
        credential?.headerLines.withBytes { _ = buffer.writeBytes($0) }
        buffer.writeStaticString("\r\n")
    }

    private static func write(_ fields: HTTPHeaders, to buffer: inout ByteBuffer) {
        for (name, value) in fields {
            buffer.writeString(name)
            buffer.writeStaticString(": ")
            buffer.writeString(value)
            buffer.writeStaticString("\r\n")
        }
    }
}

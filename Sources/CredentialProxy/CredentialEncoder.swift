// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOHTTP1

/// Writes requests with their credentials; on the event loop of its channel.
protocol CredentialTaker: AnyObject {
    /// Writes the head of a request.
    func take(_ departure: Departure)

    /// Flushes what was written.
    func flush()
}

/// Writes a request of HTTP/1.1 and puts the credential's bytes into it as the last step before TLS.
final class CredentialEncoder: ChannelOutboundHandler, CredentialTaker {
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = ByteBuffer

    private var context: ChannelHandlerContext?
    private var isChunked = false

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func take(_ departure: Departure) {
        guard let context else { return }
        isChunked = departure.request.isChunked
        context.write(wrapOutboundOut(departure.head), promise: nil)
    }

    func flush() { context?.flush() }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        // It is written by ``take(_:)``.
        case .head: promise?.succeed()
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

    private static func write(_ fields: HTTPHeaders, to buffer: inout ByteBuffer) {
        for (name, value) in fields {
            buffer.writeString(name)
            buffer.writeStaticString(": ")
            buffer.writeString(value)
            buffer.writeStaticString("\r\n")
        }
    }
}

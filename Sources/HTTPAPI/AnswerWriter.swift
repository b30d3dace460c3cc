// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes

/// Writes answers: to a connection as bytes of HTTP/1.1 whose end is seen (RFC 9112 §6.3), to a stream as its parts.
///
/// A head waits for what follows it, and so does what frames a piece: an answer that is small is one write.
/// Touched on the event loop of its channel only.
final class AnswerWriter {
    /// What carries the answers.
    enum Carrier {
        /// A connection of HTTP/1.1: one request after the other.
        case connection
        /// A stream of HTTP/2, whose end says what `Connection` says there.
        case stream
    }

    /// How the end of a body is seen.
    private enum Framing {
        /// There is none (RFC 9110 §6.4.1).
        case noBody
        case length
        case chunked
        case endOfConnection
    }

    /// What is copied behind the head: more goes as it is.
    private static let mostCopiedBytes = 8 << 10

    let carrier: Carrier
    private var framing = Framing.noBody
    private var held = ByteBuffer()

    init(_ carrier: Carrier) {
        self.carrier = carrier
    }

    /// Whether the end of this answer to `request` is seen by the end of the connection only.
    func endsConnection(_ head: HTTPResponse, to request: RequestHead) -> Bool {
        carrier == .connection && Self.framing(of: head, to: request) == .endOfConnection
    }

    /// `request` is nil where it could not be read.
    func begin(_ head: HTTPResponse, to request: RequestHead?, _ context: ChannelHandlerContext) {
        guard carrier == .connection else { return context.write(NIOAny(HTTPResponsePart.head(head)), promise: nil) }
        framing = Self.framing(of: head, to: request)
        let saysLength = head.status.kind != .informational && head.status != .noContent
        if held.capacity == 0 { held = context.channel.allocator.buffer(capacity: 2_048) }
        held.writeStatusLine(head.status)
        for field in head.headerFields where field.name != .transferEncoding {
            if saysLength || field.name != .contentLength { held.write(field) }
        }
        if framing == .chunked { held.writeStaticString("transfer-encoding: chunked\r\n") }
        held.writeStaticString("\r\n")
    }

    func add(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        guard carrier == .connection else { return context.write(NIOAny(HTTPResponsePart.body(bytes)), promise: nil) }
        // A chunk of no bytes would end the body.
        guard framing != .noBody, bytes.readableBytes > 0 else { return }
        if framing == .chunked { held.writeString("\(String(bytes.readableBytes, radix: 16))\r\n") }
        if bytes.readableBytes <= Self.mostCopiedBytes {
            held.writeImmutableBuffer(bytes)
        } else {
            pass(on: context, nil)
            context.write(NIOAny(bytes), promise: nil)
        }
        if framing == .chunked { held.writeStaticString("\r\n") }
        if held.readableBytes > Self.mostCopiedBytes { pass(on: context, nil) }
    }

    /// The promise is kept when the kernel has all of the answer.
    func end(_ trailers: HTTPFields?, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        guard carrier == .connection else {
            return context.write(NIOAny(HTTPResponsePart.end(trailers)), promise: promise)
        }
        if framing == .chunked {
            held.writeStaticString("0\r\n")
            for field in trailers ?? [:] { held.write(field) }
            held.writeStaticString("\r\n")
        }
        framing = .noBody
        pass(on: context, promise)
    }

    /// Has all that was written sent.
    func flush(_ context: ChannelHandlerContext) {
        if held.readableBytes > 0 { pass(on: context, nil) }
        context.flush()
    }

    private func pass(on context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        context.write(NIOAny(held), promise: promise)
        held = ByteBuffer()
    }

    private static func framing(of head: HTTPResponse, to request: RequestHead?) -> Framing {
        if head.status.kind == .informational || head.status == .noContent || head.status == .notModified {
            return .noBody
        }
        if request?.method == .head { return .noBody }
        if head.headerFields.contains(.contentLength) { return .length }
        return request?.isOld == true ? .endOfConnection : .chunked
    }
}

extension ByteBuffer {
    /// RFC 9112 §4.
    mutating func writeStatusLine(_ status: HTTPResponse.Status) {
        let known = HTTPResponseStatus(statusCode: status.code)
        writeStaticString("HTTP/1.1 ")
        writeString(String(known.code))
        writeStaticString(" ")
        writeString(known.reasonPhrase)
        writeStaticString("\r\n")
    }

    /// RFC 9112 §5; its type keeps line breaks out of a field.
    mutating func write(_ field: HTTPField) {
        writeString(field.name.rawName)
        writeStaticString(": ")
        writeString(field.value)
        writeStaticString("\r\n")
    }
}

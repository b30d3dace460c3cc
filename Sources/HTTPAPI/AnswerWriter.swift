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

    private static let usualHeadBytes = 2_048

    let carrier: Carrier
    private var framing = Framing.noBody
    /// What is not passed on yet.
    private var held = ByteBuffer()
    /// Whether what is held was passed on, and its memory waits for the next answer: memory of this size costs more to come
    /// by than what is written to it.
    private var isPassedOn = true

    init(_ carrier: Carrier) {
        self.carrier = carrier
    }

    /// Whether the end of this answer to `request` is seen by the end of the connection only.
    func endsConnection(_ head: HTTPResponse, to request: RequestHead) -> Bool {
        carrier == .connection && Self.framing(of: head, to: request) == .endOfConnection
    }

    /// The same of an answer that is passed on.
    func endsConnection(
        _ status: HTTPResponse.Status,
        hasLength: Bool,
        to request: RequestHead
    ) -> Bool {
        carrier == .connection && Self.framing(of: status, hasLength: hasLength, to: request) == .endOfConnection
    }

    /// `request` is nil where it could not be read.
    func begin(_ head: HTTPResponse, to request: RequestHead?, _ context: ChannelHandlerContext) {
        guard carrier == .connection else { return context.write(NIOAny(HTTPResponsePart.head(head)), promise: nil) }
        framing = Self.framing(of: head, to: request)
        writeHead(head.status, head.headerFields, context)
        endHead()
    }

    /// What a target said, and what is added to it.
    struct PassedHead {
        let status: HTTPResponse.Status
        let answer: any ForwardedAnswer
        let contentLength: Int?
        let requestID: String
        let closes: Bool

        /// As one head.
        var response: HTTPResponse {
            var fields = answer.fields
            if let contentLength { fields.append(HTTPField(name: .contentLength, value: String(contentLength))) }
            fields[.requestID] = requestID
            return HTTPResponse(status: status, headerFields: fields)
        }
    }

    func begin(_ head: PassedHead, to request: RequestHead, _ context: ChannelHandlerContext) {
        guard carrier == .connection else { return begin(head.response, to: request, context) }
        framing = Self.framing(of: head.status, hasLength: head.contentLength != nil, to: request)
        if let lines = head.answer.fieldLines {
            holdAnew(Self.usualHeadBytes)
            held.writeStatusLine(head.status)
            held.writeImmutableBuffer(lines)
        } else {
            writeHead(head.status, head.answer.fields, without: .requestID, context)
        }
        if let length = head.contentLength, Self.saysLength(head.status) {
            held.writeField(HTTPField.Name.contentLength.rawName, String(length))
        }
        held.writeField(HTTPField.Name.requestID.rawName, head.requestID)
        if head.closes { held.writeStaticString("connection: close\r\n") }
        endHead()
    }

    private func writeHead(
        _ status: HTTPResponse.Status,
        _ fields: HTTPFields,
        without name: HTTPField.Name? = nil,
        _ context: ChannelHandlerContext
    ) {
        holdAnew(Self.usualHeadBytes)
        held.writeStatusLine(status)
        for field in fields where field.name != .transferEncoding && field.name != name {
            if Self.saysLength(status) || field.name != .contentLength { held.write(field) }
        }
    }

    private func endHead() {
        if framing == .chunked { held.writeStaticString("transfer-encoding: chunked\r\n") }
        held.writeStaticString("\r\n")
    }

    /// Makes room where all that was held is passed on; at once in the memory that it had, when the kernel has it.
    private func holdAnew(_ capacity: Int = 0) {
        guard isPassedOn else { return }
        isPassedOn = false
        held.clear(minimumCapacity: capacity)
    }

    private static func saysLength(_ status: HTTPResponse.Status) -> Bool {
        status.kind != .informational && status != .noContent
    }

    func add(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        guard carrier == .connection else { return context.write(NIOAny(HTTPResponsePart.body(bytes)), promise: nil) }
        // A chunk of no bytes would end the body.
        guard framing != .noBody, bytes.readableBytes > 0 else { return }
        holdAnew()
        if framing == .chunked { held.writeString("\(String(bytes.readableBytes, radix: 16))\r\n") }
        if bytes.readableBytes <= Self.mostCopiedBytes {
            held.writeImmutableBuffer(bytes)
        } else {
            pass(on: context, nil)
            context.write(NIOAny(bytes), promise: nil)
            holdAnew()
        }
        if framing == .chunked { held.writeStaticString("\r\n") }
        if held.readableBytes > Self.mostCopiedBytes { pass(on: context, nil) }
    }

    /// The promise is kept when the kernel has all of the answer.
    func end(_ trailers: HTTPFields?, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        guard carrier == .connection else {
            return context.write(NIOAny(HTTPResponsePart.end(trailers)), promise: promise)
        }
        holdAnew()
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
        if !isPassedOn, held.readableBytes > 0 { pass(on: context, nil) }
        context.flush()
    }

    private func pass(on context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        context.write(NIOAny(held), promise: promise)
        isPassedOn = true
    }

    private static func framing(of head: HTTPResponse, to request: RequestHead?) -> Framing {
        framing(of: head.status, hasLength: head.headerFields.contains(.contentLength), to: request)
    }

    private static func framing(
        of status: HTTPResponse.Status,
        hasLength: Bool,
        to request: RequestHead?
    ) -> Framing {
        if status.kind == .informational || status == .noContent || status == .notModified { return .noBody }
        if request?.method == .head { return .noBody }
        if hasLength { return .length }
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
    mutating func write(_ field: HTTPField) { writeField(field.name.rawName, field.value) }

    /// A name and a value in which no line break is.
    mutating func writeField(_ name: String, _ value: String) {
        var (name, value) = (name, value)
        let length = name.utf8.count + value.utf8.count + 4
        // In one go: each write by itself looks whether there is room, and whose the memory is.
        writeWithUnsafeMutableBytes(minimumWritableBytes: length) { room in
            var place = 0
            func add(_ bytes: UnsafeBufferPointer<UInt8>) {
                UnsafeMutableRawBufferPointer(rebasing: room[place...]).copyMemory(from: UnsafeRawBufferPointer(bytes))
                place += bytes.count
            }
            name.withUTF8(add)
            (room[place], room[place + 1]) = (UInt8(ascii: ":"), UInt8(ascii: " "))
            place += 2
            value.withUTF8(add)
            (room[place], room[place + 1]) = (UInt8(ascii: "\r"), UInt8(ascii: "\n"))
            return length
        }
    }
}

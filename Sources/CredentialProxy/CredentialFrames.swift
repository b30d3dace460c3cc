// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOHPACK
internal import NIOHTTP1
internal import NIOHTTP2
internal import ProxyRules
internal import VaultCore
internal import VaultModel

/// Writes a request of HTTP/1.1 as a stream of HTTP/2 with a mark for its credential, and reads the answer back.
///
/// The credential takes the mark's place when ``CredentialBlocks`` writes the frame. What the framing of HTTP/1.1 and `Host`
/// say, the stream and `:authority` say. Every property is touched on the channel's event loop only.
final class CredentialFrames: ChannelDuplexHandler, CredentialTaker {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = HTTPClientResponsePart
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTP2Frame.FramePayload

    private static let framing: Set<String> = [
        "connection", "host", "http2-settings", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade",
    ]

    private let session: TargetSession
    private let blocks: CredentialBlocks
    private var context: ChannelHandlerContext?
    private var marks: [BlockMark] = []
    /// Waits for whether the request ends with it.
    private var block: HPACKHeaders?
    private var hasAnswer = false

    init(of session: TargetSession, in blocks: CredentialBlocks) {
        self.session = session
        self.blocks = blocks
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        for mark in marks { blocks.discard(mark) }
    }

    // MARK: - What goes to the target

    func take(_ departure: Departure) { block = block(departure.streamHead, departure.open.credential) }

    func flush() {
        if let context { flush(context: context) }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head: promise?.succeed()
        case .body(.byteBuffer(let bytes)):
            writeBlock(context)
            guard bytes.readableBytes > 0 else {
                promise?.succeed()
                return
            }
            context.write(wrapOutboundOut(.data(.init(data: .byteBuffer(bytes)))), promise: promise)
        case .body(.fileRegion):
            promise?.fail(ProxyError.badAnswer)
        case .end(let trailers):
            writeEnd(trailers, context, promise)
        }
    }

    func flush(context: ChannelHandlerContext) {
        writeBlock(context)
        context.flush()
    }

    private func writeBlock(_ context: ChannelHandlerContext) {
        guard let block else { return }
        self.block = nil
        write(block, ends: false, context, context.eventLoop.makePromise())
    }

    /// Begins the stream; the library tells nobody else where that cannot be.
    private func write(
        _ block: HPACKHeaders,
        ends: Bool,
        _ context: ChannelHandlerContext,
        _ promise: EventLoopPromise<Void>
    ) {
        let own = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        promise.futureResult.whenFailure { error in
            own.value.handler.errorCaught(context: own.value.context, error: error)
        }
        context.write(wrapOutboundOut(.headers(.init(headers: block, endStream: ends))), promise: promise)
    }

    private func writeEnd(_ fields: HTTPHeaders?, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?)
    {
        var trailers = HPACKHeaders()
        for (name, value) in fields ?? [:] { trailers.add(name: name.lowercased(), value: value) }
        if !trailers.isEmpty {
            writeBlock(context)
            context.write(wrapOutboundOut(.headers(.init(headers: trailers, endStream: true))), promise: promise)
        } else if let block {
            self.block = nil
            write(block, ends: true, context, promise ?? context.eventLoop.makePromise())
        } else {
            let end = HTTP2Frame.FramePayload.Data(data: .byteBuffer(ByteBuffer()), endStream: true)
            context.write(wrapOutboundOut(.data(end)), promise: promise)
        }
    }

    private func block(_ head: HTTPRequestHead, _ credential: RenderedCredential) -> HPACKHeaders {
        var block = HPACKHeaders()
        block.reserveCapacity(head.headers.count + 6)
        block.add(name: ":method", value: head.method.rawValue)
        block.add(name: ":scheme", value: "https")
        block.add(name: ":authority", value: head.headers.first(name: "host") ?? "")
        if !credential.queryPair.isEmpty {
            block.add(name: ":path", value: mark(for: .path(head.uri, credential)), indexing: .neverIndexed)
        } else {
            block.add(name: ":path", value: head.uri)
        }
        for (name, value) in head.headers {
            let name = name.lowercased()
            if !Self.framing.contains(name) { block.add(name: name, value: value) }
        }
        if !credential.fieldNames.isEmpty {
            block.add(name: "credential", value: mark(for: .fields(credential)), indexing: .neverIndexed)
        }
        return block
    }

    private func mark(for meaning: CredentialBlocks.Meaning) -> String {
        let mark = blocks.mark(for: meaning)
        marks.append(mark)
        return mark.text
    }

    // MARK: - What comes from the target

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .headers(let headers) where hasAnswer:
            context.fireChannelRead(wrapInboundOut(.end(Self.fields(headers.headers))))
        case .headers(let headers): readHead(headers, context)
        case .data(let data):
            if case .byteBuffer(let bytes) = data.data, bytes.readableBytes > 0 {
                context.fireChannelRead(wrapInboundOut(.body(bytes)))
            }
            if data.endStream { context.fireChannelRead(wrapInboundOut(.end(nil))) }
        default: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.fireErrorCaught(session.didNothing(because: error) ? TargetConnection.Unprocessed() : error)
    }

    private func readHead(_ headers: HTTP2Frame.FramePayload.Headers, _ context: ChannelHandlerContext) {
        let text = headers.headers.first(name: ":status") ?? ""
        guard text.utf8.count == 3, let status = Int(text), status >= 100 else {
            return context.fireErrorCaught(ProxyError.badAnswer)
        }
        // What is said on the way; an answer of 101 does not exist (RFC 9113 §8.6).
        guard status >= 200 else { return }
        hasAnswer = true
        let head = HTTPResponseHead(
            version: .http1_1,
            status: HTTPResponseStatus(statusCode: status),
            headers: Self.fields(headers.headers)
        )
        context.fireChannelRead(wrapInboundOut(.head(head)))
        if headers.endStream { context.fireChannelRead(wrapInboundOut(.end(nil))) }
    }

    private static func fields(_ block: HPACKHeaders) -> HTTPHeaders {
        var fields = HTTPHeaders()
        fields.reserveCapacity(block.count)
        for (name, value, _) in block where !name.hasPrefix(":") { fields.add(name: name, value: value) }
        return fields
    }
}

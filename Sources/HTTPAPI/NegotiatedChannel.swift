// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTP2
internal import NIOHTTPTypesHTTP2
internal import NIOTLS

/// Serves a connection over TLS in the version of HTTP that was agreed on: HTTP/2, where the client offers it.
///
/// A stream of HTTP/2 is answered by the same ``ForwardingGate`` and the same dispatcher as a connection of HTTP/1.1. The
/// library's own limits stand against resets, continuations and frames of control without end (CVE-2023-44487,
/// CVE-2025-8671, VU#421644); what they are is said in ``configuration``.
struct NegotiatedChannel: ServerChildChannel {
    struct Value: ServerChildChannelValue {
        let channel: any Channel
        let version: EventLoopFuture<Version>
    }

    enum Version: Sendable {
        case http1(HTTP1Channel.Value)
        /// Needs no task of its own.
        case http2
    }

    let http1: GatedChannel
    let dispatcher: Dispatcher
    let dates: DateField
    let limits: StreamLimits

    /// How long a client may take for TLS; afterwards the limits of HTTP count.
    private static let handshake: TimeAmount = .seconds(30)

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let negotiation = NIOTypedApplicationProtocolNegotiationHandler<Version> { result in
                guard case .negotiated("h2") = result else {
                    return http1.setup(channel: channel, logger: logger).map { .http1($0) }
                }
                return channel.eventLoop.makeCompletedFuture {
                    try setUpStreams(of: channel, logger: logger)
                    return .http2
                }
            }
            let pipeline = channel.pipeline.syncOperations
            let watch = HandshakeLimit(Self.handshake)
            try pipeline.addHandlers([watch, negotiation])
            let bound = NIOLoopBound(watch, eventLoop: channel.eventLoop)
            let version = negotiation.protocolNegotiationResult
            version.whenComplete { _ in bound.value.isOver() }
            return Value(channel: channel, version: version)
        }
    }

    func handle(value: Value, logger: Logger) async {
        switch try? await value.version.get() {
        case .http1(let connection): await http1.handle(value: connection, logger: logger)
        case .http2: try? await value.channel.closeFuture.get()
        // Nobody is left to be told where TLS failed.
        case nil: value.channel.close(promise: nil)
        }
    }

    private func setUpStreams(of channel: any Channel, logger: Logger) throws {
        let watch = StreamWatch(idle: limits.idle)
        let keeper = NIOHTTP2ServerConnectionManagementHandler(
            eventLoop: channel.eventLoop,
            configuration: .init(maxIdleTime: nil, maxAge: nil, maxGraceTime: nil, keepalive: nil)
        )
        let bound = NIOLoopBound(watch, eventLoop: channel.eventLoop)
        let http2 = NIOHTTP2Handler(
            mode: .server,
            eventLoop: channel.eventLoop,
            connectionConfiguration: limits.connection,
            streamConfiguration: limits.stream,
            streamDelegate: keeper.http2StreamDelegate
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                bound.value.opened(stream)
                try setUp(stream, logger: logger)
            }
        }
        try channel.pipeline.syncOperations.addHandlers([http2, keeper, watch])
    }

    private func setUp(_ stream: any Channel, logger: Logger) throws {
        let pipeline = stream.pipeline.syncOperations
        try pipeline.addHandlers([
            HTTP2FramePayloadToHTTPServerCodec(), StreamGuard(limits), ContinueAnswer(), DepartureOfPeer(),
        ])
        if let forwarding = dispatcher.forwarding {
            try pipeline.addHandler(ForwardingGate(dispatcher, forwarding, over: .stream))
        }
        try pipeline.addHandler(StreamRequest(dispatcher, dates, logger: logger))
    }
}

/// What a client of HTTP/2 may take.
struct StreamLimits: Sendable {
    /// Without a stream, or without a byte of a request that is not whole.
    let idle: TimeAmount
    /// Of one field, and of all fields of a request, in bytes; and their number.
    let fieldBytes: Int
    let headerBytes: Int
    let fields: Int

    /// At a time; a client that wants more waits.
    private static let streams = 100
    /// What is held at most of a body that its target does not take.
    private static let windowBytes = 128 << 10

    /// 100 streams at a time, 200 resets and 200 malformed streams in 30 seconds, five continuations of a header: the next one ends
    /// the connection.
    var connection: NIOHTTP2Handler.ConnectionConfiguration {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: Self.streams),
            HTTP2Setting(parameter: .maxHeaderListSize, value: headerBytes),
            HTTP2Setting(parameter: .initialWindowSize, value: Self.windowBytes),
        ]
        // Shared by all streams, so that one whose target is slow does not hold the others up.
        configuration.targetWindowSize = 8 * Self.windowBytes
        // Some libraries send an empty frame before they know that the body has ended.
        configuration.maximumSequentialEmptyDataFrames = 10
        return configuration
    }

    var stream: NIOHTTP2Handler.StreamConfiguration {
        var configuration = NIOHTTP2Handler.StreamConfiguration()
        configuration.targetWindowSize = Self.windowBytes
        configuration.outboundBufferSizeHighWatermark = 64 << 10
        configuration.outboundBufferSizeLowWatermark = 32 << 10
        return configuration
    }
}

/// Ends a connection whose TLS does not come about, or the server stops before it has.
///
/// Every property is touched on the channel's event loop only.
private final class HandshakeLimit: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any

    private let limit: TimeAmount
    private var timer: Scheduled<Void>?
    private var isDone = false

    init(_ limit: TimeAmount) {
        self.limit = limit
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func isOver() {
        isDone = true
        timer?.cancel()
        timer = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if !isDone, event is ChannelShouldQuiesceEvent { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }
}

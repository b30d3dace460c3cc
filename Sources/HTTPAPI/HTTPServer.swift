// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPMessages
internal import NIOCore
internal import NIOExtras
internal import NIOHTTP2
internal import NIOHTTPTypesHTTP2
internal import NIOPosix
internal import NIOSSL
internal import NIOTLS
internal import ServiceLifecycle

/// Serves one listener: accepts connections and sets up what reads their requests and answers them.
///
/// A connection has a task only while a request is answered, and that runs on the event loop that reads and writes the connection:
/// the tasks and streams of parts that the framework makes for each connection cost more than a start or a write itself
/// ([decision 0041](../../docs/decisions/0041-one-handler-for-requests.md)).
struct HTTPServer: Service {
    let listener: Listener
    let answers: DatedAnswers
    let place: ListeningPlace
    let tls: NIOSSLContext?
    let limits: ConnectionLimits
    let eventLoops: any EventLoopGroup
    let onRunning: @Sendable (any Channel) async -> Void

    /// How long a client may take for TLS; afterwards the limits of HTTP count.
    private static let handshake: TimeAmount = .seconds(30)

    /// More than any request of the agents' socket may have.
    private static let mostBodyBytesOfAgents = 2_048

    func run() async throws {
        let quiescing = ServerQuiescingHelper(group: eventLoops)
        let bootstrap = ServerBootstrap(group: eventLoops)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let collector = quiescing.makeServerChannelHandler(channel: channel)
                    try channel.pipeline.syncOperations.addHandler(collector)
                }
            }
            // One connection after the other: looking for a second one costs each a call of the kernel.
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try setUp(channel) }
            }
        let channel =
            switch place {
            case .socket(let path):
                try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
            case .network(let host, let port): try await bootstrap.bind(host: host, port: port).get()
            }
        await onRunning(channel)
        let ended = channel.eventLoop.makePromise(of: Void.self)
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                // Done when no connection is left; those that rest are closed, the others after their answers.
                try? await ended.futureResult.get()
            } onGracefulShutdown: {
                quiescing.initiateShutdown(promise: ended)
            }
        } onCancel: {
            quiescing.initiateShutdown(promise: ended)
        }
    }

    private func setUp(_ channel: any Channel) throws {
        // Here, since the bootstrap's way takes a chain of futures for each connection.
        try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
        let pipeline = channel.pipeline.syncOperations
        guard let tls else {
            if listener == .operatorSocket { try pipeline.addHandler(PeerOfConnection()) }
            return try pipeline.addHandler(firstRequest())
        }
        let negotiation = ApplicationProtocolNegotiationHandler { result, channel in
            channel.eventLoop.makeCompletedFuture {
                switch result {
                case .negotiated("h2"): try addStreams(to: channel)
                default: try channel.pipeline.syncOperations.addHandler(firstRequest())
                }
            }
        }
        try pipeline.addHandlers([
            NIOSSLServerHandler(context: tls), HandshakeLimit(Self.handshake), negotiation,
        ])
    }

    private func firstRequest() -> StartConnection {
        StartConnection(answers, idleTimeout: limits.idle) { try addParsers(to: $0) }
    }

    /// HTTP/1.1.
    private func addParsers(to channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        let sequence = RequestSequence(
            answers,
            idle: limits.idle,
            mostBodyBytes: listener == .agentSocket ? Self.mostBodyBytesOfAgents : nil
        )
        try pipeline.addHandlers([
            ConnectionReader(for: sequence, within: limits.messages), DepartureOfPeer(), sequence,
        ])
    }

    /// HTTP/2.
    ///
    /// A stream is answered as a connection of HTTP/1.1 with one request is. The library's own limits stand against resets,
    /// continuations and frames of control without end (CVE-2023-44487, CVE-2025-8671, VU#421644); what they are is said in
    /// ``StreamLimits/connection``.
    private func addStreams(to channel: any Channel) throws {
        let limits = limits.streams
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
                try stream.pipeline.syncOperations.addHandlers([
                    HTTP2FramePayloadToHTTPServerCodec(), StreamGuard(limits), DepartureOfPeer(),
                    RequestSequence(answers, over: .stream),
                ])
            }
        }
        try channel.pipeline.syncOperations.addHandlers([http2, keeper, watch])
    }
}

/// What a client may take of a connection.
struct ConnectionLimits: Sendable {
    /// Without a request, or without a byte of one that is not whole.
    let idle: TimeAmount = .seconds(120)
    let messages = MessageLimits(line: fieldBytes, head: headerBytes, fields: fields)
    let streams: StreamLimits

    private static let fieldBytes = 16 << 10
    private static let headerBytes = 32 << 10
    private static let fields = 100

    init() {
        streams = StreamLimits(
            idle: idle,
            fieldBytes: Self.fieldBytes,
            headerBytes: Self.headerBytes,
            fields: Self.fields
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import NIOTLS
internal import ProxyRules
internal import VaultModel

/// One connection to a checked address of a target, for one request.
///
/// Never used again: what one exchange leaves on a connection can not be taken for the answer of another.
struct TargetConnection: Sendable {
    private let channel: any Channel
    private let queue: PartQueue

    /// Dials `address`, and for HTTPS verifies the certificate against the target's name.
    init(
        to target: TargetURL,
        at address: IPAddress,
        tls: NIOSSLContext,
        within limit: TimeAmount
    ) async throws(ProxyError) {
        let queuePromise: PartQueue
        do {
            let socket = try SocketAddress(ipAddress: "\(address)", port: Int(target.port))
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            let queue = PartQueue(on: loop)
            let handshake = loop.makePromise(of: Void.self)
            let timer = loop.scheduleTask(in: limit) { handshake.fail(ProxyError.timedOut) }
            let bootstrap = ClientBootstrap(group: loop)
                .connectTimeout(limit)
                .channelOption(.autoRead, value: false)
                .channelOption(.socketOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        if target.scheme == .https {
                            let name: String? =
                                switch target.host {
                                case .name(let name): name
                                case .address: nil
                                }
                            try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
                            try pipeline.addHandler(HandshakeWatch(handshake))
                        } else {
                            handshake.succeed()
                        }
                        try pipeline.addHandler(CredentialEncoder())
                        let decoder = HTTPResponseDecoder(
                            leftOverBytesStrategy: .dropBytes,
                            informationalResponseStrategy: .drop
                        )
                        try pipeline.addHandler(ByteToMessageHandler(decoder))
                        try pipeline.addHandler(queue)
                    }
                }
            do {
                channel = try await bootstrap.connect(to: socket).get()
            } catch {
                timer.cancel()
                handshake.fail(error)
                _ = try? await handshake.futureResult.get()
                throw error
            }
            do {
                if target.scheme == .https { channel.read() }
                try await handshake.futureResult.get()
                timer.cancel()
            } catch {
                timer.cancel()
                channel.close(promise: nil)
                throw error
            }
            queuePromise = queue
        } catch let error as ProxyError {
            throw error
        } catch is NIOSSLError {
            throw .untrusted
        } catch is NIOSSLExtraError {
            throw .untrusted
        } catch is BoringSSLError {
            throw .untrusted
        } catch let error as ChannelError {
            if case .connectTimeout = error { throw .timedOut }
            throw .unreachable
        } catch {
            throw .unreachable
        }
        queue = queuePromise
    }

    /// Sends the head; the credential goes in as it is written.
    func send(_ head: HTTPRequestHead, with credential: RenderedCredential) async throws {
        try await channel.triggerUserOutboundEvent(credential).get()
        try await channel.writeAndFlush(HTTPClientRequestPart.head(head)).get()
    }

    func send(_ bytes: ByteBuffer) async throws {
        try await channel.writeAndFlush(HTTPClientRequestPart.body(.byteBuffer(bytes))).get()
    }

    func sendEnd() async throws {
        try await channel.writeAndFlush(HTTPClientRequestPart.end(nil)).get()
    }

    func next(within limit: TimeAmount) async throws -> HTTPClientResponsePart? {
        try await queue.next(within: limit)
    }

    func close() {
        channel.close(promise: nil)
    }
}

/// Tells when TLS stands, or why it does not.
private final class HandshakeWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let promise: EventLoopPromise<Void>
    private var isDone = false

    init(_ promise: EventLoopPromise<Void>) {
        self.promise = promise
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            isDone = true
            promise.succeed()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Nobody else asks for bytes before there is a request.
        if !isDone { context.read() }
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard isDone else {
            isDone = true
            promise.fail(error)
            context.close(promise: nil)
            return
        }
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isDone {
            isDone = true
            promise.fail(ChannelError.eof)
        }
        context.fireChannelInactive()
    }
}

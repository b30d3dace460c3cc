// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import NIOTLS
internal import ProxyRules
internal import VaultCore
internal import VaultModel

/// What carries one request at a time to a checked address of a target: a connection of HTTP/1.1, or a stream of HTTP/2.
///
/// Lives on the event loop of the request that made it, where no step of an exchange waits for another thread.
final class TargetConnection: Sendable {
    /// The address that was dialed.
    let address: IPAddress
    /// The same as text, for each attempt's entry.
    let addressText: String
    let madeAt: NIODeadline
    let eventLoop: any EventLoop
    /// What the stream is of; nil for HTTP/1.1.
    let session: TargetSession?
    private let channel: any Channel
    private let queue: PartQueue
    /// Made once, since every request needs it.
    private let flush: @Sendable () -> Void

    /// The target vouches that it has done nothing of the request (RFC 9113 §8.7).
    struct Unprocessed: Error {}

    /// A stream of its own on a connection of HTTP/2.
    init(on stream: any Channel, of session: TargetSession, _ queue: PartQueue) {
        address = session.address
        addressText = "\(address)"
        madeAt = .now()
        eventLoop = stream.eventLoop
        self.session = session
        channel = stream
        self.queue = queue
        flush = { queue.taker?.flush() }
    }

    private init(on channel: any Channel, to address: IPAddress, _ queue: PartQueue) {
        self.address = address
        addressText = "\(address)"
        madeAt = .now()
        eventLoop = channel.eventLoop
        session = nil
        self.channel = channel
        self.queue = queue
        flush = { queue.taker?.flush() }
    }

    /// Dials `address`, and for HTTPS verifies the certificate against the target's name.
    ///
    /// Where TLS agrees on HTTP/2, what is returned is the first stream of a new connection.
    static func dial(
        _ target: TargetURL,
        at address: IPAddress,
        tls: NIOSSLContext,
        within limit: TimeAmount
    ) async throws(ProxyError) -> TargetConnection {
        do {
            let socket = try SocketAddress(ipAddress: "\(address)", port: Int(target.port))
            let loop = ConnectionPool.eventLoop
            let queue = PartQueue(on: loop)
            let handshake = loop.makePromise(of: TargetSession?.self)
            let timer = loop.scheduleTask(in: limit) { handshake.fail(ProxyError.timedOut) }
            let bootstrap = ClientBootstrap(group: loop)
                .connectTimeout(limit)
                .channelOption(.autoRead, value: false)
                .channelOption(.socketOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        guard target.scheme == .https else {
                            try addHandlers(to: pipeline, queue)
                            return handshake.succeed(nil)
                        }
                        let name: String? =
                            switch target.host {
                            case .name(let name): name
                            case .address: nil
                            }
                        try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
                        let watch = HandshakeWatch(handshake) { version in
                            if version == "h2" { return try TargetSession(on: channel, to: address) }
                            try addHandlers(to: channel.pipeline.syncOperations, queue)
                            return nil
                        }
                        try pipeline.addHandler(watch)
                    }
                }
            let channel: any Channel
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
                let session = try await handshake.futureResult.get()
                timer.cancel()
                if target.scheme == .https, case .name(let name) = target.host {
                    let certificate = try await channel.nioSSL_peerCertificate().get()
                    guard let certificate, certificate.names(name) else { throw ProxyError.untrusted }
                }
                guard let session else { return TargetConnection(on: channel, to: address, queue) }
                guard let stream = await session.stream() else { throw ProxyError.unreachable }
                return stream
            } catch {
                timer.cancel()
                channel.close(promise: nil)
                throw error
            }
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
    }

    private static func addHandlers(to pipeline: ChannelPipeline.SynchronousOperations, _ queue: PartQueue) throws {
        let encoder = CredentialEncoder()
        queue.taker = encoder
        try pipeline.addHandler(encoder)
        let reader = AnswerReader(for: queue)
        queue.reader = reader
        try pipeline.addHandler(reader)
        try pipeline.addHandler(queue)
    }

    /// Sends the head of a request with a body; the credential goes in as it is written.
    ///
    /// It leaves with the first piece of the body, or at the loop's next turn.
    func send(_ departure: Departure) {
        guard eventLoop.inEventLoop else { return eventLoop.execute { self.send(departure) } }
        write(departure)
        flushSoon()
    }

    /// Sends a request that is all there, with a body of little more than its head or none.
    ///
    /// It is as good as sent: what another exchange writes can only come behind it.
    func sendWhole(_ departure: Departure, _ body: ByteBuffer? = nil) {
        guard eventLoop.inEventLoop else { return eventLoop.execute { self.sendWhole(departure, body) } }
        queue.requestIsSent()
        write(departure)
        if let body { channel.write(HTTPClientRequestPart.body(.byteBuffer(body)), promise: nil) }
        // Over HTTP/1.1 a head without a body is all of it.
        if session != nil || body != nil { channel.write(HTTPClientRequestPart.end(nil), promise: nil) }
        flushSoon()
    }

    private func write(_ departure: Departure) {
        queue.reader?.expect(answerTo: departure.request.method)
        queue.taker?.take(departure)
    }

    /// Returns when the kernel has taken the piece, so that a slow target slows the agent down.
    func send(_ bytes: ByteBuffer) async throws {
        eventLoop.runNow { [queue] in queue.prolongWait() }
        try await channel.writeAndFlush(HTTPClientRequestPart.body(.byteBuffer(bytes))).get()
    }

    /// Ends a request; trailers go with a body that is chunked.
    func sendEnd(_ trailers: [HTTPField]) {
        let queue = queue
        let sent = eventLoop.makePromise(of: Void.self)
        sent.futureResult.whenSuccess { queue.requestIsSent() }
        let fields = trailers.isEmpty ? nil : HTTPHeaders(trailers.map { ($0.name.rawName, $0.value) })
        channel.writeAndFlush(HTTPClientRequestPart.end(fields), promise: sent)
    }

    /// Flushes at the loop's next turn, after all that it has read: requests that came together leave together, which costs
    /// each of them less of waking the other side.
    private func flushSoon() {
        eventLoop.execute(flush)
    }

    /// The next part, where one is there; nil on any thread but the event loop's.
    var firstReady: PartQueue.Part? { eventLoop.inEventLoop ? queue.first : nil }

    /// Takes it; on the event loop.
    func takeReady() -> PartQueue.Part? { queue.takeFirst() }

    func next(within limit: TimeAmount) async throws -> PartQueue.Part? {
        try await queue.next(within: limit)
    }

    /// Calls `call` once, on the event loop on which this is called, when a part is there or none will be.
    func whenReady(within limit: TimeAmount, _ call: @escaping @Sendable () -> Void) {
        queue.whenReady(within: limit, call)
    }

    /// What ``next(within:)`` says, after ``whenReady(within:_:)`` has called.
    func takeNow() throws -> PartQueue.Part? { try queue.takeNow() }

    func close() { channel.close(promise: nil) }

    /// False from when its end was seen.
    var isOpen: Bool { channel.isActive }

    /// Takes a connection whose exchange is whole for the next one; closes it where it cannot be used again.
    ///
    /// A stream ends by itself, or is reset where the answer came before the request was whole.
    func rest(in pool: ConnectionPool, as key: ConnectionPool.Key) {
        let connection = self
        let queue = queue
        eventLoop.runNow {
            if connection.session != nil {
                if !queue.isOver { connection.close() }
                return
            }
            guard queue.rest() else { return connection.close() }
            pool.put(connection, as: key)
        }
    }

    /// Whether it can carry another request; called on its event loop.
    func wake() -> Bool { channel.isActive && queue.wake() }
}

extension EventLoop {
    /// Runs `body` at once where the caller is on the loop.
    fileprivate func runNow(_ body: @escaping @Sendable () -> Void) {
        if inEventLoop { body() } else { execute(body) }
    }
}

/// Tells when TLS stands, or why it does not.
private final class HandshakeWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let promise: EventLoopPromise<TargetSession?>
    /// Given the protocol that was agreed on, before any of its bytes is read.
    private let setUp: (String?) throws -> TargetSession?
    private var isDone = false

    init(_ promise: EventLoopPromise<TargetSession?>, _ setUp: @escaping (String?) throws -> TargetSession?) {
        self.promise = promise
        self.setUp = setUp
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if !isDone, case .handshakeCompleted(let version)? = event as? TLSUserEvent {
            isDone = true
            promise.completeWith(Result { try setUp(version) })
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

// SPDX-License-Identifier: Apache-2.0

internal import HTTP2Faults
internal import NIOCore
internal import NIOHTTP2
internal import Synchronization
internal import VaultModel

/// One connection of HTTP/2 to a checked address of a target, whose streams carry a request each.
///
/// It takes as many requests at once as the target says, and none after the target has said that it leaves, or when it is too
/// old: then it ends with its last stream.
final class TargetSession: Sendable {
    /// What waits in memory at most of an answer that its agent does not take.
    private static let windowBytes = 256 << 10
    /// As for heads of HTTP/1.1.
    private static let mostHeaderBytes = 80 << 10
    private static let longestRest: TimeAmount = .seconds(20)
    private static let longestLife: TimeAmount = .seconds(60)

    let address: IPAddress
    let eventLoop: any EventLoop
    private let channel: any Channel
    private let multiplexer: NIOHTTP2Handler.StreamMultiplexer
    private let blocks: NIOLoopBound<CredentialBlocks>
    private let madeAt = NIODeadline.now()
    private let state = Mutex(State())

    private struct State {
        /// The first is for the request that it was made for.
        var open = 1
        /// Until the target says how many; the library holds back what is more.
        var most = 100
        var isLeaving = false
        /// Nothing was done of the streams after it.
        var last: HTTP2StreamID?
        var restingSince = NIODeadline.now()
        var hasAlarm = false
    }

    /// Begins HTTP/2 on a connection whose TLS has just agreed on it; called on its event loop.
    init(on channel: any Channel, to address: IPAddress) throws {
        self.channel = channel
        self.address = address
        eventLoop = channel.eventLoop
        let http2 = NIOHTTP2Handler(
            mode: .client,
            eventLoop: channel.eventLoop,
            connectionConfiguration: Self.connection,
            streamConfiguration: Self.stream,
            // Nothing is to be pushed, as the settings say.
            inboundStreamInitializer: { $0.close() }
        )
        let pipeline = channel.pipeline.syncOperations
        let blocks = CredentialBlocks()
        self.blocks = NIOLoopBound(blocks, eventLoop: channel.eventLoop)
        try pipeline.addHandler(blocks)
        try pipeline.addHandler(http2)
        multiplexer = try http2.syncMultiplexer()
        try pipeline.addHandler(SessionWatch(self))
        // Each stream has a window of its own; frames that concern all of them must always be read.
        try channel.syncOptions?.setOption(.autoRead, value: true)
    }

    private static var connection: NIOHTTP2Handler.ConnectionConfiguration {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .enablePush, value: 0),
            HTTP2Setting(parameter: .maxHeaderListSize, value: mostHeaderBytes),
            HTTP2Setting(parameter: .initialWindowSize, value: windowBytes),
        ]
        // Shared by all streams, so that one whose agent is slow does not hold the others up.
        configuration.targetWindowSize = 8 * windowBytes
        configuration.maximumSequentialEmptyDataFrames = 10
        // Servers measure the line with pings, one for each burst of an answer.
        configuration.controlFrameRateLimit.maximumCount = 2_000
        return configuration
    }

    private static var stream: NIOHTTP2Handler.StreamConfiguration {
        var configuration = NIOHTTP2Handler.StreamConfiguration()
        configuration.targetWindowSize = windowBytes
        configuration.outboundBufferSizeHighWatermark = 64 << 10
        configuration.outboundBufferSizeLowWatermark = 32 << 10
        return configuration
    }

    /// Takes the place of a stream; false where none is free, or the connection takes no more.
    func reserve() -> Bool {
        guard channel.isActive, NIODeadline.now() - madeAt < Self.longestLife else { return false }
        return state.withLock { state in
            guard !state.isLeaving, state.open < state.most else { return false }
            state.open += 1
            return true
        }
    }

    /// Opens a stream in a place that was taken; nil where the connection has ended meanwhile.
    func stream() async -> TargetConnection? {
        let queue = PartQueue(on: eventLoop)
        let made = eventLoop.makePromise(of: (any Channel).self)
        multiplexer.createStreamChannel(promise: made) { [blocks] stream in
            stream.eventLoop.makeCompletedFuture {
                // As much is read as is taken.
                try stream.syncOptions?.setOption(.autoRead, value: false)
                let frames = CredentialFrames(of: self, in: blocks.value)
                queue.taker = frames
                try stream.pipeline.syncOperations.addHandlers([frames, queue])
            }
        }
        guard let stream = try? await made.futureResult.get(), stream.isActive else {
            release()
            return nil
        }
        stream.closeFuture.whenComplete { _ in self.release() }
        return TargetConnection(on: stream, of: self, queue)
    }

    /// Whether a stream ended with `error` before the target did anything for it (RFC 9113 §8.7).
    func didNothing(because error: any Error) -> Bool {
        // It was to be opened after the target said that it leaves.
        if error is NIOHTTP2Errors.CreatedStreamAfterGoaway || error is NIOHTTP2Errors.IOOnClosedConnection {
            return true
        }
        guard let closed = error as? NIOHTTP2Errors.StreamClosed else { return false }
        return closed.errorCode == .refusedStream || state.withLock { $0.last.map { closed.streamID > $0 } ?? false }
    }

    func close() { channel.close(promise: nil) }

    func whenClosed(_ body: @escaping @Sendable () -> Void) { channel.closeFuture.whenComplete { _ in body() } }

    private func release() {
        let isOld = NIODeadline.now() - madeAt >= Self.longestLife
        let (closes, mustWatch) = state.withLock { state in
            state.open -= 1
            guard state.open == 0 else { return (false, false) }
            state.restingSince = .now()
            let mustWatch = !state.hasAlarm
            state.hasAlarm = true
            return (isOld || state.isLeaving, mustWatch)
        }
        if closes {
            // What the last stream ended with is flushed first.
            eventLoop.execute { self.close() }
        } else if mustWatch {
            watch(until: .now() + Self.longestRest)
        }
    }

    /// One timer for many rests: it looks again where there was a request meanwhile.
    private func watch(until time: NIODeadline) {
        eventLoop.scheduleTask(deadline: time) { [weak self] in
            guard let self else { return }
            let end: NIODeadline? = state.withLock { state in
                state.hasAlarm = state.open == 0
                return state.open == 0 ? state.restingSince + Self.longestRest : nil
            }
            guard let end else { return }
            if end <= .now() { close() } else { watch(until: end) }
        }
    }

    fileprivate func takes(atOnce count: Int) { state.withLock { $0.most = count } }

    /// The last stream that the target may have done something of; nil where it did not say.
    fileprivate func leaves(after last: HTTP2StreamID?) {
        state.withLock { state in
            state.isLeaving = true
            if let last { state.last = last }
        }
    }
}

/// Hears what a target says of the whole connection.
private final class SessionWatch: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame

    private let session: TargetSession

    init(_ session: TargetSession) {
        self.session = session
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data).payload {
        case .settings(.settings(let settings)):
            for setting in settings where setting.parameter == .maxConcurrentStreams {
                session.takes(atOnce: setting.value)
            }
        case .goAway(let last, _, _): session.leaves(after: last)
        default: break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        session.leaves(after: nil)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if endsConnection(error) { context.close(promise: nil) }
    }
}

// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPAPI

/// When a connection of HTTP/1.1 ends, and what is sent before that.
struct RequestSequenceTests {
    @Test func aConnectionThatNobodyUsesEnds() throws {
        let channel = try served()
        channel.embeddedEventLoop.advanceTime(by: .seconds(119))
        ask(channel)
        channel.embeddedEventLoop.advanceTime(by: .seconds(119))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!channel.isActive)
    }

    @Test func aRequestThatIsNeverWholeEnds() throws {
        let channel = try served()
        channel.embeddedEventLoop.advanceTime(by: .seconds(60))
        channel.pipeline.fireChannelRead(RequestPart.head(Self.head))
        channel.pipeline.fireChannelReadComplete()
        channel.embeddedEventLoop.advanceTime(by: .seconds(119))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!channel.isActive)
    }

    /// Two requests that came together are both answered before the connection of a server that stops ends.
    @Test func anAnswerGoesBeforeTheEndOfAServerThatStops() throws {
        let channel = try served()
        let steps = Steps()
        try channel.pipeline.syncOperations.addHandler(steps, position: .first)
        ask(channel, times: 2)
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        channel.embeddedEventLoop.run()
        #expect(steps.steps.filter { $0 == "answer" }.count == 2)
        #expect(steps.steps.suffix(2) == ["flush", "close"])
    }

    /// What reaches the connection, in its order.
    private final class Steps: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer

        private(set) var steps: [String] = []

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            steps += String(buffer: unwrapOutboundIn(data)).ranges(of: "HTTP/1.1 404").map { _ in "answer" }
            context.write(data, promise: promise)
        }

        func flush(context: ChannelHandlerContext) {
            steps.append("flush")
            context.flush()
        }

        func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
            steps.append("close")
            context.close(mode: mode, promise: promise)
        }
    }

    @Test func aServerThatStopsClosesConnectionsThatRest() throws {
        let channel = try served()
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        channel.embeddedEventLoop.run()
        #expect(!channel.isActive)
    }

    private static let head = RequestHead(
        HTTPRequest(method: .get, scheme: "http", authority: "attache", path: "/nothing")
    )

    private func ask(_ channel: EmbeddedChannel, times: Int = 1) {
        for _ in 0..<times {
            channel.pipeline.fireChannelRead(RequestPart.head(Self.head))
            channel.pipeline.fireChannelRead(RequestPart.end(nil))
        }
        channel.pipeline.fireChannelReadComplete()
    }

    private func served() throws -> EmbeddedChannel {
        let logger = Logger(label: "test")
        let dispatcher = Dispatcher(routes: [], logger: logger, metrics: MetricsRegistry())
        let sequence = RequestSequence(DatedAnswers(dispatcher, logger: logger), idle: .seconds(120))
        let channel = EmbeddedChannel(handler: sequence)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }
}

// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import NIOHTTP2
import Testing

@testable import HTTPAPI

/// How long a connection of HTTP/2 stays without a stream.
struct StreamWatchTests {
    @Test func aConnectionWithoutAStreamEnds() throws {
        let channel = try watched()
        channel.embeddedEventLoop.advanceTime(by: .seconds(119))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(4))
        #expect(!channel.isActive)
    }

    @Test func aStreamKeepsItsConnection() throws {
        let channel = try watched()
        let stream = EmbeddedChannel(loop: channel.embeddedEventLoop)
        try channel.pipeline.syncOperations.handler(type: StreamWatch.self).opened(stream)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1_000))
        #expect(channel.isActive)
        stream.close(promise: nil)
        channel.embeddedEventLoop.run()
        channel.embeddedEventLoop.advanceTime(by: .seconds(119))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(4))
        #expect(!channel.isActive)
    }

    @Test func aServerThatStopsWaitsForStreamsAndNotForWhoIsGone() throws {
        let channel = try watched()
        let stream = EmbeddedChannel(loop: channel.embeddedEventLoop)
        try channel.pipeline.syncOperations.handler(type: StreamWatch.self).opened(stream)
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        channel.embeddedEventLoop.advanceTime(by: .seconds(60))
        #expect(channel.isActive)
        stream.close(promise: nil)
        channel.embeddedEventLoop.run()
        channel.embeddedEventLoop.advanceTime(by: .seconds(3))
        #expect(!channel.isActive)
    }

    @Test func onlyAFaultOfTheWholeConnectionEndsIt() throws {
        let channel = try watched()
        channel.pipeline.fireErrorCaught(NIOHTTP2Errors.contentLengthViolated())
        #expect(channel.isActive)
        channel.pipeline.fireErrorCaught(NIOHTTP2Errors.excessiveRSTFrames())
        channel.embeddedEventLoop.run()
        #expect(!channel.isActive)
    }

    private func watched() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: StreamWatch(idle: .seconds(120)))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }
}

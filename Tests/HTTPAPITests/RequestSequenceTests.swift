// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
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
        channel.pipeline.fireChannelRead(HTTPRequestPart.head(Self.head))
        channel.pipeline.fireChannelReadComplete()
        channel.embeddedEventLoop.advanceTime(by: .seconds(119))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!channel.isActive)
    }

    /// Two requests that came together are both answered before the connection of a server that stops ends.
    @Test func anAnswerGoesBeforeTheEndOfAServerThatStops() throws {
        let channel = try served()
        ask(channel, times: 2)
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        channel.embeddedEventLoop.run()
        #expect(!channel.isActive)
        var statuses: [Int] = []
        while let part = try channel.readOutbound(as: HTTPResponsePart.self) {
            if case .head(let head) = part { statuses.append(head.status.code) }
        }
        #expect(statuses == [404, 404])
    }

    @Test func aServerThatStopsClosesConnectionsThatRest() throws {
        let channel = try served()
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        channel.embeddedEventLoop.run()
        #expect(!channel.isActive)
    }

    private static let head = HTTPRequest(method: .get, scheme: "http", authority: "attache", path: "/nothing")

    private func ask(_ channel: EmbeddedChannel, times: Int = 1) {
        for _ in 0..<times {
            channel.pipeline.fireChannelRead(HTTPRequestPart.head(Self.head))
            channel.pipeline.fireChannelRead(HTTPRequestPart.end(nil))
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

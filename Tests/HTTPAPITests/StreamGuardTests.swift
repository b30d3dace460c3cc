// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import HTTPAPI

/// How long a stream of HTTP/2 waits for the rest of its request.
struct StreamGuardTests {
    private static let limits = StreamLimits(idle: .seconds(120), fieldBytes: 1_024, headerBytes: 4_096, fields: 10)
    private static let head = HTTPRequest(method: .post, scheme: "https", authority: "attache", path: "/v1/proxy")

    @Test func aRequestThatDoesNotGoOnEndsItsStream() throws {
        let stream = try guarded()
        try pass(.head(Self.head), to: stream)
        stream.embeddedEventLoop.advanceTime(by: .seconds(119))
        #expect(stream.isActive)
        // Each piece gives it the same time again.
        try pass(.body(ByteBuffer(string: "a")), to: stream)
        stream.embeddedEventLoop.advanceTime(by: .seconds(119))
        #expect(stream.isActive)
        stream.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!stream.isActive)
    }

    @Test func aRequestThatIsWholeMayWaitForItsAnswer() throws {
        let stream = try guarded()
        try pass(.head(Self.head), to: stream)
        try pass(.end(nil), to: stream)
        stream.embeddedEventLoop.advanceTime(by: .seconds(1_000))
        #expect(stream.isActive)
    }

    private func guarded() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: StreamGuard(Self.limits))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    private func pass(_ part: HTTPRequestPart, to stream: EmbeddedChannel) throws {
        stream.pipeline.fireChannelRead(part)
        stream.pipeline.fireChannelReadComplete()
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOHTTP2

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

// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import Synchronization
import Testing

@testable import HTTPAPI

/// The body of a forwarded request: in order, whole or broken, and never more of it than may be held.
struct ForwardedBodyTests {
    private func text(of body: ForwardedBody) async throws -> String {
        var text = ""
        for try await piece in body { text += String(buffer: piece) }
        return text
    }

    @Test func piecesComeInTheirOrderAndThenTheTrailers() async throws {
        let body = ForwardedBody {}
        #expect(body.feed(ByteBuffer(string: "one ")))
        async let text = text(of: body)
        #expect(body.feed(ByteBuffer(string: "two ")))
        #expect(body.feed(ByteBuffer(string: "three")))
        #expect(body.trailers == nil)
        body.finish([.eTag: "\"x\""])
        #expect(try await text == "one two three")
        #expect(body.trailers?[.eTag] == "\"x\"")
    }

    @Test func aFullBodySaysSoAndWhenThereIsRoomAgain() async throws {
        let rooms = Mutex(0)
        let body = ForwardedBody { rooms.withLock { $0 += 1 } }
        let half = ByteBuffer(repeating: 0x61, count: ForwardedBody.mostHeld / 2)
        #expect(body.feed(half))
        #expect(!body.feed(half))
        let reader = body.makeAsyncIterator()
        #expect(rooms.withLock { $0 } == 0)
        #expect(try await reader.next() == half)
        #expect(rooms.withLock { $0 } == 1)
        #expect(try await reader.next() == half)
        #expect(rooms.withLock { $0 } == 1)
        #expect(body.feed(half))
    }

    @Test func whatIsBrokenOffIsNotWhole() async throws {
        let body = ForwardedBody {}
        _ = body.feed(ByteBuffer(string: "one"))
        body.breakOff()
        await #expect(throws: ChannelError.self) { try await text(of: body) }
    }

    @Test func aReaderThatIsCancelledStopsWaiting() async throws {
        let body = ForwardedBody {}
        let task = Task { try await text(of: body) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        // Nobody reads it any more, so nothing is held.
        for _ in 0..<4 { #expect(body.feed(ByteBuffer(repeating: 0x61, count: ForwardedBody.mostHeld))) }
    }
}

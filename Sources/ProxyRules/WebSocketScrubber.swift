// SPDX-License-Identifier: Apache-2.0

/// Takes a credential out of what a server sends over a WebSocket (RFC 6455 §5), frame by frame.
///
/// Each frame is looked through as an answer of its own, and goes on whole when its last byte is there: nothing is held back
/// between frames, so no message waits for the next one. What a target cuts into several frames is not put together. Frames
/// whose content cannot be read, masked ones and those of an extension, are refused.
package struct WebSocketScrubber {
    private var scrubber: ResponseScrubber
    /// The beginning of a frame's head, as long as it is not whole.
    private var head: [UInt8] = []
    /// Bytes of the frame's content that did not come yet.
    private var left: UInt64 = 0

    package init(_ scrubber: ResponseScrubber) {
        self.scrubber = scrubber
    }

    /// Looks through a piece of the stream, which it changes, and lends `release` what may go on.
    ///
    /// Returns false for a frame that is refused; then nothing after it may go on.
    package mutating func scrub(
        _ chunk: UnsafeMutableRawBufferPointer,
        release: (UnsafeRawBufferPointer) -> Void
    ) -> Bool {
        var index = 0
        while index < chunk.count {
            if left == 0 {
                head.append(chunk[index])
                index += 1
                guard head.count < 2 || Self.isReadable(head) else { return false }
                guard let length = Self.length(head) else { continue }
                head.withUnsafeBytes(release)
                head.removeAll(keepingCapacity: true)
                left = length
                continue
            }
            let count = Int(min(left, UInt64(chunk.count - index)))
            scrubber.scrub(UnsafeMutableRawBufferPointer(rebasing: chunk[index..<(index + count)]), release: release)
            index += count
            left -= UInt64(count)
            if left == 0 { scrubber.finish(release: release) }
        }
        return true
    }

    /// Wipes what is held back, of a stream that nobody reads any more.
    package mutating func wipe() { scrubber.wipe() }

    /// No bit of an extension, and no mask.
    private static func isReadable(_ head: [UInt8]) -> Bool { head[0] & 0x70 == 0 && head[1] & 0x80 == 0 }

    /// How long the content is; nil while the head is not whole.
    private static func length(_ head: [UInt8]) -> UInt64? {
        guard head.count >= 2 else { return nil }
        let more =
            switch head[1] {
            case 126: 2
            case 127: 8
            default: 0
            }
        guard head.count == 2 + more else { return nil }
        return more == 0 ? UInt64(head[1]) : head[2...].reduce(0) { $0 << 8 | UInt64($1) }
    }
}

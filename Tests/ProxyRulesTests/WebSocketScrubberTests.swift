// SPDX-License-Identifier: Apache-2.0

import Testing
import VaultModel

@testable import ProxyRules

/// What comes over a WebSocket, however it is cut: clean, as long as it was, and never later than its frame.
struct WebSocketScrubberTests {
    private static let secret = "c4n4ry-0123456789"

    /// A frame of a server (RFC 6455 §5.2).
    private static func frame(_ text: String, first: UInt8 = 0x81) -> [UInt8] {
        let content = Array(text.utf8)
        switch content.count {
        case ..<126: return [first, UInt8(content.count)] + content
        case ..<65_536: return [first, 126, UInt8(content.count >> 8), UInt8(content.count & 255)] + content
        default: return [first, 127] + (0..<8).reversed().map { UInt8(content.count >> ($0 * 8) & 255) } + content
        }
    }

    /// What came out, or nil for a frame that is refused.
    private static func scrubbed(_ bytes: [UInt8], size: Int) -> [UInt8]? {
        var scrubber = WebSocketScrubber(ResponseScrubber([SharedSecret(copying: Array(secret.utf8))]))
        var output: [UInt8] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            var chunk = Array(rest.prefix(size))
            rest = rest.dropFirst(size)
            let isReadable = chunk.withUnsafeMutableBytes { scrubber.scrub($0) { output += $0 } }
            guard isReadable else { return nil }
        }
        return output
    }

    @Test(arguments: [1, 2, 3, 7, 64, 100_000])
    func theSecretIsMaskedWhereverTheStreamIsCut(size: Int) {
        let stars = String(repeating: "*", count: Self.secret.utf8.count)
        let long = String(repeating: "a", count: 70_000)
        let sent =
            Self.frame("one \(Self.secret) two") + Self.frame("") + Self.frame("\(Self.secret)\(long.prefix(200))")
            + Self.frame("\(long)\(Self.secret)")
        let expected =
            Self.frame("one \(stars) two") + Self.frame("") + Self.frame("\(stars)\(long.prefix(200))")
            + Self.frame("\(long)\(stars)")
        #expect(Self.scrubbed(sent, size: size) == expected)
    }

    @Test func aFrameThatEndsAsTheSecretBeginsIsNotHeldBack() {
        let frame = Self.frame("so far: c4n4ry-01")
        #expect(Self.scrubbed(frame, size: 5) == frame)
    }

    @Test(arguments: [[0x81, 0x85, 1, 2, 3, 4, 5], [0xC1, 0x03, 1, 2, 3], [0x91, 0x00]] as [[UInt8]])
    func aFrameThatCannotBeReadIsRefused(frame: [UInt8]) {
        #expect(Self.scrubbed(frame, size: frame.count) == nil)
        #expect(Self.scrubbed(frame, size: 1) == nil)
    }
}

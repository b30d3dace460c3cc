// SPDX-License-Identifier: Apache-2.0

import Testing
import VaultModel

@testable import ProxyRules

/// What comes over a WebSocket, however it is cut: clean, as long as it was, and never later than its message.
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

    /// The frames of a stream: their first bytes and contents.
    private static func frames(_ bytes: [UInt8]) -> [(first: UInt8, content: [UInt8])] {
        var rest = bytes[...]
        var frames: [(UInt8, [UInt8])] = []
        while let first = rest.popFirst(), var length = rest.popFirst().map({ Int($0) }) {
            let more = length == 126 ? 2 : length == 127 ? 8 : 0
            if more > 0 { length = rest.prefix(more).reduce(0) { $0 << 8 | Int($1) } }
            rest = rest.dropFirst(more)
            frames.append((first, Array(rest.prefix(length))))
            rest = rest.dropFirst(length)
        }
        return frames
    }

    @Test(arguments: 0...secret.utf8.count, [1, 2, 3, 7, 64, 100_000])
    func theSecretIsMaskedAlsoWhereAMessageIsCut(cut: Int, size: Int) {
        let (head, tail) = (String(Self.secret.prefix(cut)), String(Self.secret.dropFirst(cut)))
        let stars = String(repeating: "*", count: Self.secret.utf8.count)
        // Control frames may come between those of a message (RFC 6455 §5.4), and are messages of their own.
        let ping = Self.frame("c4n4ry-", first: 0x89)
        let sent =
            Self.frame("one \(head)", first: 0x01) + ping + Self.frame("", first: 0x00)
            + Self.frame("\(tail) two", first: 0x80) + Self.frame("three")
        guard let output = Self.scrubbed(sent, size: size) else {
            Issue.record("refused")
            return
        }
        let frames = Self.frames(output)
        let data = frames.filter { $0.first & 0x0F < 8 }
        #expect(String(decoding: data.dropLast().flatMap(\.content), as: UTF8.self) == "one \(stars) two")
        #expect(data.map(\.first).dropLast(2).dropFirst().allSatisfy { $0 == 0x00 })
        #expect(data.first?.first == 0x01)
        #expect(data.dropLast().last?.first == 0x80)
        #expect(data.last?.first == 0x81)
        #expect(data.last?.content == Array("three".utf8))
        #expect(frames.filter { $0.first == 0x89 }.map(\.content) == [Array("c4n4ry-".utf8)])
    }

    @Test func ofAMessageThatGoesOnOnlyABeginningIsHeldBack() {
        var scrubber = WebSocketScrubber(ResponseScrubber([SharedSecret(copying: Array(Self.secret.utf8))]))
        func pass(_ frame: [UInt8]) -> [UInt8] {
            var (frame, output) = (frame, [UInt8]())
            let isReadable = frame.withUnsafeMutableBytes { scrubber.scrub($0) { output += $0 } }
            #expect(isReadable)
            return output
        }
        #expect(pass(Self.frame("so far", first: 0x01)) == Self.frame("so far", first: 0x01))
        #expect(pass(Self.frame("more c4n4ry-", first: 0x00)) == Self.frame("more ", first: 0x00))
        #expect(pass(Self.frame("c4n4", first: 0x00)) == Self.frame("c4n4ry-", first: 0x00))
        #expect(pass(Self.frame("", first: 0x80)) == Self.frame("c4n4", first: 0x80))
        // Nothing of it was sent, so the last frame says what the message is.
        #expect(pass(Self.frame("c4n4", first: 0x02)) == [])
        #expect(pass(Self.frame("!", first: 0x80)) == Self.frame("c4n4!", first: 0x82))
    }

    @Test(arguments: [1_000, 65_535, 100_000])
    func aLongMessageOfManyFramesIsUnchanged(size: Int) {
        let part = String(repeating: "a", count: 70_000)
        let sent =
            Self.frame(part, first: 0x02) + Self.frame(part, first: 0x00) + Self.frame(part, first: 0x00)
            + Self.frame(part, first: 0x80)
        let output = Self.scrubbed(sent, size: size).map(Self.frames) ?? []
        #expect(output.map(\.content.count).reduce(0, +) == 280_000)
        #expect(output.last?.content.count == 70_000)
        #expect(output.allSatisfy { $0.content.allSatisfy { $0 == UInt8(ascii: "a") } })
    }

    @Test(
        arguments: [
            // Going on where nothing began, and beginning where nothing ended.
            frame("a", first: 0x80), frame("a", first: 0x00), frame("a", first: 0x01) + frame("b", first: 0x81),
            frame("a", first: 0x02) + frame("b", first: 0x02),
            // Kinds that nobody has named, and control frames in parts or too long.
            frame("a", first: 0x83), frame("a", first: 0x8B), frame("a", first: 0x09),
            frame(String(repeating: "a", count: 126), first: 0x8A), [0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0],
        ] as [[UInt8]]
    )
    func aFrameThatNoMessageHasIsRefused(frames: [UInt8]) {
        #expect(Self.scrubbed(frames, size: frames.count) == nil)
        #expect(Self.scrubbed(frames, size: 1) == nil)
    }

    @Test(arguments: [[0x81, 0x85, 1, 2, 3, 4, 5], [0xC1, 0x03, 1, 2, 3], [0x91, 0x00]] as [[UInt8]])
    func aFrameThatCannotBeReadIsRefused(frame: [UInt8]) {
        #expect(Self.scrubbed(frame, size: frame.count) == nil)
        #expect(Self.scrubbed(frame, size: 1) == nil)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Takes a credential out of what a server sends over a WebSocket (RFC 6455 §5), also where it is cut into several frames of
/// one message.
///
/// The end of a message goes on with it, so no message waits for the next one. A message of one frame keeps that frame. In one
/// of several frames the frames that are not the last become those of what can go on: held back is only what may be the
/// beginning of a find, as an intermediary may do where there is no extension (§5.4). Frames whose content cannot be read,
/// masked ones and those of an extension, and frames that no message has are refused.
package struct WebSocketScrubber {
    private static let finalBit: UInt8 = 0x80
    private static let continuation: UInt8 = 0

    /// For the message that is under way.
    private var scrubber: ResponseScrubber
    /// For the control frame that is under way, which may come between the frames of a message.
    private var control: ResponseScrubber
    /// The beginning of a frame's head, as long as it is not whole.
    private var head: [UInt8] = []
    /// The frame whose content comes.
    private var frame: Frame?
    /// What the next frame of a message says that it is; nil between messages.
    private var opcode: UInt8?
    /// What goes on of a frame that is not the last; kept for its memory.
    private var piece: [UInt8] = []

    private struct Frame {
        let kind: Kind
        /// Bytes of its content that did not come yet.
        var left: UInt64
    }

    private enum Kind {
        /// The last of a message, or the only one.
        case last
        /// One after which the message goes on.
        case notLast
        case control
    }

    package init(_ scrubber: ResponseScrubber) {
        self.scrubber = scrubber.anew
        control = scrubber.anew
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
            guard var frame else {
                head.append(chunk[index])
                index += 1
                guard head.count < 2 || isReadable(head[0], head[1]) else { return false }
                guard let length = Self.length(head) else { continue }
                guard length <= UInt64(Int64.max) else { return false }
                begin(length, release)
                continue
            }
            let count = Int(min(frame.left, UInt64(chunk.count - index)))
            let content = UnsafeMutableRawBufferPointer(rebasing: chunk[index..<(index + count)])
            index += count
            frame.left -= UInt64(count)
            pass(content, of: frame.kind, release)
            self.frame = frame
            if frame.left == 0 { finish(frame.kind, release) }
        }
        return true
    }

    /// Wipes what is held back, of a stream that nobody reads any more.
    package mutating func wipe() {
        scrubber.wipe()
        control.wipe()
    }

    /// Takes a head that is whole and says what can be said of its frame already.
    private mutating func begin(_ length: UInt64, _ release: (UnsafeRawBufferPointer) -> Void) {
        let isFinal = head[0] & Self.finalBit != 0
        let said = head[0] & 0x0F
        let kind: Kind
        if said >= 8 {
            kind = .control
            head.withUnsafeBytes(release)
        } else {
            // Of a message that goes on, what nothing was sent of yet still has to say what it is.
            let opcode = opcode ?? said
            kind = isFinal ? .last : .notLast
            if isFinal {
                // What was held back of the frames before goes with it.
                Self.head(Self.finalBit | opcode, length + UInt64(scrubber.heldCount)).withUnsafeBytes(release)
                self.opcode = nil
            } else {
                self.opcode = opcode
            }
        }
        head.removeAll(keepingCapacity: true)
        frame = Frame(kind: kind, left: length)
        if length == 0 { finish(kind, release) }
    }

    private mutating func pass(
        _ content: UnsafeMutableRawBufferPointer,
        of kind: Kind,
        _ release: (UnsafeRawBufferPointer) -> Void
    ) {
        switch kind {
        case .control: control.scrub(content, release: release)
        case .last: scrubber.scrub(content, release: release)
        case .notLast:
            var piece = piece
            self.piece = []
            scrubber.scrub(content) { piece.append(contentsOf: $0) }
            if !piece.isEmpty {
                Self.head(opcode ?? Self.continuation, UInt64(piece.count)).withUnsafeBytes(release)
                piece.withUnsafeBytes(release)
                opcode = Self.continuation
            }
            piece.removeAll(keepingCapacity: true)
            self.piece = piece
        }
    }

    private mutating func finish(_ kind: Kind, _ release: (UnsafeRawBufferPointer) -> Void) {
        frame = nil
        switch kind {
        case .control: control.finish(release: release)
        case .last: scrubber.finish(release: release)
        case .notLast: break
        }
    }

    /// No bit of an extension, no mask, and a kind of frame that may come here (§5.2, §5.4, §5.5).
    private func isReadable(_ first: UInt8, _ second: UInt8) -> Bool {
        guard first & 0x70 == 0, second & 0x80 == 0 else { return false }
        switch first & 0x0F {
        case Self.continuation: return opcode != nil
        case 1, 2: return opcode == nil
        case 8, 9, 10: return first & Self.finalBit != 0 && second < 126
        default: return false
        }
    }

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

    private static func head(_ first: UInt8, _ length: UInt64) -> [UInt8] {
        switch length {
        case ..<126: [first, UInt8(length)]
        case ..<65_536: [first, 126, UInt8(length >> 8), UInt8(length & 255)]
        default: [first, 127] + (0..<8).reversed().map { UInt8(length >> (UInt64($0) * 8) & 255) }
        }
    }
}

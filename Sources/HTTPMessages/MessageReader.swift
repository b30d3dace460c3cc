// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import NIOCore

/// The first line of a message with its fields.
protocol MessageHead: Sendable {
    /// What a first line says.
    associatedtype Start

    static var place: FieldLines.Place { get }

    static func start(_ line: UnsafeRawBufferPointer) throws(MessageFault) -> Start

    init(_ start: Start, _ lines: FieldLines) throws(MessageFault)
}

/// How the end of a body is seen (RFC 9112 §6.3).
enum BodyFraming {
    case length(Int)
    case chunked
    case endOfConnection
}

/// What comes behind a head.
enum BodyPart {
    /// Never without bytes.
    case piece(ByteBuffer)
    /// With the trailers.
    case end(HTTPFields?)
}

/// Reads one message of HTTP/1.1 after the other from bytes as they come, wherever they are cut.
///
/// A head is read when all of it is there. Of a body nothing is kept: it goes on in the pieces in which it came.
struct MessageReader<Head: MessageHead> {
    private enum State {
        /// Before a head, of which so many bytes have no end of a line that was not looked at.
        case head(lookedAt: Int)
        /// In a body with so many bytes to come.
        case body(Int)
        case chunks(ChunkReader)
        case restOfConnection
        /// No message comes any more.
        case over
    }

    private let limits: MessageLimits
    private var state = State.head(lookedAt: 0)
    private var unread = ByteBuffer()

    init(within limits: MessageLimits) {
        self.limits = limits
    }

    /// Whether bytes came that are not read.
    var holdsBytes: Bool { unread.readableBytes > 0 }

    /// Whether a message has begun that is not whole.
    var isInMessage: Bool {
        switch state {
        case .head: holdsBytes
        case .body, .chunks, .restOfConnection: true
        case .over: false
        }
    }

    mutating func add(_ bytes: ByteBuffer) {
        if case .over = state { return }
        guard holdsBytes else { return unread = bytes }
        unread.discardReadBytes()
        unread.writeImmutableBuffer(bytes)
    }

    /// Takes no more bytes for a message.
    mutating func stop() {
        state = .over
        unread = ByteBuffer()
    }

    /// The next head, and its field lines as they came; nil where it has not come yet.
    mutating func nextHead(skippingBlankLines: Bool) throws(MessageFault) -> (Head, bytes: ByteBuffer)? {
        guard case .head(let lookedAt) = state, holdsBytes else { return nil }
        let read = try unread.read { [limits] bytes throws(MessageFault) in
            try Self.head(in: bytes, lookedAt, skippingBlankLines, limits)
        }
        switch read {
        case .whole(let head, let lines):
            state = .head(lookedAt: 0)
            let start = unread.readerIndex + lines.lowerBound
            let fields = unread.getSlice(at: start, length: lines.count) ?? ByteBuffer()
            unread.moveReaderIndex(forwardBy: lines.upperBound + 2)
            return (head, fields)
        case .more(let lookedAt, let blank):
            unread.moveReaderIndex(forwardBy: blank)
            state = .head(lookedAt: lookedAt - blank)
            return nil
        }
    }

    /// Says what follows the head that was just read.
    mutating func readBody(_ framing: BodyFraming) {
        state =
            switch framing {
            case .length(let length): .body(length)
            case .chunked: .chunks(ChunkReader())
            case .endOfConnection: .restOfConnection
            }
    }

    /// The next part behind a head; nil where it has not come yet, and before a head.
    mutating func nextOfBody() throws(MessageFault) -> BodyPart? {
        switch state {
        case .head, .over: return nil
        case .body(0): return end(nil)
        case .body(let left):
            guard let piece = piece(ofAtMost: left) else { return nil }
            state = .body(left - piece.readableBytes)
            return .piece(piece)
        case .restOfConnection: return piece(ofAtMost: .max).map { .piece($0) }
        case .chunks(var chunks):
            let next = try chunks.next(in: &unread, within: limits)
            state = .chunks(chunks)
            if case .end(let trailers)? = next { return end(trailers) }
            return next
        }
    }

    private mutating func end(_ trailers: HTTPFields?) -> BodyPart {
        state = .head(lookedAt: 0)
        // The bytes of what was read are no longer held.
        if !holdsBytes { unread = ByteBuffer() }
        return .end(trailers)
    }

    private mutating func piece(ofAtMost most: Int) -> ByteBuffer? {
        guard holdsBytes else { return nil }
        return unread.readSlice(length: min(most, unread.readableBytes))
    }

    // MARK: - Heads

    private enum HeadRead {
        case whole(Head, lines: Range<Int>)
        /// `blank` bytes before it are no part of it.
        case more(lookedAt: Int, blank: Int)
    }

    private static func head(
        in bytes: UnsafeRawBufferPointer,
        _ lookedAt: Int,
        _ skipsBlankLines: Bool,
        _ limits: MessageLimits
    ) throws(MessageFault) -> HeadRead {
        var first = 0
        if skipsBlankLines {
            while first + 1 < bytes.count, bytes[first] == 0x0D, bytes[first + 1] == 0x0A { first += 2 }
        }
        // Nothing that begins otherwise ever becomes a message, and nobody should wait for its end.
        if first < bytes.count, !bytes[first].isOfToken,
            !(skipsBlankLines && bytes[first] == 0x0D && first + 1 == bytes.count)
        {
            throw .malformed
        }
        // What is behind the limit is not looked at, whether it is there or not: so every cut shows the same fault.
        let most = first + limits.head + 2
        let bytes = UnsafeRawBufferPointer(rebasing: bytes.prefix(most))
        var next = max(first, lookedAt)
        var start: Head.Start?
        while let end = try Line.end(in: bytes, from: next) {
            if next == first {
                // Nobody should wait for the fields of what is no message.
                start = try Self.start(UnsafeRawBufferPointer(rebasing: bytes[first..<end]), within: limits)
            } else if end == next {
                // An empty line: its CR stands where the line begins.
                return try whole(bytes, first, end, start, limits)
            }
            next = end + 2
        }
        guard bytes.count < most else { throw .tooLarge }
        return .more(lookedAt: next, blank: first)
    }

    private static func start(
        _ line: UnsafeRawBufferPointer,
        within limits: MessageLimits
    ) throws(MessageFault) -> Head.Start {
        guard line.count <= limits.line else { throw .tooLarge }
        return try Head.start(line)
    }

    /// `start` is what the first line says, where that came with the rest.
    private static func whole(
        _ bytes: UnsafeRawBufferPointer,
        _ first: Int,
        _ end: Int,
        _ start: Head.Start?,
        _ limits: MessageLimits
    ) throws(MessageFault) -> HeadRead {
        var lines = UnsafeRawBufferPointer(rebasing: bytes[first..<end])
        guard let line = try Line.next(in: &lines) else { throw .malformed }
        let start = if let start { start } else { try Self.start(line, within: limits) }
        let head = try Head(start, FieldLines(lines, of: Head.place, within: limits))
        return .whole(head, lines: (end - lines.count)..<end)
    }
}

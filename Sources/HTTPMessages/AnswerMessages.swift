// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
package import NIOCore

/// The answers that come over a connection of HTTP/1.1 (RFC 9112), each part by part.
///
/// What says that the answer is still to come (status 1xx, RFC 9110 §15.2) is passed over. What comes where no request was sent
/// is never read: ``holdsBytes`` tells of it.
package struct AnswerMessages {
    package typealias Part = MessagePart<AnswerLines>

    private static let switchingProtocols = 101

    private var reader: MessageReader<ReadAnswer>
    /// The method of the request whose answer comes; nil where none was sent.
    private var method: String?
    private var endsWithConnection = false
    /// Bytes came that no request was sent for.
    private var isExceeded = false

    package init(within limits: MessageLimits) {
        reader = MessageReader(within: limits)
    }

    /// Reads the answer to a request with this method, which says whether it has a body.
    package mutating func expect(answerTo method: String) { self.method = method }

    /// Whether bytes came that belong to no answer so far.
    package var holdsBytes: Bool { isExceeded || reader.holdsBytes }

    package mutating func add(_ bytes: ByteBuffer) {
        if method == nil { isExceeded = true } else { reader.add(bytes) }
    }

    /// The next part; nil where it has not come yet.
    ///
    /// After an answer of status 101 every byte is of its body, which only the connection's end ends.
    package mutating func next() throws(MessageFault) -> Part? {
        guard let method else { return nil }
        do throws(MessageFault) {
            switch try reader.nextOfBody() {
            case .piece(let bytes)?: return .body(bytes)
            case .end(let trailers)?:
                self.method = nil
                return .end(trailers)
            case nil: break
            }
            while let (head, bytes) = try reader.nextHead(skippingBlankLines: false) {
                if (100..<200).contains(head.status), head.status != Self.switchingProtocols { continue }
                let framing = head.framing(answering: method)
                endsWithConnection = if case .endOfConnection = framing { true } else { false }
                reader.readBody(framing)
                let lines = head.lines
                return .head(
                    AnswerLines(
                        status: head.status,
                        block: FieldBlock(bytes: bytes, lines: lines.lines),
                        length: lines.bodyLength,
                        isChunked: lines.isChunked,
                        endsWithConnection: endsWithConnection,
                        mayGoOn: head.mayGoOn && !endsWithConnection
                    )
                )
            }
            return nil
        } catch {
            reader.stop()
            throw error
        }
    }

    /// The last part, when the connection has ended; nil where no answer was under way.
    ///
    /// Throws ``MessageFault/brokenOff`` where an answer is not whole.
    package mutating func finish() throws(MessageFault) -> Part? {
        defer { reader.stop() }
        guard reader.isInMessage, method != nil else { return nil }
        guard endsWithConnection else { throw .brokenOff }
        method = nil
        return .end(nil)
    }
}

/// The head of an answer without its bytes.
private struct ReadAnswer: MessageHead {
    struct Start {
        let status: Int
        let isOld: Bool
    }

    static var place: FieldLines.Place { .answer }

    let status: Int
    let lines: FieldLines
    /// As far as the fields say.
    let mayGoOn: Bool

    /// The reason is for nobody, and is often left out with the space before it (RFC 9112 §4).
    static func start(_ line: UnsafeRawBufferPointer) throws(MessageFault) -> Start {
        guard line.count >= 12, line[8] == UInt8(ascii: " "), line.count == 12 || line[12] == UInt8(ascii: " "),
            line.allSatisfy(\.isOfText)
        else { throw .malformed }
        var status = 0
        for digit in line[9..<12] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { throw .malformed }
            status = status * 10 + Int(digit - UInt8(ascii: "0"))
        }
        guard status >= 100 else { throw .malformed }
        return Start(status: status, isOld: try Version.isOld(UnsafeRawBufferPointer(rebasing: line[..<8])))
    }

    init(_ start: Start, _ lines: FieldLines) throws(MessageFault) {
        status = start.status
        self.lines = lines
        // A coding in an answer of HTTP/1.0 is read, and its connection not trusted any more (RFC 9112 §6.1).
        mayGoOn = !lines.closes && (start.isOld ? lines.keepsAlive && !lines.isChunked : true)
    }

    func framing(answering method: String) -> BodyFraming {
        // What follows it is of another protocol.
        if status == 101 { return .endOfConnection }
        if method == "HEAD" || status < 200 || status == 204 || status == 304 { return .length(0) }
        if lines.isChunked { return .chunked }
        return lines.bodyLength.map { .length($0) } ?? .endOfConnection
    }
}

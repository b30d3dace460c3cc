// SPDX-License-Identifier: Apache-2.0

import HTTPMessages
import HTTPTypes
import NIOCore

/// What `HTTPMessages` reads.
struct OwnReading: Equatable {
    private(set) var messages: [ReadMessage] = []
    private(set) var fault: MessageFault?
    /// Whether a target said more than it was asked for.
    private(set) var isExceeded = false

    /// Of the size of a chunk with its extensions, and of a line's end.
    private static let mostHeldBeside = 1_024 + 2

    init(of bytes: [UInt8], answering methods: [String]?, cut sizes: [Int], within limits: MessageLimits) {
        do throws(MessageFault) {
            if let methods {
                try readAnswers(bytes, methods, sizes, limits)
            } else {
                try readRequests(bytes, sizes, limits)
            }
        } catch {
            fault = error
        }
    }

    private mutating func readRequests(
        _ bytes: [UInt8],
        _ sizes: [Int],
        _ limits: MessageLimits
    ) throws(MessageFault) {
        var requests = RequestMessages(within: limits)
        do throws(MessageFault) {
            for piece in Self.pieces(of: bytes, sizes) {
                requests.add(piece)
                while let part = try requests.next() { add(part) }
                Self.check(requests, holdingOf: piece, limits)
            }
        } catch {
            requests.add(ByteBuffer(string: "GET / HTTP/1.0\r\n\r\n"))
            precondition((try? requests.next()) == nil)
            throw error
        }
    }

    private mutating func readAnswers(
        _ bytes: [UInt8],
        _ methods: [String],
        _ sizes: [Int],
        _ limits: MessageLimits
    ) throws(MessageFault) {
        var answers = AnswerMessages(within: limits)
        var methods = methods[...]
        if let method = methods.popFirst() { answers.expect(answerTo: method) }
        do throws(MessageFault) {
            for piece in Self.pieces(of: bytes, sizes) {
                answers.add(piece)
                while let part = try answers.next() {
                    add(part)
                    if case .end = part, let method = methods.popFirst() { answers.expect(answerTo: method) }
                }
                Self.check(answers, holdingOf: piece, limits)
            }
            isExceeded = answers.holdsBytes && methods.isEmpty && messages.last?.trailers != nil
            if let part = try answers.finish() { add(part) }
        } catch {
            answers.add(ByteBuffer(string: "HTTP/1.1 204\r\n\r\n"))
            precondition((try? answers.next()) == nil && (try? answers.finish()) == nil)
            throw error
        }
    }

    private mutating func add(_ part: RequestMessages.Part) {
        switch part {
        case .head(let lines):
            let host = lines.host.map { [ReadField("host", $0)] } ?? []
            messages.append(
                ReadMessage(
                    [lines.method.rawValue, lines.target],
                    host + Self.fields(lines.fields),
                    goesOn: !lines.isLast
                )
            )
        case .body(let bytes): ReadMessage.add(bytes.readableBytesView, to: &messages)
        case .end(let trailers): ReadMessage.end(&messages, with: trailers.map(Self.fields) ?? [])
        }
    }

    private mutating func add(_ part: AnswerMessages.Part) {
        switch part {
        case .head(let lines):
            messages.append(ReadMessage(["\(lines.status)"], Self.fields(lines.fields), goesOn: lines.mayGoOn))
        case .body(let bytes): ReadMessage.add(bytes.readableBytesView, to: &messages)
        case .end(let trailers): ReadMessage.end(&messages, with: trailers.map(Self.fields) ?? [])
        }
    }

    /// Nothing more is held than a head, or what frames a body, that is not whole, and what a target said unasked at once.
    private static func check(_ reader: Any, holdingOf piece: ByteBuffer, _ limits: MessageLimits) {
        // Too slow for each of single bytes.
        guard piece.readableBytes > 1 else { return }
        guard let unread = Mirror(reflecting: reader).descendant("reader", "unread") as? ByteBuffer else {
            preconditionFailure("nothing is read from there")
        }
        precondition(unread.readableBytes <= max(limits.head, mostHeldBeside) + 2 + piece.readableBytes)
    }

    private static func fields(_ fields: some Sequence<HTTPField>) -> [ReadField] {
        fields.map { ReadField($0.name.rawName, $0.value) }
    }

    private static func pieces(of bytes: [UInt8], _ sizes: [Int]) -> [ByteBuffer] {
        var rest = bytes[...]
        var pieces: [ByteBuffer] = []
        while !rest.isEmpty {
            let size = sizes[pieces.count % sizes.count]
            pieces.append(ByteBuffer(bytes: rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        return pieces
    }
}

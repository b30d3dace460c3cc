// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import Testing

@testable import HTTPMessages

/// What is read of some bytes, in one line: heads with their fields, bodies joined, a period at the end of each message.
struct Reading: Equatable {
    private(set) var text = ""
    private(set) var fault: MessageFault?

    static let limits = MessageLimits(line: 200, head: 400, fields: 10)

    /// Of requests, in which each scalar is a byte.
    static func requests(_ text: String, within limits: MessageLimits = limits) -> Reading {
        everyCut(of: text) { pieces in
            var reading = Reading()
            reading.readRequests(pieces, limits)
            return reading
        }
    }

    /// Of answers to requests with these methods, after which the connection ends.
    static func answers(to methods: String..., of text: String, within limits: MessageLimits = limits) -> Reading {
        everyCut(of: text) { pieces in
            var reading = Reading()
            reading.readAnswers(pieces, methods[...], limits)
            return reading
        }
    }

    /// The same of the whole, of two pieces, wherever it is cut, and of single bytes.
    private static func everyCut(of text: String, _ read: ([ArraySlice<UInt8>]) -> Reading) -> Reading {
        let bytes = bytes(text)
        let whole = read([bytes])
        for cut in bytes.indices { #expect(read([bytes[..<cut], bytes[cut...]]) == whole, "cut at \(cut)") }
        #expect(read(bytes.indices.map { bytes[$0...$0] }) == whole)
        return whole
    }

    static func bytes(_ text: String) -> ArraySlice<UInt8> { text.unicodeScalars.map { UInt8($0.value) }[...] }

    private mutating func readRequests(_ pieces: [ArraySlice<UInt8>], _ limits: MessageLimits) {
        var requests = RequestMessages(within: limits)
        do throws(MessageFault) {
            for piece in pieces {
                requests.add(ByteBuffer(bytes: piece))
                while let part = try requests.next() { add(part) }
            }
        } catch {
            fault = error
        }
    }

    private mutating func readAnswers(
        _ pieces: [ArraySlice<UInt8>],
        _ methods: ArraySlice<String>,
        _ limits: MessageLimits
    ) {
        var answers = AnswerMessages(within: limits)
        var methods = methods
        if let method = methods.popFirst() { answers.expect(answerTo: method) }
        do throws(MessageFault) {
            for piece in pieces {
                answers.add(ByteBuffer(bytes: piece))
                while let part = try answers.next() {
                    add(part)
                    if case .end = part, let method = methods.popFirst() { answers.expect(answerTo: method) }
                }
            }
            if answers.holdsBytes { text += "more " }
            if let part = try answers.finish() { add(part) }
        } catch {
            fault = error
        }
    }

    private mutating func add(_ part: RequestMessages.Part) {
        switch part {
        case .head(let head): text += "\(head.method) \(head.target) \(head.host ?? "-") \(list(head.fields)) "
        case .body(let bytes): text += String(buffer: bytes)
        case .end(let trailers): text += trailers.map { " \(list($0))" } ?? ""; text += ". "
        }
    }

    /// A plus is for a connection that may go on.
    private mutating func add(_ part: AnswerMessages.Part) {
        switch part {
        case .head(let head): text += "\(head.status)\(head.mayGoOn ? "+" : "") \(list(head.fields)) "
        case .body(let bytes): text += String(buffer: bytes)
        case .end(let trailers): text += trailers.map { " \(list($0))" } ?? ""; text += ". "
        }
    }

    private func list(_ fields: some Sequence<HTTPField>) -> String {
        "[\(fields.map(\.description).joined(separator: ", "))]"
    }
}

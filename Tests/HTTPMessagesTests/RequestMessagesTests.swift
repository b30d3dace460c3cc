// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import Testing

@testable import HTTPMessages

/// Requests of a connection: what is one, and what of it is never read in two ways.
struct RequestMessagesTests {
    @Test func aRequestIsReadWhereverItIsCut() throws {
        let text =
            "\r\nPOST /a?b=c HTTP/1.1\r\nHost: target\r\nContent-Length: 4\r\nX-A:\t b \r\n\r\nbodyGET / HTTP/1.0\r\n\r\n"
        for cut in 0...text.utf8.count {
            var requests = RequestMessages(within: Self.limits)
            var read: [String] = []
            for piece in [text.utf8.prefix(cut), text.utf8.dropFirst(cut)] {
                requests.add(ByteBuffer(bytes: piece))
                while let part = try requests.next() { read.append(Self.text(of: part)) }
            }
            #expect(read.joined() == "POST /a?b=c target [Content-Length: 4, X-A: b] body. GET / - [] . ")
        }
    }

    private static let limits = MessageLimits(line: 200, head: 400, fields: 10)

    private static func text(of part: RequestMessages.Part) -> String {
        switch part {
        case .head(let head):
            "\(head.method) \(head.target) \(head.host ?? "-") [\(head.fields.map(\.description).joined(separator: ", "))] "
        case .body(let bytes): String(buffer: bytes)
        case .end(let trailers): trailers.map { "\($0)" } ?? ". "
        }
    }
}

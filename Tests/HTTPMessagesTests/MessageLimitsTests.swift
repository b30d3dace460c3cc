// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import HTTPMessages

/// What stands around a body is as large as it may be, and no larger.
struct MessageLimitsTests {
    private static let limits = MessageLimits(line: 60, head: 100, fields: 3)

    enum Part: CaseIterable {
        case startLine
        case fieldLine
        case head
        case headBehindBlankLines
        case fields
        case chunkSize
        case trailerLine
        case trailers
        case trailerFields

        var most: Int {
            switch self {
            case .startLine, .fieldLine, .trailerLine: 60
            case .head, .headBehindBlankLines, .trailers: 100
            case .fields, .trailerFields: 3
            case .chunkSize: 1_024
            }
        }

        /// A request in which this part is so large.
        func request(_ size: Int) -> String {
            func filled(_ start: String, _ end: String = "", upTo size: Int) -> String {
                start + String(repeating: "x", count: size - start.utf8.count - end.utf8.count) + end
            }
            let head = "PUT / HTTP/1.1\r\nHost: a\r\n"
            let chunked = "\(head)Transfer-Encoding: chunked\r\n\r\n"
            let lines = (0..<size).map { _ in "A: b\r\n" }
            return switch self {
            case .startLine: filled("PUT /", " HTTP/1.1", upTo: size) + "\r\nHost: a\r\n\r\n"
            case .fieldLine: head + filled("X: ", upTo: size) + "\r\n\r\n"
            // The line end of its last line is not counted.
            case .head: filled("\(head)X: 0123456789\r\nX: ", "\r\n", upTo: size) + "\r\n"
            case .headBehindBlankLines: "\r\n\r\n" + filled("\(head)X: 0123456789\r\nX: ", "\r\n", upTo: size) + "\r\n"
            case .fields: "\(head)\(lines.joined())\r\n"
            case .chunkSize: chunked + filled("2;", upTo: size) + "\r\nok\r\n0\r\n\r\n"
            case .trailerLine: "\(chunked)0\r\n" + filled("X: ", upTo: size) + "\r\n\r\n"
            case .trailers:
                "\(chunked)0\r\n" + filled("X: \(String(repeating: "y", count: 50))\r\nX: ", "\r\n", upTo: size)
                    + "\r\n"
            case .trailerFields: "\(chunked)0\r\n\(lines.joined())\r\n"
            }
        }
    }

    @Test(arguments: Part.allCases)
    func aPartIsAsLargeAsItMayBeAndNoLarger(part: Part) {
        let largest = Reading.requests(part.request(part.most), within: Self.limits)
        #expect(largest.fault == nil)
        #expect(largest.text.hasSuffix(". "))
        #expect(Reading.requests(part.request(part.most + 1), within: Self.limits).fault == .tooLarge)
    }

    @Test(arguments: [
        (String(repeating: "G", count: 102), MessageFault.tooLarge),
        ("GET / HTTP/1.1\r\n\(String(repeating: "x", count: 86))", .tooLarge),
        // The first line says enough.
        ("GET / HTTP/3.1\r\n\(String(repeating: "x", count: 200))\n", .malformed),
        ("GET / HTTP/1.1\r\n\(String(repeating: "x", count: 200))\n", .tooLarge),
    ])
    func whatIsTooLargeIsRefusedBeforeItsEnd(bytes: String, fault: MessageFault) {
        #expect(Reading.requests(bytes, within: Self.limits).fault == fault)
    }
}

// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import HTTPMessages

/// Requests of a connection: what is one, and what of it is never read in two ways.
struct RequestMessagesTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n"
    private static let post = "POST / HTTP/1.1\r\nHost: a\r\n"
    private static let chunked = "\(post)Transfer-Encoding: chunked\r\n\r\n"

    @Test(arguments: [
        (
            "\r\nPOST /a?b=c HTTP/1.1\r\nHost: target\r\nContent-Length: 4\r\nX-A:\t b \r\n\r\nbodyGET / HTTP/1.0\r\n\r\n",
            "POST /a?b=c target [Content-Length: 4, X-A: b] body. GET / - [] . "
        ),
        (
            "\(chunked)5\r\nhello\r\n00a;b=\"c;d\"\r\n0123456789\r\n0;last\r\nX-Sum: 15\r\nHost: b\r\n\r\n\(get)\r\n",
            "POST / a [Transfer-Encoding: chunked] hello0123456789 [X-Sum: 15, Host: b]. GET / a [] . "
        ),
        (
            "\(post)Content-Length: 0\r\n\r\n\r\n\r\n\(chunked)0\r\n\r\n\(post)Content-Length: 003\r\n\r\nend",
            "POST / a [Content-Length: 0] . POST / a [Transfer-Encoding: chunked] . POST / a [Content-Length: 003] end. "
        ),
        (
            "OPTIONS * HTTP/1.1\r\nHost:\r\n\r\nGET http://b/c HTTP/1.1\r\nhost: a\r\nX-Empty:\r\n\r\nM-X! x HTTP/1.1\r\nHost: a\r\n\r\n",
            "OPTIONS *  [] . GET http://b/c a [X-Empty: ] . M-X! x a [] . "
        ),
    ])
    func requestsAreReadWhereverTheyAreCut(requests: String, read: String) {
        let reading = Reading.requests(requests)
        #expect(reading.text == read)
        #expect(reading.fault == nil)
    }

    /// What a recipient may refuse, and the nearest that is right.
    @Test(
        arguments: [
            // Lines.
            ("GET / HTTP/1.1\nHost: a\r\n\r\n", .malformed, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
            ("\(get)X: b\nY: c\r\n\r\n", .malformed, "\(get)X: b\r\nY: c\r\n\r\n"),
            ("\(get)\n", .malformed, "\(get)\r\n"),
            ("\n\(get)\r\n", .malformed, "\r\n\(get)\r\n"),
            ("\r\(get)\r\n", .malformed, "\r\n\r\n\(get)\r\n"),
            ("\(get)X: b\rY: c\r\n\r\n", .malformed, "\(get)X: b, Y: c\r\n\r\n"),
            ("\(get)X: b\r\r\n\r\n", .malformed, "\(get)X: b\r\n\r\n"),
            ("\(get)X: b\r\n c\r\n\r\n", .malformed, "\(get)X: b\r\nc:\r\n\r\n"),
            ("\(get)X: b\r\n\tc: d\r\n\r\n", .malformed, "\(get)X: b\r\nc: d\r\n\r\n"),
            ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", .malformed, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
            ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", .malformed, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
            ("\(get)X\r\n\r\n", .malformed, "\(get)X:\r\n\r\n"),
            ("\(get): x\r\n\r\n", .malformed, "\(get)x: \r\n\r\n"),
            // Characters.
            ("\(get)X(: b\r\n\r\n", .malformed, "\(get)X|~`'*: b\r\n\r\n"),
            ("\(get)X\u{E9}: b\r\n\r\n", .malformed, "\(get)X: \u{E9}\r\n\r\n"),
            ("\(get)X: b\0c\r\n\r\n", .malformed, "\(get)X: b\u{80}c\u{FF}\r\n\r\n"),
            ("\(get)X: b\u{7F}\r\n\r\n", .malformed, "\(get)X: b~\r\n\r\n"),
            ("\(get)X: b\u{B}c\r\n\r\n", .malformed, "\(get)X: b\t\tc\r\n\r\n"),
            ("GET /\t HTTP/1.1\r\nHost: a\r\n\r\n", .malformed, "GET /\u{E9} HTTP/1.1\r\nHost: a\r\n\r\n"),
            ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", .malformed, "GET /a%20b HTTP/1.1\r\nHost: a\r\n\r\n"),
            ("GET /\u{7F} HTTP/1.1\r\nHost: a\r\n\r\n", .malformed, "GET /~ HTTP/1.1\r\nHost: a\r\n\r\n"),
            ("\(chunked)2;a=\u{1}\r\nok\r\n0\r\n\r\n", .malformed, "\(chunked)2;a=\u{E9}\t\r\nok\r\n0\r\n\r\n"),
            // Request lines.
            ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", .malformed, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
            ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", .malformed, "GET / HTTP/1.0\r\nHost: a\r\n\r\n"),
            ("GET / http/1.1\r\nHost: a\r\n\r\n", .malformed, "get / HTTP/1.1\r\nHost: a\r\n\r\n"),
            ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .malformed, "GET / HTTP/1.1\r\nHost: a \r\n\r\n"),
            ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .malformed, "GET / HTTP/1.1\r\nHost:  a\r\n\r\n"),
            ("GET  HTTP/1.1\r\nHost: a\r\n\r\n", .malformed, "GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
            ("GET /\r\nHost: a\r\n\r\n", .malformed, "GET / HTTP/1.0\r\n\r\n"),
            ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", .malformed, "G#T / HTTP/1.1\r\nHost: a\r\n\r\n"),
            // Framing.
            ("GET / HTTP/1.1\r\n\r\n", .host, "GET / HTTP/1.0\r\n\r\n"),
            ("\(get)Host: a\r\n\r\n", .host, "\(get)Hosts: a\r\n\r\n"),
            ("GET / HTTP/1.0\r\nHost: a\r\nhOST: b\r\n\r\n", .host, "GET / HTTP/1.0\r\nhOST: b\r\n\r\n"),
            ("\(post)Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", .length, "\(post)Content-Length: 2\r\n\r\nok"),
            ("\(post)Content-Length: 2, 2\r\n\r\nok", .length, "\(post)Content-Length: 2\r\n\r\nok"),
            ("\(post)Content-Length: +2\r\n\r\nok", .length, "\(post)Content-Length: 02\r\n\r\nok"),
            ("\(post)Content-Length: -0\r\n\r\n", .length, "\(post)Content-Length: 0\r\n\r\n"),
            ("\(post)Content-Length: 0x2\r\n\r\nok", .length, "\(post)Content-Length: \t2 \r\n\r\nok"),
            ("\(post)Content-Length: 2 2\r\n\r\nok", .length, "\(post)Content-Length: 2\r\n\r\nok"),
            ("\(post)Content-Length:\r\n\r\n", .length, "\(post)\r\n"),
            ("\(post)Content-Length: \u{EF}\u{BC}\u{92}\r\n\r\nok", .length, "\(post)Content-Length: 2\r\n\r\nok"),
            (
                "\(post)Content-Length: 0000000000000000002\r\n\r\nok", .length,
                "\(post)Content-Length: 000000000000000002\r\n\r\nok"
            ),
            ("\(post)Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", .length, "\(chunked)0\r\n\r\n"),
            ("\(post)Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", .length, "\(chunked)0\r\n\r\n"),
            (
                "\(post)Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", .transferCoding,
                "\(post)Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n"
            ),
            ("\(post)Transfer-Encoding: gzip\r\n\r\n", .transferCoding, "\(post)Content-Encoding: gzip\r\n\r\n"),
            ("\(post)Transfer-Encoding: identity\r\n\r\n", .transferCoding, "\(post)\r\n"),
            ("\(post)Transfer-Encoding:\r\n\r\n", .transferCoding, "\(post)\r\n"),
            ("\(post)Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n", .transferCoding, "\(chunked)0\r\n\r\n"),
            ("\(post)Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n", .transferCoding, "\(chunked)0;a=b\r\n\r\n"),
            ("\(post)Transfer-Encoding: \u{B}chunked\r\n\r\n0\r\n\r\n", .malformed, "\(chunked)0\r\n\r\n"),
            // Whose lower case is a k.
            (
                "\(post)Transfer-Encoding: chun\u{E2}\u{84}\u{AA}ed\r\n\r\n0\r\n\r\n", .transferCoding,
                "\(post)Transfer-Encoding:\t chunKed\t\r\n\r\n0\r\n\r\n"
            ),
            (
                "\(post)Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", .transferCoding,
                "\(chunked)0\r\n\r\n"
            ),
            (
                "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", .transferCoding,
                "POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n"
            ),
            // Chunks.
            (
                "\(chunked)0000000000000002\r\nok\r\n0\r\n\r\n", .malformed,
                "\(chunked)000000000000002\r\nok\r\n0\r\n\r\n"
            ),
            ("\(chunked) 2\r\nok\r\n0\r\n\r\n", .malformed, "\(chunked)2\r\nok\r\n0\r\n\r\n"),
            ("\(chunked)2 \r\nok\r\n0\r\n\r\n", .malformed, "\(chunked)2; \r\nok\r\n0\r\n\r\n"),
            ("\(chunked)0x2\r\nok\r\n0\r\n\r\n", .malformed, "\(chunked)02\r\nok\r\n0\r\n\r\n"),
            ("\(chunked)\r\nok\r\n0\r\n\r\n", .malformed, "\(chunked)2\r\nok\r\n0\r\n\r\n"),
            ("\(chunked)2\nok\r\n0\r\n\r\n", .malformed, "\(chunked)2\r\nok\r\n0\r\n\r\n"),
            ("\(chunked)2\rok\r\n0\r\n\r\n", .malformed, "\(chunked)2\r\nok\r\n0\r\n\r\n"),
            ("\(chunked)2\r\nok0\r\n\r\n", .malformed, "\(chunked)2\r\nok\r\n0\r\n\r\n"),
            ("\(chunked)2\r\nok\n0\r\n\r\n", .malformed, "\(chunked)2\r\nok\r\n0\r\n\r\n"),
            ("\(chunked)0\r\nX: b\n\r\n", .malformed, "\(chunked)0\r\nX: b\r\n\r\n"),
            ("\(chunked)0\r\nX: b\r\n c\r\n\r\n", .malformed, "\(chunked)0\r\nX: b\r\nContent-Length: 7\r\n\r\n"),
        ] as [(String, MessageFault, String)]
    )
    func whatCanBeReadInTwoWaysIsRefused(refused: String, fault: MessageFault, accepted: String) {
        #expect(Reading.requests(refused).fault == fault)
        let reading = Reading.requests(accepted)
        #expect(reading.fault == nil)
        #expect(reading.text.hasSuffix(". "))
    }

    /// The last byte of each is the first that shows it.
    @Test(arguments: [
        "\u{16}", "\n", " ", "\rG", "\r\n\r\n:", "SSH-2.0-x\r\n", "GET / HTTP/1.1\n", "PRI * HTTP/2.0\r\n",
        "\(get)X: b\n",
        "\(chunked)n", "\(chunked)5 ", "\(chunked);", "\(chunked)\r", "\(chunked)0000000000000000",
        "\(chunked)1\r\nab\r",
        "\(chunked)0\r\n\n",
    ])
    func whatCannotBecomeARequestIsRefusedWhenItIsSeen(bytes: String) {
        #expect(Reading.requests(bytes).fault == .malformed)
        #expect(Reading.requests(String(String.UnicodeScalarView(bytes.unicodeScalars.dropLast()))).fault == nil)
    }

    @Test(arguments: [
        ("\(get)Connection: close\r\n\r\n", false), ("\(get)Connection: x,\tClose \r\n\r\n", false),
        ("\(get)Connection: keep-alive\r\nConnection: close\r\n\r\n", false), ("\(get)Upgrade: x\r\n\r\n", false),
        ("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", false), ("GET / HTTP/1.0\r\n\r\n", false),
        ("GET / HTTP/1.0\r\nConnection: close, keep-alive\r\n\r\n", false),
        ("GET / HTTP/1.0\r\nConnection: x keep-alive\r\n\r\n", false),
        ("GET / HTTP/1.0\r\nConnection: \u{E2}\u{84}\u{AA}eep-alive\r\n\r\n", false),
        ("\(chunked.dropLast())Connection: close\r\n\r\n2\r\nok\r\n0\r\n\r\n", false),
        ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true), ("\(get)Connection: closed\r\n\r\n", true),
        ("GET / HTTP/1.0\r\nConnection: x , keep-alive\r\n\r\n", true), ("\(get)Connection: upgrade\r\n\r\n", true),
    ])
    func nothingIsReadBehindTheLastRequest(request: String, goesOn: Bool) {
        for next in ["\(Self.get)\r\n", "\u{16}\u{3}\u{1}"] {
            let reading = Reading.requests(request + next)
            #expect(reading.text.count { $0 == "." } == (goesOn && next.count > 3 ? 2 : 1))
            #expect(reading.fault == (goesOn && next.count == 3 ? .malformed : nil))
        }
    }

    @Test func nothingIsReadBehindAFault() throws {
        var requests = RequestMessages(within: Reading.limits)
        requests.add(ByteBuffer(string: "\(Self.get)\r\n\(Self.get) \r\n\r\n\(Self.get)\r\n"))
        #expect(try requests.next() != nil)
        #expect(try requests.next() != nil)
        #expect(throws: MessageFault.malformed) { try requests.next() }
        requests.add(ByteBuffer(string: "\(Self.get)\r\n"))
        #expect(try requests.next() == nil)
    }

    @Test(arguments: [
        ("HOST: a\r\ncontent-LENGTH: 2\r\n\r\nok", "a [content-LENGTH: 2] ok. "),
        ("hOsT: a\r\nTRANSFER-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "a [TRANSFER-encoding: chunked] ok. "),
        ("host: a\r\nCONNECTION: close\r\n\r\nbehind", "a [CONNECTION: close] . "),
        ("Host: a\r\nuPGRADE: b\r\n\r\nbehind", "a [uPGRADE: b] . "),
    ])
    func namesMeanTheSameInAnyCase(lines: String, read: String) {
        let reading = Reading.requests("POST / HTTP/1.1\r\n\(lines)")
        #expect(reading.text == "POST / \(read)")
        #expect(reading.fault == nil)
    }

    @Test(arguments: [
        ("HTTP/1.1", "100-continue", true), ("HTTP/1.1", "100-Continue", true), ("HTTP/1.1", "100", false),
        ("HTTP/1.1", "100-continue, x", false), ("HTTP/1.0", "100-continue", false),
    ])
    func aClientMayWaitUntilItIsToldToSendItsBody(version: String, expectation: String, waits: Bool) throws {
        for name in ["Expect", "EXPECT"] {
            var requests = RequestMessages(within: Reading.limits)
            let lines = "Host: a\r\n\(name): \(expectation)\r\nContent-Length: 2"
            requests.add(ByteBuffer(string: "POST / \(version)\r\n\(lines)\r\n\r\n"))
            guard case .head(let head)? = try requests.next() else { throw MessageFault.brokenOff }
            #expect(head.waitsWithBody == waits)
            #expect(head.length == 2)
            #expect(try requests.next() == nil)
        }
    }

    @Test func aValueIsWhatItsBytesAre() throws {
        let reading = Reading.requests("\(Self.get)X: \u{C3}\u{A9} \u{E2}\u{84}\u{AA}\r\n\r\n")
        #expect(reading.text.utf8.elementsEqual("GET / a [X: é \u{212A}] . ".utf8))
    }
}

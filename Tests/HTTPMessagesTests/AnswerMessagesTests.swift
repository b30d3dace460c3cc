// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import HTTPMessages

/// Answers of a connection: what is one, where it ends, and whether another can follow it.
struct AnswerMessagesTests {
    private static let ok = "HTTP/1.1 200 OK\r\n"
    private static let chunked = "\(ok)Transfer-Encoding: chunked\r\n\r\n"

    @Test(arguments: [
        ("\(ok)Content-Length: 2\r\n\r\nok", "200+ [Content-Length: 2] ok. "),
        ("\(ok)content-LENGTH: 0\r\n\r\n", "200+ [content-LENGTH: 0] . "),
        ("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "200+ [Content-Length: 0] . "),
        ("HTTP/1.1 999 \u{E9} \t!\r\nContent-Length: 0\r\n\r\n", "999+ [Content-Length: 0] . "),
        ("\(chunked)2;a=b\r\nok\r\n0\r\nX-Sum: 2\r\n\r\n", "200+ [Transfer-Encoding: chunked] ok [X-Sum: 2]. "),
        ("\(ok)Host: a\r\nHost: b\r\nContent-Length: 0\r\n\r\n", "200+ [Host: a, Host: b, Content-Length: 0] . "),
        // Until the end of the connection.
        ("\(ok)\r\nuntil the end", "200 [] until the end. "),
        ("\(ok)\r\n", "200 [] . "),
        // What has no body whatever its fields say.
        ("HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", "204+ [Content-Length: 2] . "),
        (
            "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", "304+ [Transfer-Encoding: chunked] . "
        ),
        // What says that the answer is still to come.
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103\r\nLink: a\r\nContent-Length: 9\r\n\r\n\(ok)Content-Length: 0\r\n\r\n",
            "200+ [Content-Length: 0] . "
        ),
        // Another protocol.
        (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\nContent-Length: 0\r\n\r\n\u{1}\(ok)\r\n",
            "101 [Upgrade: a, Content-Length: 0] \u{1}\(ok)\r\n. "
        ),
        // Whether the connection can be used again.
        ("\(ok)Connection: close\r\nContent-Length: 0\r\n\r\n", "200 [Connection: close, Content-Length: 0] . "),
        ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "200 [Content-Length: 0] . "),
        (
            "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n",
            "200+ [Connection: Keep-Alive, Content-Length: 0] . "
        ),
        (
            "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            "200 [Connection: keep-alive, Transfer-Encoding: chunked] ok. "
        ),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nend", "200 [Connection: keep-alive] end. "),
    ])
    func anAnswerIsReadWhereverItIsCut(answer: String, read: String) {
        let reading = Reading.answers(to: "GET", of: answer)
        #expect(reading.text == read)
        #expect(reading.fault == nil)
    }

    @Test(arguments: ["Content-Length: 7", "Transfer-Encoding: chunked", "X: y", "Content-Length: 0"])
    func anAnswerToHeadHasNoBodyWhateverItsFieldsSay(field: String) {
        let reading = Reading.answers(
            to: "HEAD",
            "GET",
            of: "\(Self.ok)\(field)\r\n\r\n\(Self.ok)Content-Length: 2\r\n\r\nok"
        )
        #expect(reading.text == "200+ [\(field)] . 200+ [Content-Length: 2] ok. ")
        #expect(reading.fault == nil)
    }

    @Test(
        arguments: [
            ("\(ok)Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", .length),
            ("\(ok)Content-Length: 2, 2\r\n\r\nok", .length), ("\(ok)Content-Length: +2\r\n\r\nok", .length),
            ("\(ok)Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", .length),
            ("\(ok)Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n", .length),
            ("\(ok)Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", .transferCoding),
            ("\(ok)Transfer-Encoding: gzip\r\n\r\n", .transferCoding),
            ("\(ok)Transfer-Encoding: chun\u{E2}\u{84}\u{AA}ed\r\n\r\n0\r\n\r\n", .transferCoding),
            ("HTTP/1.0 200\r\nTransfer-Encoding: identity\r\n\r\n", .transferCoding),
            ("HTTP/1.1 204\r\nContent-Length: x\r\n\r\n", .length),
            ("HTTP/1.1 100\r\nContent-Length: x\r\n\r\n\(ok)Content-Length: 0\r\n\r\n", .length),
            ("\(chunked)2\r\nokay", .malformed), ("\(chunked)nonsense", .malformed),
            ("\(ok)X: a\r\n b\r\n\r\n", .malformed), ("\(ok)X: a\nY: b\r\n\r\n", .malformed),
            ("\(ok)X : a\r\n\r\n", .malformed), ("\(ok)X: \0\r\n\r\n", .malformed),
            ("HTTP/1.1 200 a\u{1}\r\n\r\n", .malformed), ("HTTP/1.1 20\r\n\r\n", .malformed),
            ("HTTP/1.1 2000\r\n\r\n", .malformed), ("HTTP/1.1 099\r\n\r\n", .malformed),
            ("HTTP/1.1 2x0\r\n\r\n", .malformed), ("HTTP/1.1  200\r\n\r\n", .malformed),
            ("HTTP/1.1 200\tOK\r\n\r\n", .malformed), ("HTTP/2.0 200\r\n\r\n", .malformed),
            ("ICY 200 OK\r\n", .malformed), ("\r\n\(ok)\r\n", .malformed), ("\u{16}", .malformed),
        ] as [(String, MessageFault)]
    )
    func whatCanBeReadInTwoWaysIsRefused(answer: String, fault: MessageFault) {
        #expect(Reading.answers(to: "GET", of: answer).fault == fault)
    }

    @Test(
        arguments: [
            ("", "", nil), ("HTTP/1.1 100\r\n\r\n", "", nil),
            ("\(ok)Content-Length: 0\r\n\r\n", "200+ [Content-Length: 0] . ", nil),
            ("H", "more ", .brokenOff), ("\(ok)X: a\r\n", "more ", .brokenOff),
            ("\(ok)Content-Length: 2\r\n\r\n", "200+ [Content-Length: 2] ", .brokenOff),
            ("\(ok)Content-Length: 2\r\n\r\no", "200+ [Content-Length: 2] o", .brokenOff),
            (chunked, "200+ [Transfer-Encoding: chunked] ", .brokenOff),
            ("\(chunked)2\r\n", "200+ [Transfer-Encoding: chunked] ", .brokenOff),
            ("\(chunked)2\r\nok", "200+ [Transfer-Encoding: chunked] ok", .brokenOff),
            ("\(chunked)2\r\nok\r\n", "200+ [Transfer-Encoding: chunked] ok", .brokenOff),
            ("\(chunked)2\r\nok\r\n0\r\n", "200+ [Transfer-Encoding: chunked] ok", .brokenOff),
            ("HTTP/1.1 101\r\n\r\n", "101 [] . ", nil), ("nonsense\r\n", "", .malformed),
        ] as [(String, String, MessageFault?)]
    )
    func anAnswerIsWholeWhereTheConnectionEndsOrIsBrokenOff(answer: String, read: String, fault: MessageFault?) {
        let reading = Reading.answers(to: "GET", of: answer)
        #expect(reading.text == read)
        #expect(reading.fault == fault)
    }

    @Test(arguments: ["\r\n", "H", "\(ok)Content-Length: 6\r\n\r\npoison", "\0"])
    func whatComesBehindAnAnswerBelongsToNone(more: String) {
        let reading = Reading.answers(to: "GET", of: "\(Self.ok)Content-Length: 2\r\n\r\nok\(more)")
        #expect(reading.text == "200+ [Content-Length: 2] ok. more ")
        #expect(reading.fault == nil)
    }

    @Test func bytesThatNoRequestWasSentForAreNeverRead() throws {
        var answers = AnswerMessages(within: Reading.limits)
        #expect(!answers.holdsBytes)
        answers.add(ByteBuffer(string: "\(Self.ok)Content-Length: 6\r\n\r\npoison"))
        #expect(answers.holdsBytes)
        #expect(try answers.next() == nil)
        answers.expect(answerTo: "GET")
        #expect(try answers.next() == nil)
        answers.add(ByteBuffer(string: "\(Self.ok)Content-Length: 2\r\n\r\nok"))
        guard case .head? = try answers.next(), case .body(let body)? = try answers.next() else {
            throw MessageFault.brokenOff
        }
        #expect(String(buffer: body) == "ok")
        #expect(answers.holdsBytes)
    }

    @Test func nothingIsReadBehindAFault() throws {
        var answers = AnswerMessages(within: Reading.limits)
        answers.expect(answerTo: "GET")
        answers.add(ByteBuffer(string: "nonsense\r\n"))
        #expect(throws: MessageFault.malformed) { try answers.next() }
        answers.add(ByteBuffer(string: "\(Self.ok)Content-Length: 0\r\n\r\n"))
        #expect(try answers.next() == nil)
        #expect(try answers.finish() == nil)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import VaultModel

@testable import MailDelivery

struct MailDialogueTests {
    private static let password = SharedSecret(copying: Array("a password".utf8))

    private func dialogue(_ url: String, password: SharedSecret? = nil) throws -> MailDialogue {
        let sender = try #require(EmailAddress("attache@example.org"))
        let recipient = try #require(EmailAddress("grace@example.org"))
        let server = try #require(MailServer(url: url, sender: sender))
        let message = MailMessage(to: recipient, subject: "s", text: "t\n", date: Timestamp(milliseconds: 0))
        return MailDialogue(server, message, password: password)
    }

    private func line(_ text: String) -> MailDialogue.Action { .send(Array("\(text)\r\n".utf8)) }

    private func reply(_ code: Int, _ lines: String...) -> MailReply { MailReply(code: code, lines: lines) }

    @Test func aMailIsHandedOverUnderSTARTTLSWithALogin() throws {
        var dialogue = try dialogue("smtp://ada@mail.example", password: Self.password)
        #expect(dialogue.received(reply(220, "mail.example")) == line("EHLO [127.0.0.1]"))
        #expect(dialogue.received(reply(250, "hello", "STARTTLS", "AUTH PLAIN")) == line("STARTTLS"))
        #expect(dialogue.received(reply(220, "go")) == .startTLS)
        #expect(dialogue.encrypted() == line("EHLO [127.0.0.1]"))
        // base64 of NUL ada NUL a password, by another program.
        #expect(dialogue.received(reply(250, "hello", "AUTH LOGIN PLAIN")) == line("AUTH PLAIN AGFkYQBhIHBhc3N3b3Jk"))
        #expect(dialogue.received(reply(235, "ok")) == line("MAIL FROM:<attache@example.org>"))
        #expect(dialogue.received(reply(250, "ok")) == line("RCPT TO:<grace@example.org>"))
        #expect(dialogue.received(reply(250, "ok")) == line("DATA"))
        guard case .send(let mail) = dialogue.received(reply(354, "go")) else { throw MailError.notUnderstood }
        #expect(String(decoding: mail, as: UTF8.self).hasSuffix("\r\n\r\ndA0K\r\n.\r\n"))
        #expect(dialogue.received(reply(250, "taken")) == .finish)
    }

    @Test func theLoginInTwoStepsIsUsedWhereItIsTheOnlyOne() throws {
        var dialogue = try dialogue("smtps://ada@mail.example", password: Self.password)
        _ = dialogue.received(reply(220, "mail.example"))
        #expect(dialogue.received(reply(250, "hello", "AUTH LOGIN XOAUTH2")) == line("AUTH LOGIN"))
        #expect(dialogue.received(reply(334, "VXNlcm5hbWU6")) == line("YWRh"))
        #expect(dialogue.received(reply(334, "UGFzc3dvcmQ6")) == line("YSBwYXNzd29yZA=="))
        #expect(dialogue.received(reply(235, "ok")) == line("MAIL FROM:<attache@example.org>"))
    }

    @Test func noPasswordAndNoMailGoesToAServerWithoutTLS() throws {
        var dialogue = try dialogue("smtp://ada@mail.example", password: Self.password)
        _ = dialogue.received(reply(220, "mail.example"))
        #expect(dialogue.received(reply(250, "hello", "AUTH PLAIN")) == .fail(.noEncryption))
    }

    @Test(arguments: ["smtp://localhost:25", "smtp://127.0.0.1:25", "smtp://[::1]:25"])
    func aServerOfThisMachineNeedsNoTLS(url: String) throws {
        var dialogue = try dialogue(url)
        _ = dialogue.received(reply(220, "localhost"))
        #expect(dialogue.received(reply(250, "hello")) == line("MAIL FROM:<attache@example.org>"))
    }

    @Test(arguments: [
        ([554], MailError.notUnderstood), ([220, 500], .notUnderstood), ([220, 250, 535], .loginRefused(code: 535)),
        ([220, 250, 235, 553], .addressRefused(code: 553)), ([220, 250, 235, 250, 550], .addressRefused(code: 550)),
        ([220, 250, 235, 250, 250, 451], .messageRefused(code: 451)),
        ([220, 250, 235, 250, 250, 354, 554], .messageRefused(code: 554)),
    ])
    func aRefusalEndsTheDialogueAndSaysWhere(codes: [Int], expected: MailError) throws {
        var dialogue = try dialogue("smtps://ada@mail.example", password: Self.password)
        var last: MailDialogue.Action?
        for code in codes { last = dialogue.received(reply(code, "", "AUTH PLAIN")) }
        #expect(last == .fail(expected))
    }

    @Test func aServerWithoutAKnownLoginIsNamedAsThat() throws {
        var dialogue = try dialogue("smtps://ada@mail.example", password: Self.password)
        _ = dialogue.received(reply(220, ""))
        #expect(dialogue.received(reply(250, "hello", "AUTH XOAUTH2")) == .fail(.noLogin))
    }

    @Test func repliesAreReadWhereverTheyAreCut() throws {
        let text = Array("220 mail.example\r\n250-hello\r\n250-AUTH PLAIN\r\n250 8BITMIME\r\n354\r\n".utf8)
        for cut in text.indices {
            var reader = MailReplyReader()
            var replies: [MailReply] = []
            for part in [text[..<cut], text[cut...]] {
                reader.add(part)
                while let reply = try reader.next() { replies.append(reply) }
            }
            #expect(replies.map(\.code) == [220, 250, 354])
            #expect(replies[1].words(of: "AUTH") == ["PLAIN"])
            #expect(reader.isEmpty)
        }
    }

    @Test(arguments: ["HTTP/1.1 400 Bad Request\r\n", "20 short\r\n", "250_odd\r\n", "999 none\r\n"])
    func whatIsNoReplyIsRefused(text: String) {
        var reader = MailReplyReader()
        reader.add(Array(text.utf8))
        #expect(throws: MailError.notUnderstood) { _ = try reader.next() }
    }

    @Test func anEndlessReplyIsRefused() {
        var reader = MailReplyReader()
        reader.add([UInt8](repeating: 65, count: 70_000))
        #expect(throws: MailError.notUnderstood) { _ = try reader.next() }
    }
}

struct MailServerTests {
    private let sender = EmailAddress("attache@example.org")

    @Test(arguments: [
        ("smtps://mail.example", "mail.example", 465, nil), ("smtp://mail.example", "mail.example", 587, nil),
        ("smtps://ada@mail.example:2465/", "mail.example", 2465, "ada"),
        ("smtp://ada%40example.org@mail.example", "mail.example", 587, "ada@example.org"),
        ("smtp://[::1]:25", "::1", 25, nil), ("smtp://[::1]", "::1", 587, nil),
    ])
    func anAddressIsRead(url: String, host: String, port: Int, user: String?) throws {
        let sender = try #require(sender)
        let server = try #require(MailServer(url: url, sender: sender))
        #expect(server.host == host && server.port == port && server.user == user)
    }

    @Test(arguments: [
        "mail.example", "https://mail.example", "smtp://", "smtp://mail.example:0", "smtp://mail.example:x",
        "smtp://ada:password@mail.example", "smtp://@mail.example", "smtp://mail.example/path", "smtp://ma il",
    ])
    func whatIsNoAddressOfAMailServerIsRefused(url: String) throws {
        let sender = try #require(sender)
        #expect(MailServer(url: url, sender: sender) == nil)
    }
}

struct MailMessageTests {
    private func mail(subject: String = "s", text: String = "t", at milliseconds: Int64 = 0) throws -> [String] {
        let message = MailMessage(
            to: try #require(EmailAddress("grace@example.org")),
            subject: subject,
            text: text,
            date: Timestamp(milliseconds: milliseconds)
        )
        let bytes = message.bytes(from: try #require(EmailAddress("attache@example.org")))
        return String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n")
    }

    @Test(arguments: ["a\r\nBcc: eve@example.org", "a\nBcc: eve@example.org", "\u{0}", "Ünïcödé", "=?utf-8?Q?x?="])
    func noSubjectBecomesAnotherHeader(subject: String) throws {
        let lines = try mail(subject: subject)
        #expect(!lines.contains { $0.hasPrefix("Bcc") })
        let head = lines.prefix { !$0.isEmpty }
        #expect(head.count == 9)
        #expect(lines.allSatisfy { $0.utf8.allSatisfy { (0x20...0x7E).contains($0) } })
    }

    @Test func aLongSubjectIsFoldedBetweenCharacters() {
        let text = String(repeating: "Ü", count: 100)
        let words = MailMessage.encodedWords(text).components(separatedBy: "\r\n ")
        #expect(words.count > 1 && words.allSatisfy { $0.utf8.count <= 75 })
        let decoded = words.map { word in
            let base64 = word.dropFirst("=?utf-8?B?".count).dropLast(2)
            return Data(base64Encoded: String(base64)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
        #expect(decoded.joined() == text)
    }

    @Test func noLineOfATextEndsTheMailOrIsTooLong() throws {
        let lines = try mail(text: ".\r\n.\n" + String(repeating: "x", count: 5_000))
        #expect(!lines.contains(".") && lines.allSatisfy { $0.utf8.count <= 998 && $0.first != "." })
    }

    @Test(arguments: [
        (0, "Thu, 1 Jan 1970 00:00:00 +0000"), (951_782_400_000, "Tue, 29 Feb 2000 00:00:00 +0000"),
        (1_798_761_599_000, "Thu, 31 Dec 2026 23:59:59 +0000"), (4_107_542_400_000, "Mon, 1 Mar 2100 00:00:00 +0000"),
    ])
    func theDateIsThatOfTheCalendar(milliseconds: Int64, expected: String) throws {
        #expect(try mail(at: milliseconds).contains("Date: \(expected)"))
    }
}

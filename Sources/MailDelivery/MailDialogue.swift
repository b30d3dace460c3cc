// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// What an SMTP server said: a code, and the text of its lines.
struct MailReply: Equatable {
    var code: Int
    var lines: [String]

    /// Whether the server offers `extension`, in its answer to EHLO.
    func offers(_ name: String) -> Bool { words(of: name) != nil }

    /// The words behind the name of an extension; nil where it is not offered.
    func words(of name: String) -> [String]? {
        for line in lines.dropFirst() {
            let words = line.split(separator: " ").map { $0.uppercased() }
            if words.first == name { return Array(words.dropFirst()) }
        }
        return nil
    }
}

/// Puts the bytes that arrive together to replies (RFC 5321 §4.2.1).
struct MailReplyReader {
    private var bytes: [UInt8] = []
    private var lines: [String] = []

    /// More than any server has to say at once.
    private static let mostBytes = 64 << 10

    /// Whether something is there that no reply was made of yet.
    var isEmpty: Bool { bytes.isEmpty && lines.isEmpty }

    mutating func add(_ more: some Sequence<UInt8>) { bytes += more }

    /// The next whole reply; nil when there is none yet.
    mutating func next() throws(MailError) -> MailReply? {
        guard bytes.count <= Self.mostBytes, lines.count <= 200 else { throw .notUnderstood }
        while let end = bytes.firstIndex(of: 10) {
            var line = bytes[..<end]
            if line.last == 13 { line.removeLast() }
            let text = String(decoding: line, as: UTF8.self)
            bytes.removeSubrange(...end)
            guard let code = Int(text.prefix(3)), (200...599).contains(code) else { throw .notUnderstood }
            lines.append(String(text.dropFirst(4)))
            switch text.dropFirst(3).first {
            case "-": continue
            case nil, " ":
                defer { lines = [] }
                return MailReply(code: code, lines: lines)
            default: throw .notUnderstood
            }
        }
        return nil
    }
}

/// What to say to an SMTP server, one mail long.
///
/// Holds no channel: whoever owns one performs the ``Action`` that it returns.
struct MailDialogue {
    enum Action: Equatable {
        case send([UInt8])
        /// Agree on TLS, and then ask ``encrypted()`` what to do.
        case startTLS
        /// The mail is the server's now.
        case finish
        case fail(MailError)
    }

    private enum State {
        case greeting, hello, startTLS, userName, password, loggedIn, sender, recipient, data, message
        /// Final.
        case ended
    }

    private let server: MailServer
    private let message: [UInt8]
    private let recipient: EmailAddress
    private let password: SharedSecret?
    private var isEncrypted: Bool
    private var state = State.greeting

    init(_ server: MailServer, _ message: MailMessage, password: SharedSecret?) {
        self.server = server
        self.message = message.bytes(from: server.sender)
        self.password = password
        recipient = message.recipient
        isEncrypted = server.encryption == .tls
    }

    mutating func encrypted() -> Action {
        isEncrypted = true
        state = .hello
        return hello
    }

    mutating func received(_ reply: MailReply) -> Action {
        switch (state, reply.code) {
        case (.greeting, 220): return say(hello, then: .hello)
        case (.hello, 250): return helloAnswered(reply)
        case (.startTLS, 220): return .startTLS
        case (.startTLS, _): return fail(.noEncryption)
        case (.userName, 334): return say(Self.line(Self.base64(server.user ?? "")), then: .password)
        case (.password, 334): return say(passwordLine(prefix: []), then: .loggedIn)
        case (.loggedIn, 235): return begin()
        case (.userName, _), (.password, _), (.loggedIn, _): return fail(.loginRefused(code: reply.code))
        case (.sender, 250): return say(Self.line("RCPT TO:<\(recipient)>"), then: .recipient)
        case (.recipient, 250), (.recipient, 251): return say(Self.line("DATA"), then: .data)
        case (.sender, _), (.recipient, _): return fail(.addressRefused(code: reply.code))
        // No line of it begins with a dot: see `MailMessage.bytes(from:)`.
        case (.data, 354): return say(.send(message + Array(".\r\n".utf8)), then: .message)
        case (.message, 250):
            state = .ended
            return .finish
        case (.data, _), (.message, _): return fail(.messageRefused(code: reply.code))
        case (.greeting, _), (.hello, _), (.ended, _): return fail(.notUnderstood)
        }
    }

    private mutating func helloAnswered(_ reply: MailReply) -> Action {
        if !isEncrypted {
            if reply.offers("STARTTLS") { return say(Self.line("STARTTLS"), then: .startTLS) }
            guard server.isLocal else { return fail(.noEncryption) }
        }
        guard server.user != nil, password != nil else { return begin() }
        let ways = reply.words(of: "AUTH") ?? []
        if ways.contains("PLAIN") {
            // RFC 4616: nobody else's authority, the user, the password.
            let prefix = [0] + Array((server.user ?? "").utf8) + [0]
            return say(passwordLine(before: "AUTH PLAIN ", prefix: prefix), then: .loggedIn)
        }
        guard ways.contains("LOGIN") else { return fail(.noLogin) }
        return say(Self.line("AUTH LOGIN"), then: .userName)
    }

    private mutating func begin() -> Action { say(Self.line("MAIL FROM:<\(server.sender)>"), then: .sender) }

    private mutating func say(_ action: Action, then next: State) -> Action {
        state = next
        return action
    }

    private mutating func fail(_ error: MailError) -> Action {
        state = .ended
        return .fail(error)
    }

    /// A literal stands for a machine that has no name of its own to tell (RFC 5321 §4.1.4).
    private var hello: Action { Self.line("EHLO [127.0.0.1]") }

    private static func line(_ text: String) -> Action { .send(Array(text.utf8) + [13, 10]) }

    private static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

    private func passwordLine(before: String = "", prefix: [UInt8]) -> Action {
        guard let password else { return Self.line("") }
        return password.bytes.withBytes { bytes in
            // The line is freed after it was sent, and not wiped.
            var plain = Data(prefix)
            for index in bytes.indices { plain.append(bytes[index]) }
            return .send(Array(before.utf8) + Array(plain.base64EncodedData()) + [13, 10])
        }
    }
}

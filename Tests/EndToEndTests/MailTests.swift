// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import TestSupport
import Testing

/// Mails through a real server of them.
struct MailTests {
    private static let password = "correct horse battery staple"

    /// A server that sends through `sink`, with an account of the operator's.
    private func server(through sink: MailSink, trust: Bool = true) async throws -> RunningServer {
        var environment = [
            "ATTACHE_PUBLIC_URL": "https://vault.example:8750/", "ATTACHE_SMTP_URL": sink.url,
            "ATTACHE_SMTP_SENDER": "attache@example.org",
        ]
        if sink.hasLogin { environment["ATTACHE_SMTP_PASSWORD_FILE"] = sink.directory.appending("password") }
        if trust, sink.mode != .plain { environment["ATTACHE_SMTP_TRUST"] = sink.directory.appending("cert.pem") }
        let server = try await RunningServer.start(environment: environment)
        let home = ["HOME": server.directory.appending("operator")]
        let arguments = ["init", "--email", "ada@example.org", "--name", "Ada"]
        let made = try await server.attache(arguments, input: Array(Self.password.utf8), environment: home)
        #expect(made.status == 0, "\(made.errors)")
        #expect(try await server.attache("workspaces", "create", "acme").status == 0)
        return server
    }

    private func invite(_ address: String, by server: RunningServer) async throws -> InvitationBody {
        let arguments = ["invitations", "create", address, "--workspace", "acme", "--json"]
        let invited = try await server.attache(arguments)
        #expect(invited.status == 0, "\(invited.errors)")
        return try invited.json(InvitationBody.self)
    }

    @Test(arguments: MailSink.Mode.allCases)
    func anInvitationGoesToItsAddressAndNowhereElseAndItsLinkIsAccepted(mode: MailSink.Mode) async throws {
        let sink = try await MailSink(mode)
        let server = try await server(through: sink)
        let invitation = try await invite("grace@example.org", by: server)
        #expect(invitation.mailed == true && invitation.token == nil && invitation.link == nil)
        let mail = try sink.mail(1)
        #expect(mail.envelope.contains("grace@example.org"))
        #expect(mail.envelope.contains("tls: \(mode == .plain ? "False" : "True")") || mode == .tls)
        #expect(mail.envelope.contains("login: True") == sink.hasLogin)
        let link = try #require(
            mail.text.firstMatch(of: /https:\/\/vault\.example:8750\/invitation#(inv_[0-9A-Za-z]+)/)
        )
        #expect(!server.log.contains(link.1))

        // As the mail has it, but for the address, which a test cannot know before.
        let file = server.directory.appending("link")
        try Data("<http://\(server.address)/invitation#\(link.1)>\n".utf8).write(to: URL(fileURLWithPath: file))
        let accepted = try await run(
            Programs.attache,
            ["invitations", "accept", "--token-file", file, "--name", "Grace"],
            environment: ["HOME": server.directory.appending("grace"), "PATH": "/usr/bin:/bin"],
            input: Array("another long password\n".utf8)
        )
        #expect(accepted.status == 0, "\(accepted.errors)")
        #expect(accepted.output.contains("acme"))
    }

    @Test func whatTheMailServerRefusesIsShownToItsMakerAfterAll() async throws {
        let sink = try await MailSink(.plain)
        let server = try await server(through: sink)
        let invitation = try await invite("refused@example.org", by: server)
        #expect(invitation.mailed == false)
        #expect(invitation.mailProblem?.contains("550") == true)
        #expect(invitation.link?.hasSuffix("#\(invitation.token ?? "-")") == true)
        sink.stop()
        let again = try await server.attache(["invitations", "resend", "refused@example.org", "--workspace", "acme"])
        #expect(again.status == 0, "\(again.errors)")
        #expect(again.errors.contains("cannot be reached"))
        #expect(again.output.contains("/invitation#inv_"))
    }

    @Test(arguments: [MailSink.Mode.startTLS, .tls])
    func nothingGoesToAServerWhoseCertificateIsNotTrusted(mode: MailSink.Mode) async throws {
        let sink = try await MailSink(mode)
        let server = try await server(through: sink, trust: false)
        let invitation = try await invite("grace@example.org", by: server)
        #expect(invitation.mailed == false)
        #expect(invitation.mailProblem?.contains("not trusted") == true)
        #expect(!FileManager.default.fileExists(atPath: sink.directory.appending("mail-1")))
    }

    @Test func aReminderGoesToThoseWhoMayWriteANewValue() async throws {
        let sink = try await MailSink(.startTLS)
        let server = try await server(through: sink)
        let made = try await server.attache(
            ["secrets", "create", "SOON", "--expires", "2h", "--workspace", "acme"],
            input: Array("a value that no mail has".utf8)
        )
        #expect(made.status == 0, "\(made.errors)")
        try await sink.printed.wait(deadline: .seconds(60), for: "mail 1") { $0 == "mail 1" }
        let mail = try sink.mail(1)
        #expect(mail.envelope.contains("ada@example.org"))
        #expect(mail.text.contains("SOON  expires") && mail.text.contains("acme"))
        #expect(!mail.text.contains("a value that no mail has"))
    }

    @Test func whereNoMailIsSentTheLinkIsShown() async throws {
        let server = try await RunningServer.start(environment: ["ATTACHE_PUBLIC_URL": "https://vault.example:8750"])
        #expect(try await server.attache("workspaces", "create", "acme").status == 0)
        let invitation = try await invite("grace@example.org", by: server)
        #expect(invitation.mailed == nil)
        #expect(invitation.link == "https://vault.example:8750/invitation#\(invitation.token ?? "-")")
        let page = try await run("/usr/bin/curl", ["-s", "http://\(server.address)/invitation"])
        #expect(page.output.contains("attache invitations accept"))
    }

    @Test(arguments: [
        ["ATTACHE_SMTP_URL": "smtps://mail.example", "ATTACHE_SMTP_SENDER": "a@example.org"],
        ["ATTACHE_SMTP_URL": "smtps://mail.example", "ATTACHE_PUBLIC_URL": "https://vault.example"],
        ["ATTACHE_SMTP_URL": "mail.example", "ATTACHE_SMTP_SENDER": "a@b.example", "ATTACHE_PUBLIC_URL": "https://v"],
        [
            "ATTACHE_SMTP_URL": "smtps://ada@mail.example", "ATTACHE_SMTP_SENDER": "a@b.example",
            "ATTACHE_PUBLIC_URL": "https://v",
        ],
        ["ATTACHE_PUBLIC_URL": "vault.example"],
    ])
    func aConfigurationThatCannotWorkIsRefusedBeforeAnythingIsMade(environment: [String: String]) async throws {
        let directory = try TemporaryDirectory()
        let arguments = RunningServer.arguments(in: directory)
        let refused = try await run(Programs.attache, arguments, environment: environment)
        #expect(refused.status == 78)
        #expect(refused.errors.contains("ATTACHE_"))
        #expect(!FileManager.default.fileExists(atPath: directory.appending("data")))
    }
}

/// aiosmtpd, which keeps what it is sent in files.
final class MailSink: Sendable {
    enum Mode: String, CaseIterable, Sendable {
        case plain
        case startTLS = "starttls"
        case tls
    }

    let mode: Mode
    let directory: TemporaryDirectory
    let printed: PrintedLines
    private let port: String
    private let process: StartedProcess

    var hasLogin: Bool { mode != .plain }
    var url: String {
        switch mode {
        case .plain: "smtp://localhost:\(port)"
        case .startTLS: "smtp://ada@localhost:\(port)"
        case .tls: "smtps://ada@localhost:\(port)"
        }
    }

    init(_ mode: Mode) async throws {
        self.mode = mode
        directory = try TemporaryDirectory()
        let made = try await run(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout",
                directory.appending("key.pem"), "-out", directory.appending("cert.pem"),
            ]
        )
        guard made.status == 0 else { throw NeverPrinted(word: "certificate", printed: made.errors) }
        let file = directory.appending("password")
        try Data("open sesame\n".utf8).write(to: URL(fileURLWithPath: file))
        chmod(file, 0o600)
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("MailSink/mail_sink.py").path
        process = try StartedProcess(
            "/usr/bin/python3",
            [source, directory.path, mode.rawValue] + (mode == .plain ? [] : ["ada", "open sesame"]),
            environment: [:]
        )
        printed = process.printed
        try await printed.wait(for: "listening", deadline: .seconds(30))
        port = printed.text.firstMatch(of: /listening ([0-9]+)/).map { String($0.1) } ?? ""
    }

    deinit { stop() }

    func stop() { process.signal(SIGKILL) }

    /// The mail of that number: what the server was told beside it, and its text.
    func mail(_ number: Int) throws -> (envelope: String, text: String) {
        let data = try Data(contentsOf: URL(fileURLWithPath: directory.appending("mail-\(number)")))
        let lines = String(decoding: data, as: UTF8.self).replacing("\r\n", with: "\n")
        let parts = lines.split(separator: "\n\n", maxSplits: 1)
        let body = parts.count == 2 ? parts[1].filter { !$0.isWhitespace } : ""
        let text = Data(base64Encoded: String(body)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return (String(lines.prefix { $0 != "\n" }), text)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `attache-exec-tls` and a server over HTTPS.
struct TLSTests {
    private static let answer = Answers.head(length: 4) + [UInt8]("A=1\0")

    private func run(
        _ address: String,
        authority: String? = "authority",
        flags: [String] = ["--timeout=20"],
        settings: [String] = []
    ) throws -> Child.Outcome {
        var environment = ["ATTACHE_ADDRESS=" + address, "ATTACHE_GATEWAY_TOKEN=" + Scene.token] + settings
        if let authority { environment.append("ATTACHE_CA_FILE=" + (try Certificates.file(authority + ".pem"))) }
        let arguments = flags + ["--", try Probe.path(), "environment"]
        return try Probe.start(
            "plain",
            try Wrapper.path(hasTLS: true),
            arguments.map { [UInt8]($0) },
            environment: environment.map { [UInt8]($0) }
        ).outcome()
    }

    @Test(arguments: ["-tls1_2", "-tls1_3"], ["localhost", "127.0.0.1"])
    func valuesArriveOverBothVersions(version: String, host: String) throws {
        let server = try TLSServer(Self.answer, flags: [version])
        let outcome = try run("https://\(host):\(server.port)")
        #expect(outcome.errors == "")
        #expect(outcome.strings == [[UInt8]("A=1")])
    }

    @Test(arguments: ["[::1]", "[0:0:0:0:0:0:0:1]"])
    func valuesArriveFromAnAddressOfVersion6(host: String) throws {
        let server = try TLSServer(Self.answer, host: "[::1]")
        let outcome = try run("https://\(host):\(server.port)/")
        #expect(outcome.errors == "")
        #expect(outcome.strings == [[UInt8]("A=1")])
    }

    /// Signed by the right authority for the right name.
    @Test(arguments: [("expired", "certificate has expired"), ("early", "certificate is not yet valid")])
    func aCertificateThatIsNotValidNowIsRefused(certificate: String, reason: String) throws {
        let server = try TLSServer(Self.answer, certificate: certificate)
        let outcome = try run("https://localhost:\(server.port)")
        #expect(outcome.ending == .exit(125))
        #expect(outcome.errors.hasPrefix("attache-exec: error: certificate_refused: https://localhost:"))
        #expect(outcome.errors.contains(reason))
    }

    /// What authorities sign with today.
    @Test(arguments: [
        ("rsa-256", ["rsa:2048"], ["-sha256"]), ("rsa-384", ["rsa:3072"], ["-sha384"]),
        ("pss-256", ["rsa:2048"], ["-sha256", "-sigopt", "rsa_padding_mode:pss"]),
        ("pss-512", ["rsa:2048"], ["-sha512", "-sigopt", "rsa_padding_mode:pss"]),
        ("p384", ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], ["-sha384"]),
        ("p521", ["ec", "-pkeyopt", "ec_paramgen_curve:P-521"], ["-sha512"]), ("ed25519", ["ed25519"], []),
        ("ed448", ["ed448"], []),
    ])
    func everySignatureThatAuthoritiesUseIsVerified(name: String, key: [String], signature: [String]) throws {
        try Certificates.makeChain(name, key: key, signature: signature)
        for version in ["-tls1_2", "-tls1_3"] {
            let server = try TLSServer(Self.answer, certificate: name, flags: [version])
            let outcome = try run("https://localhost:\(server.port)", authority: name + "-ca")
            #expect(outcome.errors == "")
            #expect(outcome.strings == [[UInt8]("A=1")])
        }
    }

    @Test(arguments: [["rsa:2048"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]])
    func aChainWithAnAuthorityBetweenIsFollowed(key: [String]) throws {
        let name = "between-" + key[0].prefix(3)
        try Certificates.makeChain(name, key: key, signature: ["-sha256"], hasMiddle: true)
        let address = "https://localhost:"
        let whole = try TLSServer(
            Self.answer,
            certificate: name,
            flags: ["-cert_chain", try Certificates.file(name + "-middle.pem")]
        )
        #expect(try run(address + "\(whole.port)", authority: name + "-ca").strings == [[UInt8]("A=1")])
        let torn = try TLSServer(Self.answer, certificate: name)
        let outcome = try run(address + "\(torn.port)", authority: name + "-ca")
        #expect(outcome.ending == .exit(125))
        #expect(outcome.errors.hasPrefix("attache-exec: error: certificate_refused: "))
    }

    /// One of each kind of suite, and each group, that is offered.
    @Test(arguments: [
        ["-ciphersuites", "TLS_AES_128_GCM_SHA256"], ["-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"],
        ["-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384"], ["-tls1_2", "-cipher", "ECDHE-RSA-CHACHA20-POLY1305"],
        ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA"], ["-tls1_2", "-cipher", "ECDHE-RSA-AES256-SHA384"],
        ["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"], ["-tls1_2", "-cipher", "AES256-SHA256"],
        ["-tls1_2", "-cipher", "AES128-GCM-SHA256"], ["-groups", "P-256"], ["-groups", "P-384"], ["-groups", "P-521"],
        ["-groups", "X448"], ["-groups", "ffdhe2048"],
    ])
    func everythingThatIsOfferedWorks(flags: [String]) throws {
        _ = try Self.rsa.get()
        let server = try TLSServer(Self.answer, certificate: "suites", flags: flags)
        let outcome = try run("https://localhost:\(server.port)", authority: "suites-ca")
        #expect(outcome.errors == "")
        #expect(outcome.strings == [[UInt8]("A=1")])
    }

    private static let rsa = Result<Void, any Error> {
        try Certificates.makeChain("suites", key: ["rsa:2048"], signature: ["-sha256"])
    }

    /// The program leaves out most algorithms of its library; a newer one may offer something that has to stay.
    @Test func nothingIsMissingFromTheOfferButWhatNobodyUses() throws {
        let theirs = try offer { port in
            try Child(
                "/usr/bin/openssl",
                arguments: ["openssl", "s_client", "-min_protocol", "TLSv1.2", "-connect", "127.0.0.1:\(port)"].map {
                    [UInt8]($0)
                },
                environment: [[UInt8]("OPENSSL_CONF=/dev/null")]
            )
        }
        let ours = try offer { port in
            let arguments = ["attache-exec", "--timeout=20", "--", "true"]
            let settings = [
                "ATTACHE_ADDRESS=https://127.0.0.1:\(port)", "ATTACHE_GATEWAY_TOKEN=" + Scene.token,
                "PATH=/usr/bin:/bin",
                "ATTACHE_CA_FILE=" + (try Certificates.file("authority.pem")),
            ]
            return try Child(
                try Wrapper.path(hasTLS: true),
                arguments: arguments.map { [UInt8]($0) },
                environment: settings.map { [UInt8]($0) }
            )
        }
        #expect(ours.suites == theirs.suites)
        #expect(ours.groups == theirs.groups)
        // DSA has no suite any more.
        #expect(ours.signatures == theirs.signatures.filter { $0 & 0xff != 2 })
        #expect(!ours.suites.isEmpty && !ours.groups.isEmpty && !ours.signatures.isEmpty)
    }

    /// A socket that listens on a loopback port.
    private static func listener() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        try #require(listen(descriptor, 1) == 0)
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let named = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        try #require(named == 0)
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    /// What the first message of a client offers (RFC 8446 section 4.1.2).
    private func offer(
        from client: (_ port: UInt16) throws -> Child
    ) throws -> (suites: [UInt16], groups: [UInt16], signatures: [UInt16]) {
        let (listener, port) = try Self.listener()
        defer { close(listener) }
        let child = try client(port)
        defer {
            kill(child.pid, SIGKILL)
            _ = try? child.outcome()
        }
        var knocked = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        try #require(poll(&knocked, 1, 20_000) == 1)
        let accepted = accept(listener, nil, nil)
        defer { close(accepted) }
        var message = [UInt8](repeating: 0, count: 4096)
        let count = read(accepted, &message, message.count)
        var rest = message.prefix(max(count, 0)).dropFirst(5 + 4 + 2 + 32)
        func number(_ size: Int) throws -> Int {
            try #require(rest.count >= size)
            defer { rest = rest.dropFirst(size) }
            return rest.prefix(size).reduce(0) { $0 << 8 | Int($1) }
        }
        func numbers(_ length: Int) throws -> [UInt16] { try (0..<length / 2).map { _ in UInt16(try number(2)) } }
        func skip(_ length: Int) { rest = rest.dropFirst(length) }
        skip(try number(1))
        let suites = try numbers(try number(2))
        skip(try number(1))
        _ = try number(2)
        var lists: [Int: [UInt16]] = [:]
        while !rest.isEmpty {
            let (kind, length) = (try number(2), try number(2))
            let after = rest.dropFirst(length)
            if kind == 10 || kind == 13 { lists[kind] = try numbers(try number(2)) }
            rest = after
        }
        return (suites, lists[10] ?? [], lists[13] ?? [])
    }

    @Test func theStateOfTheProcessIsTheSameAsBare() throws {
        let server = try TLSServer(Answers.head(length: 0))
        let environment = [
            "ATTACHE_ADDRESS=https://localhost:\(server.port)", "ATTACHE_GATEWAY_TOKEN=" + Scene.token,
            "ATTACHE_CA_FILE=" + (try Certificates.file("authority.pem")),
        ].map { [UInt8]($0) }
        let probe = try Probe.path()
        let bare = try Probe.start("odd", in: "/usr", probe, [[UInt8]("state")], environment: []).outcome()
        let arguments = ["--timeout=20", "--", probe, "state"].map { [UInt8]($0) }
        let wrapper = try Wrapper.path(hasTLS: true)
        let wrapped = try Probe.start("odd", in: "/usr", wrapper, arguments, environment: environment).outcome()
        #expect(wrapped.errors == "")
        #expect(wrapped.text.split(separator: "\n") == bare.text.split(separator: "\n"))
    }

    @Test func anOlderVersionIsRefused() throws {
        let server = try TLSServer(Self.answer, flags: ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"])
        let outcome = try run("https://localhost:\(server.port)")
        #expect(outcome.ending == .exit(125))
        #expect(outcome.errors.hasPrefix("attache-exec: error: tls_failed: https://localhost:\(server.port): "))
    }

    @Test(arguments: [("other", "authority"), ("server", "stranger"), ("stranger", "authority")])
    func aCertificateThatIsNotTrustedForTheNameIsRefusedAtOnce(certificate: String, authority: String) throws {
        let server = try TLSServer(Self.answer, certificate: certificate)
        let outcome = try run("https://localhost:\(server.port)", authority: authority, flags: ["--allow-offline"])
        #expect(outcome.ending == .exit(125))
        #expect(outcome.errors.hasPrefix("attache-exec: error: certificate_refused: "))
        #expect(outcome.errors.split(separator: "\n").count == 1)
        #expect(outcome.output.isEmpty)
    }

    /// Whether there is a server or not.
    @Test(
        arguments: [("none.pem", "No such file or directory"), ("server.key", "no certificate or crl found")],
        [true, false]
    )
    func authoritiesThatCannotBeReadAreNamed(_ problem: (file: String, reason: String), isServed: Bool) throws {
        let (file, reason) = problem
        let path = try Certificates.file(file)
        let setting = "ATTACHE_CA_FILE=\(path)"
        let server = isServed ? try TLSServer(Self.answer) : nil
        let outcome = try run("https://localhost:\(server?.port ?? 1)", authority: nil, settings: [setting])
        #expect(outcome.ending == .exit(125))
        #expect(outcome.errors == "attache-exec: error: ca_unreadable: \(path): \(reason)\n")
    }

    @Test(arguments: [true, false])
    func aServerThatAsksForACertificateGetsIt(isKeyApart: Bool) throws {
        let authority = try Certificates.file("authority.pem")
        let server = try TLSServer(Self.answer, flags: ["-Verify", "1", "-verify_return_error", "-CAfile", authority])
        let address = "https://localhost:\(server.port)"
        let certificate = try Certificates.file("client.pem")
        let key = try Certificates.file("client.key")
        let both = try TemporaryDirectory()
        let together =
            try Data(contentsOf: URL(fileURLWithPath: certificate))
            + Data(contentsOf: URL(fileURLWithPath: key))
        let file = try both.write(together, to: "both.pem")
        let settings =
            isKeyApart
            ? ["ATTACHE_CLIENT_CERTIFICATE_FILE=\(certificate)", "ATTACHE_CLIENT_KEY_FILE=\(key)"]
            : ["ATTACHE_CLIENT_CERTIFICATE_FILE=\(file)"]
        let outcome = try run(address, settings: settings)
        #expect(outcome.errors == "")
        #expect(outcome.strings == [[UInt8]("A=1")])
    }

    /// As `openssl` and other programs write keys.
    @Test(arguments: [
        ("p256", ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], ["pkcs8", "-topk8", "-nocrypt"]),
        ("p384-sec1", ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], ["ec"]),
        ("rsa", ["rsa:2048"], ["pkcs8", "-topk8", "-nocrypt"]), ("rsa-pkcs1", ["rsa:2048"], ["rsa", "-traditional"]),
        ("ed25519", ["ed25519"], ["pkey"]),
    ])
    func everyFormOfAClientsKeyIsRead(name: String, key: [String], form: [String]) throws {
        let name = "client-" + name
        try Certificates.makeChain(name, key: key, signature: [])
        try Certificates.convert(name, to: name + "-form", form)
        let authority = try Certificates.file(name + "-ca.pem")
        for version in ["-tls1_2", "-tls1_3"] {
            let server = try TLSServer(
                Self.answer,
                flags: ["-Verify", "1", "-verify_return_error", "-CAfile", authority, version]
            )
            let outcome = try run(
                "https://localhost:\(server.port)",
                settings: [
                    "ATTACHE_CLIENT_CERTIFICATE_FILE=" + (try Certificates.file(name + ".pem")),
                    "ATTACHE_CLIENT_KEY_FILE=" + (try Certificates.file(name + "-form.key")),
                ]
            )
            #expect(outcome.errors == "")
            #expect(outcome.strings == [[UInt8]("A=1")])
        }
    }

    @Test(arguments: [["pkcs8", "-topk8", "-passout", "pass:x"], ["ec", "-aes256", "-passout", "pass:x"]])
    func aClientsKeyWithAPassphraseIsRefused(form: [String]) throws {
        let name = "locked-" + form[0]
        try Certificates.convert("client", to: name, form)
        let outcome = try run(
            "https://localhost:1",
            settings: [
                "ATTACHE_CLIENT_CERTIFICATE_FILE=" + (try Certificates.file("client.pem")),
                "ATTACHE_CLIENT_KEY_FILE=" + (try Certificates.file(name + ".key")),
            ]
        )
        #expect(outcome.ending == .exit(125))
        #expect(outcome.errors.hasPrefix("attache-exec: error: client_certificate_unusable: "))
    }

    @Test func withoutTheCertificateThatIsAskedForThereIsNoStart() throws {
        let server = try TLSServer(Self.answer, flags: ["-Verify", "1", "-verify_return_error", "-tls1_2"])
        let outcome = try run("https://localhost:\(server.port)")
        #expect(outcome.ending == .exit(125))
        #expect(outcome.errors.hasPrefix("attache-exec: error: tls_failed: "))
    }

    @Test(arguments: [
        ("none.pem", "client.key"), ("client.pem", "none.key"), ("client.pem", "server.key"),
        ("client.key", "client.key"),
    ])
    func aClientCertificateThatIsNoneIsToldWhereNoServerIs(certificate: String, key: String) throws {
        let outcome = try run(
            "https://localhost:1",
            settings: [
                "ATTACHE_CLIENT_CERTIFICATE_FILE=" + (try Certificates.file(certificate)),
                "ATTACHE_CLIENT_KEY_FILE=" + (try Certificates.file(key)),
            ]
        )
        #expect(outcome.ending == .exit(125))
        #expect(
            outcome.errors.hasPrefix("attache-exec: error: client_certificate_unusable: \(try Certificates.folder())")
        )
    }

    @Test(arguments: [false, true])
    func aNameThatDoesNotResolveIsTriedUntilTheDeadline(isOffline: Bool) throws {
        let flags = ["--timeout=1"] + (isOffline ? ["--allow-offline"] : [])
        let outcome = try run("https://no-such-host.invalid", flags: flags)
        #expect(outcome.ending == .exit(isOffline ? 0 : 125))
        let severity = isOffline ? "warning" : "error"
        #expect(outcome.errors.hasPrefix("attache-exec: \(severity): unreachable: https://no-such-host.invalid: "))
    }

    @Test func aServerThatAcceptsAndSaysNothingEndsWithTheDeadline() throws {
        // No handshake ever comes from a socket that only listens.
        let (descriptor, port) = try Self.listener()
        defer { close(descriptor) }
        let begin = ContinuousClock.now
        let outcome = try run("https://127.0.0.1:\(port)", flags: ["--timeout=1"])
        #expect(outcome.errors.contains("unreachable"))
        #expect(ContinuousClock.now - begin < .seconds(15))
    }

    @Test(arguments: [
        "https://", "https://user@localhost", "https://localhost:0", "https://localhost:65536", "https://localhost:x",
        "https://localhost/path", "https://local host", "https://[::1", "https://a:b:c", "http://localhost.example",
        "http://10.0.0.1", "ftp://localhost", "localhost", "unix:relative",
    ])
    func anAddressThatIsNoneIsAUsageError(address: String) throws {
        let outcome = try run(address)
        #expect(outcome.ending == .exit(125))
        #expect(outcome.errors.hasPrefix("attache-exec: error: usage: ATTACHE_ADDRESS is "))
    }

    /// A name from `/etc/hosts` and authorities where Debian has them, and nothing else in `/etc`.
    @Test(.enabled(if: Namespaces.command(for: "--mount") != nil, "no new mount namespace is permitted here"))
    func aNameAndTheStoreOfAnImageWithoutNsswitchAreUsed() throws {
        let unshare = try #require(Namespaces.command(for: "--mount"))
        let server = try TLSServer(Self.answer, certificate: "other")
        let root = try TemporaryDirectory()
        try root.install(try Wrapper.path(hasTLS: true), as: "attache-exec")
        try root.install(try Probe.path(), as: "probe")
        try FileManager.default.createDirectory(atPath: root.path + "/etc/ssl/certs", withIntermediateDirectories: true)
        try root.write("127.0.0.1 other.test\n".utf8, to: "etc/hosts")
        try FileManager.default.copyItem(
            atPath: try Certificates.file("authority.pem"),
            toPath: root.path + "/etc/ssl/certs/ca-certificates.crt"
        )
        let arguments =
            unshare + ["chroot", root.path, "/attache-exec", "--timeout=20", "--quiet", "--", "/probe", "environment"]
        let path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
        let environment = ["ATTACHE_ADDRESS=https://other.test:\(server.port)", path].map { [UInt8]($0) }
        let child = try Child(arguments[0], arguments: arguments.map { [UInt8]($0) }, environment: environment)
        let outcome = try child.outcome()
        #expect(outcome.errors == "")
        #expect(outcome.strings == [[UInt8](path), [UInt8]("A=1")])
    }

    /// No libc, resolver configuration, store or anything else beside two programs and the authority.
    @Test(
        .enabled(if: Namespaces.command(for: "--mount") != nil, "no new mount namespace is permitted here"),
        arguments: [true, false]
    )
    func anEmptyRootIsEnough(hasAuthority: Bool) throws {
        let unshare = try #require(Namespaces.command(for: "--mount"))
        let server = try TLSServer(Self.answer)
        let root = try TemporaryDirectory()
        try root.install(try Wrapper.path(hasTLS: true), as: "attache-exec")
        try root.install(try Probe.path(), as: "probe")
        try FileManager.default.copyItem(atPath: try Certificates.file("authority.pem"), toPath: root.path + "/ca.pem")
        let settings = [
            "ATTACHE_ADDRESS=https://127.0.0.1:\(server.port)", hasAuthority ? "ATTACHE_CA_FILE=/ca.pem" : "A=0",
        ]
        let arguments =
            unshare + ["chroot", root.path, "/attache-exec", "--timeout=20", "--quiet", "--", "/probe", "environment"]
        let path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
        let environment = (settings + [path]).map { [UInt8]($0) }
        let child = try Child(arguments[0], arguments: arguments.map { [UInt8]($0) }, environment: environment)
        let outcome = try child.outcome()
        if hasAuthority {
            #expect(outcome.errors == "")
            #expect(outcome.strings == [[UInt8](path), [UInt8]("A=1")])
        } else {
            #expect(outcome.errors.hasPrefix("attache-exec: error: ca_unreadable: this image has no certificate"))
        }
    }
}

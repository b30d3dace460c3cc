// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// OpenSSL's own server, which says one thing to whoever comes, whatever it is asked.
final class TLSServer {
    private let pid: pid_t
    // Kept open: at its end the server would leave without having read the request.
    private let input: Int32
    private let output: Int32
    let port: Int

    /// Serves one connection after the other on a loopback address, with what ``Certificates`` made by that name.
    init(_ answer: [UInt8], certificate: String = "server", flags: [String] = [], host: String = "127.0.0.1") throws {
        let folder = try Certificates.folder()
        let arguments =
            [
                "s_server", "-accept", "\(host):0", "-cert", "\(folder)/\(certificate).pem", "-key",
                "\(folder)/\(certificate).key",
            ] + flags
        let (stdin, stdout) = (try closedOnExecPipe(), try closedOnExecPipe())
        defer { for end in [stdin.reading, stdout.writing] { close(end) } }
        (input, output) = (stdin.writing, stdout.reading)
        pid = try spawn(
            "/usr/bin/openssl",
            arguments.map { Array($0.utf8) },
            environment: [],
            streams: [stdin.reading, stdout.writing, nil]
        )
        var printed = ""
        var accepting: Int?
        var buffer = [UInt8](repeating: 0, count: 4096)
        while accepting == nil {
            let count = read(output, &buffer, buffer.count)
            guard count > 0 else { throw SystemError(call: "openssl s_server: \(printed)") }
            printed += String(decoding: buffer[..<count], as: UTF8.self)
            accepting = printed.firstMatch(of: /ACCEPT .*:([0-9]+)\n/).flatMap { Int($0.output.1) }
        }
        port = accepting ?? 0
        guard write(input, answer, answer.count) == answer.count else { throw SystemError(call: "write") }
    }

    deinit {
        kill(pid, SIGKILL)
        _ = try? Ending(of: pid)
        for end in [input, output] { close(end) }
    }
}

/// Two authorities, and what one of them has signed: made once a run, each as `NAME.pem` and `NAME.key`.
enum Certificates {
    static func folder() throws -> String { try made.get().path }

    static func file(_ name: String) throws -> String { try folder() + "/" + name }

    private static let made = Result<TemporaryDirectory, any Error> {
        let directory = try TemporaryDirectory()
        for name in ["authority", "stranger"] { try make(name, in: directory.path, []) }
        let names = [
            "server": "DNS:localhost,IP:127.0.0.1,IP:::1", "other": "DNS:other.test,DNS:*.local",
            "client": "DNS:client",
        ]
        for (name, hosts) in names {
            let signer = ["-CA", directory.path + "/authority.pem", "-CAkey", directory.path + "/authority.key"]
            try make(name, in: directory.path, signer + ["-addext", "subjectAltName=\(hosts)"])
        }
        for (name, days) in [
            ("expired", ("20200101000000Z", "20200102000000Z")), ("early", ("20900101000000Z", "20910101000000Z")),
        ] {
            try sign(name, from: days.0, until: days.1, in: directory)
        }
        // A static's last reference never goes away by itself.
        atexit { if let path = try? Certificates.folder() { try? FileManager.default.removeItem(atPath: path) } }
        return directory
    }

    /// A certificate of the authority for `localhost` with dates of choice, which only `openssl ca` takes.
    private static func sign(_ name: String, from: String, until: String, in directory: TemporaryDirectory) throws {
        let folder = directory.path
        let settings = """
            [ca]
            default_ca = this
            [this]
            database = \(folder)/\(name).index
            new_certs_dir = \(folder)
            rand_serial = yes
            default_md = sha256
            policy = any
            x509_extensions = names
            [any]
            commonName = optional
            [names]
            subjectAltName = DNS:localhost
            """
        try directory.write(settings.utf8, to: "\(name).cnf")
        try directory.write([], to: "\(name).index")
        try run(
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            "/CN=\(name)",
            "-keyout",
            "\(folder)/\(name).key",
            "-out",
            "\(folder)/\(name).csr"
        )
        try run(
            "ca",
            "-batch",
            "-config",
            "\(folder)/\(name).cnf",
            "-cert",
            "\(folder)/authority.pem",
            "-keyfile",
            "\(folder)/authority.key",
            "-startdate",
            from,
            "-enddate",
            until,
            "-in",
            "\(folder)/\(name).csr",
            "-out",
            "\(folder)/\(name).pem"
        )
    }

    private static func run(_ arguments: String...) throws { try run(arguments) }

    private static func run(_ arguments: [String]) throws {
        let all = (["openssl"] + arguments).map { [UInt8]($0) }
        let outcome = try Child("/usr/bin/openssl", arguments: all, environment: []).outcome()
        guard outcome.ending == .exit(0) else { throw SystemError(call: "openssl: \(outcome.errors)") }
    }

    /// An authority of its own with such a key, and `localhost` signed by it with such another: `NAME-ca.pem`, `NAME.pem`.
    ///
    /// With `NAME-middle.pem` between them, if there is to be one.
    static func makeChain(_ name: String, key: [String], signature: [String], hasMiddle: Bool = false) throws {
        let folder = try folder()
        try make("\(name)-ca", in: folder, signature, key: key)
        var signer = "\(name)-ca"
        for signed in (hasMiddle ? ["\(name)-middle"] : []) + [name] {
            let by = ["-CA", "\(folder)/\(signer).pem", "-CAkey", "\(folder)/\(signer).key"]
            try make(signed, in: folder, by + signature + ["-addext", "subjectAltName=DNS:localhost"], key: key)
            signer = signed
        }
    }

    /// Writes a key again in another form: `openssl COMMAND -in KEY.key ... -out NAME.key`.
    static func convert(_ key: String, to name: String, _ command: [String]) throws {
        let folder = try folder()
        try run(command + ["-in", "\(folder)/\(key).key", "-out", "\(folder)/\(name).key"])
    }

    private static func make(
        _ name: String,
        in folder: String,
        _ more: [String],
        key: [String] = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    ) throws {
        try run(
            ["req", "-x509", "-newkey"] + key + [
                "-nodes", "-days", "2", "-subj", "/CN=\(name)", "-keyout", "\(folder)/\(name).key", "-out",
                "\(folder)/\(name).pem",
            ] + more
        )
    }
}

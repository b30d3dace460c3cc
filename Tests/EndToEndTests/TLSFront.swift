// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// A port that speaks TLS in front of a target, with a certificate of its own that only `certificateFile` vouches for.
final class TLSFront: Sendable {
    let port: UInt16
    let certificateFile: String
    private let directory: TemporaryDirectory
    private let process: StartedProcess

    /// `name` is what the certificate is for: a name, or `IP:` and an address.
    init(of target: RecordingTarget, for name: String) async throws {
        directory = try TemporaryDirectory()
        let (certificate, key) = (directory.appending("cert.pem"), directory.appending("key.pem"))
        let subject = name.hasPrefix("IP:") ? name : "DNS:\(name)"
        let made = try await run(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", "/CN=target", "-addext", "subjectAltName=\(subject)", "-keyout", key, "-out", certificate,
            ],
            environment: ["PATH": "/usr/bin:/bin"]
        )
        guard made.status == 0 else { throw NeverPrinted(word: "certificate", printed: made.errors) }
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("TLSFront/tls_front.py").path
        process = try StartedProcess(
            "/usr/bin/python3",
            [source, certificate, key, "\(target.port)"],
            environment: [:]
        )
        try await process.printed.wait(for: "listening", deadline: .seconds(30))
        let found = process.printed.text.firstMatch(of: /listening ([0-9]+)/).flatMap { UInt16($0.1) }
        guard let found else { throw NeverPrinted(word: "listening", printed: process.printed.text) }
        port = found
        certificateFile = certificate
    }

    deinit { process.signal(SIGKILL) }
}

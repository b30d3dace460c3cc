// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A certificate that only itself vouches for, and its key, made by OpenSSL's own program.
package struct TLSFiles: Sendable {
    package let certificate: String
    package let key: String
    private let directory: TemporaryDirectory

    /// `name` is what the certificate is for: a name, or `IP:` and an address; where it `hasExpired` it ended as it was made.
    package init(for name: String, hasExpired: Bool = false) throws {
        directory = try TemporaryDirectory()
        (certificate, key) = (directory.appending("cert.pem"), directory.appending("key.pem"))
        let subject = name.hasPrefix("IP:") ? name : "DNS:\(name)"
        try Self.openssl(
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=target",
            "-addext",
            "subjectAltName=\(subject)",
            "-keyout",
            key,
            "-out",
            certificate
        )
        // `req` makes none of the past.
        if hasExpired {
            try Self.openssl("x509", "-in", certificate, "-signkey", key, "-days", "0", "-out", certificate)
        }
    }

    private static func openssl(_ arguments: String...) throws {
        let program = Process()
        program.executableURL = URL(filePath: "/usr/bin/openssl")
        program.arguments = arguments
        program.standardError = FileHandle.nullDevice
        try betweenSpawns { try program.run() }
        program.waitUntilExit()
        guard program.terminationStatus == 0 else { throw POSIXError(.EIO) }
    }

    /// What makes a server listen with it.
    package var arguments: [String] { ["--tls-certificate", certificate, "--tls-key", key] }
}

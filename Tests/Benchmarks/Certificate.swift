// SPDX-License-Identifier: Apache-2.0

/// A certificate for this machine, which is its own authority, and its key: files.
struct Certificate {
    let certificate: String
    let key: String

    /// Nil without `openssl`.
    init?(_ name: String, _ place: Workplace) throws(BenchmarkError) {
        guard let openssl = Machine.find("openssl") else { return nil }
        (certificate, key) = ("\(place.sockets)/\(name).pem", "\(place.sockets)/\(name).key")
        _ = try ChildProcess(
            openssl,
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", key, "-out",
                certificate,
            ],
            environment: ["PATH": "/usr/bin:/bin"],
            log: "\(place.sockets)/openssl.log"
        ).finish(within: 60)
    }
}

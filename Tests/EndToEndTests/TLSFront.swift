// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// A port that speaks TLS in front of a target, with a certificate of its own that only `certificateFile` vouches for.
///
/// In version 2 it speaks HTTP/2 as well, and hands requests on with `HTTP/2` in their first line.
final class TLSFront: Sendable {
    let port: UInt16
    private let files: TLSFiles
    private let process: StartedProcess

    var certificateFile: String { files.certificate }

    /// `name` is what the certificate is for: a name, or `IP:` and an address.
    init(
        of target: RecordingTarget,
        for name: String,
        version: Int = 1,
        hasExpired: Bool = false
    ) async throws {
        files = try TLSFiles(for: name, hasExpired: hasExpired)
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent(version == 2 ? "TLSFront/http2_front.py" : "TLSFront/tls_front.py").path
        process = try StartedProcess(
            "/usr/bin/python3",
            [source, files.certificate, files.key, "\(target.port)"],
            environment: [:]
        )
        try await process.printed.wait(for: "listening", deadline: .seconds(30))
        let found = process.printed.text.firstMatch(of: /listening ([0-9]+)/).flatMap { UInt16($0.1) }
        guard let found else { throw NeverPrinted(word: "listening", printed: process.printed.text) }
        port = found
    }

    deinit { process.signal(SIGKILL) }
}

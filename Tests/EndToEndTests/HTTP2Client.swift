// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// A client of the tests' own that speaks HTTP/2 with a server over TLS, and sends right and wrong frames alike.
struct HTTP2Client {
    let port: String
    let certificate: String

    /// A stream with a request.
    struct Stream: Codable, Sendable {
        var fields: [[String]]
        var body: String?
        var trailers: [[String]]?
        /// Whether it is reset as soon as it is sent.
        var reset: Bool?
    }

    /// Streams that are sent one behind the other; the answer is that to the last one.
    struct Plan: Encodable {
        var streams: [Stream]
        /// Once the answer holds this, the stream is reset.
        var leave: String?
    }

    init(_ server: RunningServer, _ files: TLSFiles) throws {
        let address = server.log.firstMatch(of: /https:\/\/127\.0\.0\.1:([0-9]+)/)
        guard let address else { throw NeverPrinted(word: "https", printed: server.log) }
        port = String(address.1)
        certificate = files.certificate
    }

    /// Returns what came: `WHOLE`, or how the stream or the connection ended, and the answer in the form of HTTP/1.1.
    func exchange(_ plan: Plan) async throws -> String {
        let input = Array(try JSONEncoder().encode(plan))
        let result = try await run("/usr/bin/python3", [Self.source, port, certificate], input: input)
        return result.output + result.errors
    }

    /// A request to the proxy.
    static func request(_ method: String, to url: String, token: String, fields: [[String]] = []) -> Stream {
        let pseudo = [[":method", method], [":scheme", "https"], [":authority", "attache"], [":path", "/v1/proxy"]]
        return Stream(fields: pseudo + [["authorization", "Bearer \(token)"], ["x-target-url", url]] + fields)
    }

    private static let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("HTTP2Client/http2_client.py").path
}

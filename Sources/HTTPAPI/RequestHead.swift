// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypesHTTP1

/// The head of a request, whatever carries it.
final class RequestHead: Sendable {
    let method: HTTPRequest.Method
    /// With the query; nil where there is none.
    let path: String?
    let fields: HTTPFields
    private let scheme: String?
    private let authority: String?
    /// Whether it is of HTTP/1.0, whose clients know no chunks.
    let isOld: Bool
    /// Whether nothing that follows it over its connection is another request.
    let isLast: Bool
    /// Whether the client sends its body only when it is told to (RFC 9110 §10.1.1).
    let waitsWithBody: Bool
    /// The length that it says its body has; 0 where it says none.
    let bodyBytes: Int

    /// The same in the type that routes take.
    var request: HTTPRequest {
        HTTPRequest(method: method, scheme: scheme, authority: authority, path: path, headerFields: fields)
    }

    /// Of a stream of HTTP/2.
    init(_ request: HTTPRequest) {
        method = request.method
        path = request.path
        fields = request.headerFields
        scheme = request.scheme
        authority = request.authority
        isOld = false
        isLast = false
        waitsWithBody = fields[.expect].map(Self.means100) ?? false
        bodyBytes = fields[.contentLength].flatMap { Int($0) } ?? 0
    }

    /// Of a connection of HTTP/1.1; throws a ``FramingFault`` where not everybody reads it as the same request.
    init(_ head: HTTPRequestHead) throws {
        var fields = HTTPFields()
        fields.reserveCapacity(head.headers.count)
        var hosts: [String] = []
        var codings = 0
        var isLast = head.version != .http1_1 && !head.isKeepAlive
        var waits = false
        var bodyBytes = 0
        for (name, value) in head.headers {
            // The parser takes no name that is none.
            guard let name = HTTPField.Name(name) else { continue }
            // By length first: this runs for every field of every request.
            switch name.canonicalName.utf8.count {
            case 4 where name.canonicalName == "host":
                hosts.append(value)
                continue
            case 6 where name == .expect: waits = Self.means100(value)
            // A parser that saw `Upgrade` reads no further request (RFC 9110 §7.8).
            case 7 where name == .upgrade: isLast = true
            case 10 where name == .connection: isLast = isLast || value.lowercased().contains("close")
            case 14 where name == .contentLength: bodyBytes = Int(value) ?? 0
            case 17 where name == .transferEncoding: codings += Self.isChunked(value) ? 1 : 2
            default: break
            }
            fields.append(HTTPField(name: name, value: value))
        }
        let isOld = head.version != .http1_1
        if hosts.count > 1 || hosts.isEmpty && !isOld { throw FramingFault.host }
        if codings > 1 || codings == 1 && isOld { throw FramingFault.transferCoding }
        // A target that is no path may hold a whole URL, which the library reads.
        path = head.uri.utf8.first == UInt8(ascii: "/") ? head.uri : try Self.path(of: head)
        method = try HTTPRequest.Method(head.method)
        scheme = "http"
        authority = hosts.first
        self.fields = fields
        self.isOld = isOld
        self.isLast = isLast
        self.waitsWithBody = waits
        self.bodyBytes = bodyBytes
    }

    private static func path(of head: HTTPRequestHead) throws -> String? {
        try HTTPRequest(head, secure: false, splitCookie: false).path
    }

    private static func means100(_ expectation: String) -> Bool { expectation.lowercased() == "100-continue" }

    private static func isChunked(_ coding: String) -> Bool {
        // The parser leaves blanks behind a value.
        coding.lowercased().split(whereSeparator: { $0 == " " || $0 == "\t" }) == ["chunked"]
    }
}

/// A request as it comes, part by part.
enum RequestPart {
    case head(RequestHead)
    case body(ByteBuffer)
    /// With the trailers.
    case end(HTTPFields?)
}

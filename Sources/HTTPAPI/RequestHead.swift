// SPDX-License-Identifier: Apache-2.0

internal import HTTPMessages
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

    /// Of a connection of HTTP/1.1.
    init(_ lines: RequestLines) {
        method = lines.method
        // A target that is no path may hold a whole URL, which the library reads.
        path = lines.target.utf8.first == UInt8(ascii: "/") ? lines.target : Self.path(of: lines)
        var fields = HTTPFields()
        // At once: the library takes a single field by way of a collection of one.
        fields.replaceSubrange(0..<0, with: lines.fields)
        self.fields = fields
        scheme = "http"
        authority = lines.host
        isOld = lines.isOld
        isLast = lines.isLast
        waitsWithBody = lines.waitsWithBody
        bodyBytes = lines.length ?? 0
    }

    private static func path(of lines: RequestLines) -> String? {
        let head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(lines.method), uri: lines.target)
        return (try? HTTPRequest(head, secure: false, splitCookie: false))?.path
    }

    private static func means100(_ expectation: String) -> Bool { expectation.lowercased() == "100-continue" }
}

/// A request as it comes, part by part.
enum RequestPart {
    case head(RequestHead)
    case body(ByteBuffer)
    /// With the trailers.
    case end(HTTPFields?)
}

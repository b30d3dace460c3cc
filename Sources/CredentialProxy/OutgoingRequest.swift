// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import ProxyRules
internal import VaultCore

/// What goes to a target, before the credential is in it.
struct OutgoingRequest: Sendable {
    let method: String
    let fields: HTTPFields
    /// Nil where there is none (RFC 9112 §6).
    private(set) var body: (any AsyncSequence<ByteBuffer, any Error> & Sendable)?
    let executor: (any TaskExecutor)?
    /// Whether it asks for a WebSocket (RFC 6455 §4.1); any other upgrade is not forwarded.
    let isWebSocket: Bool

    init(method: String, fields: HTTPFields) {
        self.method = method
        self.fields = fields
        body = nil
        executor = nil
        isWebSocket = false
    }

    init(_ request: ProxyRequest, method: String) {
        self.method = method
        fields = request.fields
        let hasBody = fields[.transferEncoding] != nil || fields[.contentLength].map { $0 != "0" } ?? false
        body = hasBody ? request.body : nil
        executor = request.executor
        isWebSocket =
            method == "GET" && !hasBody && fields.contains(.upgrade)
            && fields[values: .upgrade].map { $0.lowercased() } == ["websocket"]
            && fields[values: .connection].contains { $0.lowercased().contains("upgrade") }
    }

    /// Whether it can be sent a second time.
    var isRepeatable: Bool { body == nil || body is KeptBody }

    func with(_ body: KeptBody) -> OutgoingRequest {
        var request = self
        request.body = body
        return request
    }

    var contentLength: Int? { fields[.contentLength].flatMap { Int($0) } }

    /// RFC 9110 §9.2.2.
    var isIdempotent: Bool { ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"].contains(method) }

    /// The head as it is sent, but for the fields that the credential sets.
    func head(
        to target: TargetURL,
        _ grant: ProxyGrant,
        _ credential: RenderedCredential,
        via name: String
    ) -> HTTPRequestHead {
        var headers = HTTPHeaders()
        headers.reserveCapacity(fields.count + 4)
        headers.add(name: "host", value: target.authority)
        for field in HeaderRules.forwarded(fields, injected: credential.fieldNames) where field.name != .via {
            // What an extension does to frames could hide the credential from the scrubber.
            if field.name == .secWebSocketExtensions { continue }
            headers.add(name: field.name.rawName, value: field.value)
        }
        if isWebSocket {
            headers.add(name: "connection", value: "Upgrade")
            headers.add(name: "upgrade", value: "websocket")
        }
        // Anything else could hide the credential from the scrubber.
        headers.add(name: "accept-encoding", value: "identity")
        let via = fields[values: .via] + ["1.1 \(name)"]
        headers.add(name: "via", value: via.joined(separator: ", "))
        if let length = fields[.contentLength] {
            headers.add(name: "content-length", value: length)
        } else if fields[.transferEncoding] != nil {
            headers.add(name: "transfer-encoding", value: "chunked")
        }
        let query = RenderedCredential.query(target.query, without: grant.presentation.parameter)
        return HTTPRequestHead(
            version: .http1_1,
            method: HTTPMethod(rawValue: method),
            uri: target.path + (query.map { "?\($0)" } ?? ""),
            headers: headers
        )
    }
}

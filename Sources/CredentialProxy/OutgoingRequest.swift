// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import NIOCore
internal import ProxyRules

/// What goes to a target, before the credential is in it.
struct OutgoingRequest: Sendable {
    let method: String
    let fields: HTTPFields
    /// As many as the fields have at most as lines of a head.
    let fieldBytes: Int
    /// Nil where there is none (RFC 9112 §6).
    private(set) var body: (any AsyncSequence<ByteBuffer, any Error> & Sendable)?
    let executor: (any TaskExecutor)?
    /// Whether it asks for a WebSocket (RFC 6455 §4.1); any other upgrade is not forwarded.
    let isWebSocket: Bool
    /// What `Content-Length` says.
    let length: String?
    /// Whether it has a body whose length is not said.
    let isChunked: Bool
    /// Through whom it came (RFC 9110 §7.6.3).
    let via: [String]
    /// Whether a token of the vault is in the name of a field.
    let namesToken: Bool
    /// How long is waited for each part of the answer; nil for as long as the settings say.
    let patience: Duration?

    init(method: String, fields: HTTPFields, patience: Duration) {
        self.init(method: method, fields, nil, nil, patience)
    }

    init(_ request: borrowing ProxyRequest, method: String) {
        self.init(method: method, request.fields, request.body, request.executor, nil)
    }

    private init(
        method: String,
        _ fields: HTTPFields,
        _ body: (any AsyncSequence<ByteBuffer, any Error> & Sendable)?,
        _ executor: (any TaskExecutor)?,
        _ patience: Duration?
    ) {
        var bytes = 0
        var hasLength = false
        var hasCoding = false
        var hasVia = false
        var hasUpgrade = false
        var namesToken = false
        for field in fields {
            // By length first: this runs for every field of every request.
            switch field.name.canonicalName.utf8.count {
            case 3 where field.name == .via: hasVia = true
            case 7 where field.name == .upgrade: hasUpgrade = true
            case 14 where field.name == .contentLength: hasLength = true
            case 17 where field.name == .transferEncoding: hasCoding = true
            default: break
            }
            namesToken = namesToken || HeaderRules.holdsToken(field.name.canonicalName)
            bytes += field.name.rawName.utf8.count + field.value.utf8.count + 4
        }
        self.method = method
        self.fields = fields
        fieldBytes = bytes
        length = hasLength ? fields[.contentLength] : nil
        isChunked = hasCoding && !hasLength
        via = hasVia ? fields[values: .via] : []
        let hasBody = hasCoding || hasLength && length != "0"
        self.body = hasBody ? body : nil
        self.executor = executor
        isWebSocket =
            hasUpgrade && method == "GET" && !hasBody
            && fields[values: .upgrade].map { $0.lowercased() } == ["websocket"]
            && fields[values: .connection].contains { $0.lowercased().contains("upgrade") }
        self.namesToken = namesToken
        self.patience = patience
    }

    /// Whether it can be sent a second time.
    var isRepeatable: Bool { body == nil || body is KeptBody }

    func with(_ body: KeptBody) -> OutgoingRequest {
        var request = self
        request.body = body
        return request
    }

    var contentLength: Int? { length.flatMap { Int($0) } }

    /// RFC 9110 §9.2.2.
    var isIdempotent: Bool {
        switch method {
        case "GET", "HEAD", "OPTIONS", "PUT", "DELETE": true
        default: false
        }
    }
}

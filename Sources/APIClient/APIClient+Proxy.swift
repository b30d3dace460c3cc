// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
package import VaultModel

/// A request for a target of the proxy.
package struct ProxiedRequest: Sendable {
    package var token: SharedSecret
    package var url: String
    package var method: String
    package var fields: [(name: String, value: String)]
    package var body: [UInt8]?

    package init(
        token: SharedSecret,
        url: String,
        method: String,
        fields: [(name: String, value: String)] = [],
        body: [UInt8]? = nil
    ) {
        self.token = token
        self.url = url
        self.method = method
        self.fields = fields
        self.body = body
    }
}

/// What a target answered.
package struct ProxiedAnswer: Sendable {
    package let status: Int
    package let fields: [(name: String, value: String)]
}

extension APIClient {
    /// Sends a request through the proxy and lends the pieces of the answer's body as they come.
    ///
    /// Throws for errors of the server's own only: what a target says is an answer, whatever its status.
    package func proxy(
        _ request: ProxiedRequest,
        _ body: ([UInt8]) throws -> Void
    ) async throws -> ProxiedAnswer {
        var message = try message(ofProxied: request)
        if let bytes = request.body { message.body = .bytes(bytes) }
        let response: HTTPClientResponse
        do {
            response = try await execute(message, timeout: .minutes(60))
        } catch {
            throw APIClientError(error, at: address)
        }
        guard response.headers["Attache-Error"].isEmpty else {
            let refusal = (try? await response.body.collect(upTo: 1 << 20)) ?? ByteBuffer()
            throw APIClientError(status: Int(response.status.code), body: refusal)
        }
        var pieces = response.body.makeAsyncIterator()
        while true {
            let piece: ByteBuffer?
            do { piece = try await pieces.next() } catch { throw APIClientError(error, at: address) }
            guard let piece else { break }
            try body(Array(piece.readableBytesView))
        }
        return ProxiedAnswer(
            status: Int(response.status.code),
            fields: response.headers.map { (name: $0.name, value: $0.value) }
        )
    }

    private func message(ofProxied request: ProxiedRequest) throws(APIClientError) -> HTTPClientRequest {
        var message = HTTPClientRequest(url: base + "/v1/proxy")
        // A method of its own goes in a field: what HTTP libraries make of unusual ones differs.
        message.method = request.body == nil ? .GET : .POST
        for (name, value) in request.fields {
            guard !name.isEmpty, (name + value).utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw .protocolError("a header has a control character or no name")
            }
            message.headers.add(name: name, value: value)
        }
        let token = request.token.bytes.withBytes { String(decoding: $0, as: UTF8.self) }
        guard (token + request.url + request.method).utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .protocolError("the token, the URL or the method has a blank or a control character")
        }
        message.headers.replaceOrAdd(name: "Authorization", value: "Bearer \(token)")
        message.headers.replaceOrAdd(name: "X-Target-Url", value: request.url)
        message.headers.replaceOrAdd(name: "X-Target-Method", value: request.method)
        if case .socket = address { message.headers.replaceOrAdd(name: "Host", value: "localhost") }
        return message
    }
}

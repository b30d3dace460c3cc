// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import FoundationEssentials
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
package import VaultModel

/// A client of the server's API.
///
/// One method an endpoint, named as the vault names what it does. A reference is an id or a name. A request that was cut
/// off before its answer is sent a second time where that cannot do anything twice.
package struct APIClient: Sendable {
    package let address: ServerAddress
    private let key: SharedSecret?
    private let workspace: String?
    private let http: HTTPClient

    /// What a list may hold in one page.
    package static let maximumPageSize = 500

    /// Lends a client for the length of `body` and closes its connections afterwards.
    ///
    /// `key` is a workspace key or a session's token; over the socket it wins over who the caller is. `workspace` is the
    /// id or the name of the one that requests are about. `certificates` is a PEM file that is trusted instead of the
    /// system's.
    package static func withClient<Result>(
        of address: ServerAddress,
        key: SharedSecret? = nil,
        workspace: String? = nil,
        certificates: String? = nil,
        userAgent: String,
        _ body: (APIClient) async throws -> Result
    ) async throws -> Result {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(5)
        // A socket that nothing listens on is not going to listen within the timeout.
        configuration.connectionPool.retryConnectionEstablishment = false
        if let certificates {
            do {
                let trusted = try NIOSSLCertificate.fromPEMFile(certificates)
                guard !trusted.isEmpty else { throw APIClientError.unusableCertificates(path: certificates) }
                var tls = TLSConfiguration.makeClientConfiguration()
                tls.trustRoots = .certificates(trusted)
                configuration.tlsConfiguration = tls
            } catch {
                throw APIClientError.unusableCertificates(path: certificates)
            }
        }
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let client = APIClient(address: address, key: key, workspace: workspace, http: http, userAgent: userAgent)
        do {
            let result = try await body(client)
            try await http.shutdown()
            return result
        } catch {
            try? await http.shutdown()
            throw error
        }
    }

    private let userAgent: String

    private init(address: ServerAddress, key: SharedSecret?, workspace: String?, http: HTTPClient, userAgent: String) {
        self.address = address
        self.key = key
        self.workspace = workspace
        self.http = http
        self.userAgent = userAgent
    }

    func call<Answer: Decodable>(
        _ request: APIRequest,
        returning: Answer.Type = Answer.self
    ) async throws(APIClientError) -> Answer {
        let body = try await send(request)
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(body.readableBytesView))
        } catch {
            throw .protocolError("the answer is not one of this API")
        }
    }

    /// Lends the body of a success.
    func call<Result>(
        _ request: APIRequest,
        _ body: (UnsafeRawBufferPointer) -> Result
    ) async throws(APIClientError) -> Result {
        let answer = try await send(request)
        return answer.withUnsafeReadableBytes(body)
    }

    /// Sends a request whose answer has no content.
    func call(_ request: APIRequest) async throws(APIClientError) {
        _ = try await send(request)
    }

    /// Lends the body of a success in pieces, without a limit to its length.
    func stream(_ request: APIRequest, _ body: ([UInt8]) throws -> Void) async throws {
        let response: HTTPClientResponse
        do {
            response = try await http.execute(message(of: request), deadline: .now() + request.timeout)
        } catch {
            throw APIClientError(error, at: address)
        }
        guard (200..<300).contains(response.status.code) else {
            let refusal = (try? await response.body.collect(upTo: 1 << 20)) ?? ByteBuffer()
            throw APIClientError(status: Int(response.status.code), body: refusal)
        }
        var pieces = response.body.makeAsyncIterator()
        while true {
            let piece: ByteBuffer?
            do { piece = try await pieces.next() } catch { throw APIClientError(error, at: address) }
            guard let piece else { return }
            try body(Array(piece.readableBytesView))
        }
    }

    private func send(_ request: APIRequest) async throws(APIClientError) -> ByteBuffer {
        do {
            return try await sendOnce(request)
        } catch .unreachable(_, .connectionClosed) where request.isRepeatable {
            return try await sendOnce(request)
        }
    }

    private func sendOnce(_ request: APIRequest) async throws(APIClientError) -> ByteBuffer {
        let status: HTTPResponseStatus
        let body: ByteBuffer
        do {
            let deadline = NIODeadline.now() + request.timeout
            let response = try await http.execute(message(of: request), deadline: deadline)
            status = response.status
            body = try await response.body.collect(upTo: 64 << 20)
        } catch {
            throw APIClientError(error, at: address)
        }
        guard (200..<300).contains(status.code) else { throw APIClientError(status: Int(status.code), body: body) }
        return body
    }

    /// What stands before a path.
    var base: String {
        switch address {
        case .socket(let path): "http+unix://\(percentEncoded(path))"
        case .url(let url): url
        }
    }

    func execute(_ message: HTTPClientRequest, timeout: TimeAmount) async throws -> HTTPClientResponse {
        try await http.execute(message, deadline: .now() + timeout)
    }

    private func message(of request: APIRequest) -> HTTPClientRequest {
        var message = HTTPClientRequest(url: base + request.uri)
        message.method = request.method
        message.headers = request.headers
        message.headers.add(name: "Accept", value: "application/json")
        message.headers.add(name: "User-Agent", value: userAgent)
        // A socket's path is no host name.
        if case .socket = address { message.headers.add(name: "Host", value: "localhost") }
        if let token = request.token ?? key?.bytes.withBytes({ String(decoding: $0, as: UTF8.self) }) {
            message.headers.add(name: "Authorization", value: "Bearer \(token)")
        }
        if let workspace { message.headers.add(name: "Attache-Workspace", value: percentEncoded(workspace)) }
        if let body = request.body { message.body = .bytes(body) }
        return message
    }
}

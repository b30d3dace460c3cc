// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1

/// The API of a container engine, over its Unix socket: what docker and podman answer alike.
package struct EngineClient: Sendable {
    /// Where docker and podman listen unless told otherwise.
    package static let defaultSockets = ["/run/docker.sock", "/run/podman/podman.sock"]

    package let socket: String
    private let http: HTTPClient

    /// Lends a client of each engine for the length of `body`.
    package static func withClients<Result>(
        of sockets: [String],
        _ body: ([EngineClient]) async throws -> Result
    ) async throws -> Result {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(5)
        configuration.connectionPool.retryConnectionEstablishment = false
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let result = try await body(sockets.map { EngineClient(socket: $0, http: http) })
            try await http.shutdown()
            return result
        } catch {
            try? await http.shutdown()
            throw error
        }
    }

    private init(socket: String, http: HTTPClient) {
        self.socket = socket
        self.http = http
    }

    /// Whether the engine has a container of that id; one that does not answer has none.
    package func has(_ container: String) async -> Bool {
        (try? await send(.GET, "containers/\(container)/json", within: .seconds(10))) != nil
    }

    /// Stops the container, with SIGKILL after `grace`, and starts it again; returns when it runs.
    package func restart(_ container: String, grace: Duration) async throws(EngineError) {
        let seconds = grace.components.seconds
        try await send(.POST, "containers/\(container)/restart?t=\(seconds)", within: .seconds(seconds + 60))
    }

    private func send(_ method: HTTPMethod, _ path: String, within limit: TimeAmount) async throws(EngineError) {
        // A container's id is made of letters, digits and - + . _, so it needs no encoding but for the plus.
        let host = socket.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        var request = HTTPClientRequest(url: "http+unix://\(host)/\(path.replacing("+", with: "%2B"))")
        request.method = method
        request.headers.add(name: "Host", value: "engine")
        let status: HTTPResponseStatus
        let body: ByteBuffer
        do {
            let response = try await http.execute(request, deadline: .now() + limit)
            status = response.status
            body = try await response.body.collect(upTo: 4 << 20)
        } catch {
            throw .unreachable(socket: socket)
        }
        guard !(200..<300).contains(status.code) else { return }
        let message = try? JSONDecoder().decode(Message.self, from: Data(body.readableBytesView)).message
        throw .refused(message ?? "status \(status.code)")
    }

    /// How both engines word an error.
    private struct Message: Decodable {
        let message: String
    }
}

/// Why an engine did not do what it was asked.
package enum EngineError: Error, Equatable {
    case unreachable(socket: String)
    /// In the engine's own words.
    case refused(String)
}

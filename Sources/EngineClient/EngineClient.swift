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

    /// The ids of the running containers that have a label of that value; none where the engine does not answer.
    package func containers(labelled label: String, _ value: String) async -> [String] {
        guard let filter = try? JSONEncoder().encode(["label": ["\(label)=\(value)"]]),
            let text = String(decoding: filter, as: UTF8.self)
                .addingPercentEncoding(withAllowedCharacters: .alphanumerics),
            let answer = try? await send(.GET, "containers/json?filters=\(text)", within: .seconds(10)),
            let containers = try? JSONDecoder().decode([Listed].self, from: answer)
        else { return [] }
        return containers.map(\.id)
    }

    /// What the wrapper in a container calls its starts unless an option says otherwise: `ATTACHE_INSTANCE`, or the host name.
    package func replica(of container: String) async -> String? {
        guard let answer = try? await send(.GET, "containers/\(container)/json", within: .seconds(10)),
            let settings = try? JSONDecoder().decode(Inspected.self, from: answer).settings
        else { return nil }
        let name = "ATTACHE_INSTANCE="
        let told = settings.environment?.last { $0.hasPrefix(name) }?.dropFirst(name.count) ?? ""
        return told.isEmpty ? settings.hostName : String(told)
    }

    /// Stops the container, with SIGKILL after `grace`, and starts it again; returns when it runs.
    package func restart(_ container: String, grace: Duration) async throws(EngineError) {
        let seconds = grace.components.seconds
        try await send(.POST, "containers/\(container)/restart?t=\(seconds)", within: .seconds(seconds + 60))
    }

    @discardableResult
    private func send(
        _ method: HTTPMethod,
        _ path: String,
        within limit: TimeAmount
    ) async throws(EngineError) -> Data {
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
        let bytes = Data(body.readableBytesView)
        guard !(200..<300).contains(status.code) else { return bytes }
        let message = try? JSONDecoder().decode(Message.self, from: bytes).message
        throw .refused(message ?? "status \(status.code)")
    }

    /// A container of a list.
    private struct Listed: Decodable {
        enum CodingKeys: String, CodingKey {
            case id = "Id"
        }

        let id: String
    }

    private struct Inspected: Decodable {
        enum CodingKeys: String, CodingKey {
            case settings = "Config"
        }

        let settings: Settings
    }

    private struct Settings: Decodable {
        enum CodingKeys: String, CodingKey {
            case hostName = "Hostname"
            case environment = "Env"
        }

        let hostName: String?
        let environment: [String]?
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

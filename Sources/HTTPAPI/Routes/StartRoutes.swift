// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import VaultCore
internal import VaultModel

/// `/api/v1/starts`: a process that is about to run gets its environment, and its supervisor hears of changes.
///
/// `docs/formats/start-protocol.md` has the form.
struct StartRoutes {
    let vault: Vault
    /// Whether a process without a token may be known by its container.
    let takesContainers: Bool
    /// Of requests that come over the network; nil where they do not.
    var limits: RequestLimits?

    var routes: [Route] {
        [
            Route(.post, "/api/v1/starts", handle: start), Route(.delete, "/api/v1/starts/{id}", handle: end),
            Route(.get, "/api/v1/starts/{id}/changes", handle: changes),
        ]
    }

    @Sendable private func start(_ reader: RequestReader) async throws -> Response {
        try reader.noQuery()
        let headers = reader.request.headers
        guard let replica = headers[.attacheInstance] else {
            throw APIFailure(.invalidField, "the header is missing", field: "Attache-Instance")
        }
        guard let startID = headers[.attacheStart] else {
            throw APIFailure(.invalidField, "the header is missing", field: "Attache-Start")
        }
        let forwarding = try headers[.attacheForward].map { text in
            guard let port = UInt16(text), port > 0 else {
                throw APIFailure(.invalidField, "a port is a number from 1 to 65535", field: "Attache-Forward")
            }
            return port
        }
        // The request has no body; what is sent all the same must not stay on the connection.
        _ = try await reader.bytes(upTo: 1_024)
        let answer = try await vault.start(
            StartRequest(
                token: token(of: reader),
                replica: replica,
                startID: startID,
                isSession: headers[.attacheSession] == "1",
                isSupervised: headers[.attacheSupervised] == "1",
                forwardingPort: forwarding,
                peer: peer(of: reader)
            )
        )
        var fields: HTTPFields = [
            .contentType: "application/vnd.attache.environment", .attacheReceipt: answer.receipt,
        ]
        if !answer.allowedNames.isEmpty {
            fields[.attacheAllowedNames] = answer.allowedNames.joined(separator: " ")
        }
        if let names = Self.oneField(answer.readableNames) { fields[.attacheReadableNames] = names }
        let body = answer.environment.bytes.withBytes { ByteBuffer(bytes: $0) }
        return Response(status: .ok, headers: fields, body: ResponseBody(byteBuffer: body))
    }

    /// As many of the names as the head of an answer has room for: one that is left out is taken for a secret's.
    private static func oneField(_ names: [String]) -> String? {
        var field = ""
        for name in names where field.utf8.count + name.utf8.count < 16 << 10 {
            field += field.isEmpty ? name : " " + name
        }
        return field.isEmpty ? nil : field
    }

    /// The token that is shown; counted where requests are.
    private func token(of reader: RequestReader) throws -> [UInt8]? {
        let token = try reader.request.bearerToken()
        if let limits, let token { try limits.charge(agentToken: token) }
        return token
    }

    @Sendable private func end(_ reader: RequestReader) async throws -> Response {
        try reader.noQuery()
        try await vault.endInstance(
            reader.places[0],
            token: token(of: reader),
            peer: peer(of: reader)
        )
        return .noContent
    }

    /// Who asks without a token, as the kernel tells.
    private func peer(of reader: RequestReader) async throws -> PeerProcess? {
        guard takesContainers, try reader.request.bearerToken() == nil else { return nil }
        return await reader.context.peerProcess()
    }

    @Sendable private func changes(_ reader: RequestReader) async throws -> Response {
        let query = try reader.query(["wait", "seen"])
        let request = ChangeRequest(
            token: try token(of: reader),
            receipt: reader.places[0],
            seen: query.text("seen"),
            wait: .seconds(try query.seconds("wait", 1...300) ?? 60),
            peer: try await peer(of: reader)
        )
        let answer = try await reader.waiting { try await vault.changes(request, $0) }
        var fields: HTTPFields = [
            .attacheChange: answer.change.rawValue, .attacheEnvironment: answer.environment,
        ]
        if !answer.names.isEmpty { fields[.attacheChangedNames] = answer.names.joined(separator: " ") }
        return Response(status: .noContent, headers: fields)
    }
}

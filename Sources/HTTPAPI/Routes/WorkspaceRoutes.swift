// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes
internal import Hummingbird
internal import VaultCore

/// `/api/v1/workspace`.
struct WorkspaceRoutes {
    let vault: Vault
    let identity: Identity

    var routes: [Route] {
        [
            Route(.get, "/api/v1/workspace/status", handle: status),
            Route(.get, "/api/v1/workspace/api-keys", handle: apiKeys),
            Route(.post, "/api/v1/workspace/api-keys", handle: createAPIKey),
            Route(.post, "/api/v1/workspace/api-keys/{id}/rotate", handle: rotateAPIKey),
            Route(.post, "/api/v1/workspace/api-key/rotate", handle: rotateAPIKey),
            Route(.delete, "/api/v1/workspace/api-keys/{id}", handle: revokeAPIKey),
        ]
    }

    @Sendable private func status(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        return try .json(await vault.status(by: caller))
    }

    @Sendable private func apiKeys(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        return try .json(await vault.apiKeys(by: caller))
    }

    @Sendable private func createAPIKey(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (body, bytes) = try await reader.json(CreateAPIKeyBody.self)
        return try .json(
            await vault.createAPIKey(body, by: caller, once: reader.once(bytes)),
            status: .created
        )
    }

    @Sendable private func rotateAPIKey(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (body, bytes) = try await reader.json(RotateGatewayTokenBody.self, or: RotateGatewayTokenBody())
        let once = try reader.once(bytes)
        return try .json(await vault.rotateAPIKey(reader.places.first, body, by: caller, once: once))
    }

    @Sendable private func revokeAPIKey(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        try await vault.revokeAPIKey(reader.places[0], by: caller)
        return .noContent
    }
}

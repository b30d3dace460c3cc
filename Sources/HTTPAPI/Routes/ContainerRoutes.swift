// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes
internal import Hummingbird
internal import VaultCore

/// `/api/v1/containers`, on the operator's socket: what the hooks of container engines tell.
struct ContainerRoutes {
    let vault: Vault
    let identity: Identity

    var routes: [Route] {
        [
            Route(.get, "/api/v1/containers", handle: list),
            Route(.put, "/api/v1/containers/{id}", handle: register),
            Route(.delete, "/api/v1/containers/{id}", handle: end),
        ]
    }

    @Sendable private func list(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(of: reader.request, context: reader.context)
        try reader.noQuery()
        return try .json(await vault.containers(by: caller))
    }

    @Sendable private func register(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(of: reader.request, context: reader.context)
        try reader.noQuery()
        let (body, _) = try await reader.json(RegisterContainerBody.self)
        return try .json(await vault.registerContainer(reader.places[0], body, by: caller))
    }

    @Sendable private func end(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(of: reader.request, context: reader.context)
        try reader.noQuery()
        try await vault.endContainer(reader.places[0], by: caller)
        return .noContent
    }
}

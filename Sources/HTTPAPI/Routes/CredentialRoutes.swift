// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes
internal import Hummingbird
internal import VaultCore

/// `/api/v1/credentials`, and their attachments to agents.
struct CredentialRoutes {
    let vault: Vault
    let identity: Identity
    /// Sends what tests a credential; nil where nothing is forwarded.
    let forwarding: (any Forwarding)?

    var routes: [Route] {
        [
            Route(.get, "/api/v1/credentials", handle: list), Route(.post, "/api/v1/credentials", handle: create),
            Route(.get, "/api/v1/providers", handle: listProviders),
            Route(.get, "/api/v1/credentials/{id}", handle: show),
            Route(.patch, "/api/v1/credentials/{id}", handle: update),
            Route(.delete, "/api/v1/credentials/{id}", handle: delete),
            Route(.post, "/api/v1/credentials/{id}/revoke", handle: revoke),
            Route(.post, "/api/v1/credentials/{id}/test", handle: test),
            Route(.post, "/api/v1/credentials/{id}/move", handle: move),
            Route(.post, "/api/v1/agents/{id}/credentials", handle: attach),
            Route(.delete, "/api/v1/agents/{id}/credentials/{credentialId}", handle: detach),
            Route(.post, "/api/v1/agents/{id}/credentials/{credentialId}/rotate", handle: rotate),
            Route(.post, "/api/v1/agents/{id}/providers", handle: attachProvider),
            Route(.delete, "/api/v1/agents/{id}/providers/{provider}", handle: detachProvider),
            Route(.post, "/api/v1/agents/{id}/providers/{provider}/rotate", handle: rotateProvider),
        ]
    }

    @Sendable private func list(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(of: reader)
        let query = try reader.query(["limit", "cursor", "q", "revoked"])
        return try .json(
            await vault.credentials(query.page(), areRevoked: query.flag("revoked"), by: caller)
        )
    }

    @Sendable private func listProviders(_ reader: RequestReader) async throws -> Response {
        try await .json(vault.providers(by: identity.caller(withoutQuery: reader)))
    }

    @Sendable private func create(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (body, bytes) = try await reader.json(CreateCredentialBody.self)
        let made = try await vault.createCredential(body, by: caller, once: reader.once(bytes))
        return try .json(made, status: .created, headers: [.location: "/api/v1/credentials/\(made.id)"])
    }

    @Sendable private func show(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let body = try await vault.credential(reader.places[0], by: caller)
        return try .json(body, version: body.version)
    }

    @Sendable private func update(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (change, _) = try await reader.json(UpdateCredentialBody.self)
        let body = try await vault.updateCredential(
            reader.places[0],
            change,
            ifVersion: reader.ifMatch(),
            by: caller
        )
        return try .json(body, version: body.version)
    }

    @Sendable private func delete(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        try await vault.deleteCredential(reader.places[0], by: caller)
        return .noContent
    }

    @Sendable private func revoke(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let bytes = try await reader.bytes(upTo: 1_024)
        return try .json(await vault.revokeCredential(reader.places[0], by: caller, once: reader.once(bytes)))
    }

    @Sendable private func test(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        _ = try await reader.bytes(upTo: 1_024)
        guard let forwarding else { throw APIFailure(.notFound, "this server has no proxy") }
        return try .json(await forwarding.test(reader.places[0], by: caller))
    }

    @Sendable private func move(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (body, bytes) = try await reader.json(MoveCredentialBody.self)
        return try .json(
            await vault.moveCredential(reader.places[0], body, by: caller, once: reader.once(bytes))
        )
    }

    @Sendable private func attachProvider(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (body, bytes) = try await reader.json(AttachProviderBody.self)
        return try .json(
            await vault.attachProvider(body, to: reader.places[0], by: caller, once: reader.once(bytes)),
            status: .created
        )
    }

    @Sendable private func detachProvider(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        try await vault.detachProvider(reader.places[1], from: reader.places[0], by: caller)
        return .noContent
    }

    @Sendable private func rotateProvider(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (body, bytes) = try await reader.json(RotateGatewayTokenBody.self, or: RotateGatewayTokenBody())
        return try .json(
            await vault.rotateProxyToken(
                ofProvider: reader.places[1],
                on: reader.places[0],
                body,
                by: caller,
                once: reader.once(bytes)
            )
        )
    }

    @Sendable private func attach(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (body, bytes) = try await reader.json(AttachCredentialBody.self)
        return try .json(
            await vault.attachCredential(body, to: reader.places[0], by: caller, once: reader.once(bytes)),
            status: .created
        )
    }

    @Sendable private func detach(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        try await vault.detachCredential(reader.places[1], from: reader.places[0], by: caller)
        return .noContent
    }

    @Sendable private func rotate(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (body, bytes) = try await reader.json(RotateGatewayTokenBody.self, or: RotateGatewayTokenBody())
        return try .json(
            await vault.rotateProxyToken(
                of: reader.places[1],
                on: reader.places[0],
                body,
                by: caller,
                once: reader.once(bytes)
            )
        )
    }
}

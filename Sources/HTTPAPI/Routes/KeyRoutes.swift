// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes
internal import Hummingbird
internal import VaultCore

/// `/api/v1/keys`, on the operator's socket.
struct KeyRoutes {
    let vault: Vault
    let identity: Identity

    var routes: [Route] {
        [
            Route(.get, "/api/v1/keys", handle: keys),
            Route(.post, "/api/v1/keys/master", handle: addMasterKey),
            Route(.delete, "/api/v1/keys/master/{id}", handle: dropMasterKey),
            Route(.post, "/api/v1/keys/rotations", handle: beginRotation),
            Route(.post, "/api/v1/keys/shred", handle: shredUser),
            Route(.get, "/api/v1/keys/verify", handle: verify),
        ]
    }

    @Sendable private func keys(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        return try .json(await vault.keys(by: caller))
    }

    @Sendable private func addMasterKey(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (body, bytes) = try await reader.json(AddMasterKeyBody.self)
        return try .json(await vault.addMasterKey(body, by: caller, once: reader.once(bytes)), status: .created)
    }

    @Sendable private func dropMasterKey(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        try await vault.dropMasterKey(reader.places[0], by: caller)
        return .noContent
    }

    @Sendable private func beginRotation(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (body, bytes) = try await reader.json(RotateKeysBody.self)
        return try .json(await vault.beginRotation(body, by: caller, once: reader.once(bytes)), status: .created)
    }

    @Sendable private func shredUser(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (body, bytes) = try await reader.json(ShredUserBody.self)
        return try .json(await vault.shredUser(body, by: caller, once: reader.once(bytes)))
    }

    @Sendable private func verify(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        return try .json(await vault.verifyEverything(by: caller))
    }
}

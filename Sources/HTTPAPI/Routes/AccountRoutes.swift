// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes
internal import Hummingbird
internal import VaultCore

/// `/api/v1/session`, `/api/v1/account` and `/api/v1/users`: people and how they log in.
struct AccountRoutes {
    let vault: Vault
    let identity: Identity

    var routes: [Route] {
        [
            Route(.post, "/api/v1/session", handle: logIn), Route(.delete, "/api/v1/session", handle: logOut),
            Route(.get, "/api/v1/account", handle: account),
            Route(.patch, "/api/v1/account", handle: updateAccount),
            Route(.get, "/api/v1/users", handle: users), Route(.post, "/api/v1/users", handle: createUser),
            Route(.patch, "/api/v1/users/{id}", handle: updateUser),
            Route(.delete, "/api/v1/users/{id}", handle: deleteUser),
        ]
    }

    @Sendable private func logIn(_ reader: RequestReader) async throws -> Response {
        try reader.noQuery()
        let (body, _) = try await reader.json(LoginBody.self)
        return try .json(await vault.logIn(body, from: reader.context.peer), status: .created)
    }

    @Sendable private func logOut(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        try await vault.logOut(by: caller)
        return .noContent
    }

    @Sendable private func account(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        return try .json(await vault.account(by: caller))
    }

    @Sendable private func updateAccount(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (change, _) = try await reader.json(UpdateAccountBody.self)
        return try .json(await vault.updateAccount(change, by: caller, from: reader.context.peer))
    }

    @Sendable private func users(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        return try .json(await vault.users(by: caller))
    }

    @Sendable private func createUser(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (body, bytes) = try await reader.json(CreateUserBody.self)
        return try .json(await vault.createUser(body, by: caller, once: reader.once(bytes)), status: .created)
    }

    @Sendable private func updateUser(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (change, _) = try await reader.json(UpdateUserBody.self)
        return try .json(await vault.updateUser(reader.places[0], change, by: caller))
    }

    @Sendable private func deleteUser(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        return try .json(await vault.deleteUser(reader.places[0], by: caller))
    }
}

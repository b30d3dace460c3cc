// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes
internal import Hummingbird
internal import VaultCore
internal import VaultModel

/// `/api/v1/agents` and what hangs on an agent.
struct AgentRoutes {
    let vault: Vault
    let identity: Identity

    var routes: [Route] {
        [
            Route(.get, "/api/v1/agents", handle: list), Route(.post, "/api/v1/agents", handle: create),
            Route(.get, "/api/v1/agents/{id}", handle: show), Route(.patch, "/api/v1/agents/{id}", handle: update),
            Route(.delete, "/api/v1/agents/{id}", handle: delete),
            Route(.get, "/api/v1/agents/{id}/secrets", handle: attached),
            Route(.post, "/api/v1/agents/{id}/secrets", handle: attach),
            Route(.delete, "/api/v1/agents/{id}/secrets/{secretId}", handle: detach),
            Route(.get, "/api/v1/agents/{id}/instances", handle: instances),
            Route(.post, "/api/v1/agents/{id}/gateway-token/rotate", handle: rotate),
            Route(.post, "/api/v1/agents/{id}/sessions", handle: session),
            Route(.get, "/api/v1/agents/{id}/gateway/restart", handle: restartProgress),
            Route(.post, "/api/v1/agents/{id}/gateway/restart", handle: restart),
        ]
    }

    @Sendable private func list(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(of: reader)
        return try .json(await vault.agents(reader.query(["limit", "cursor", "q"]).page(), by: caller))
    }

    @Sendable private func create(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (body, bytes) = try await reader.json(CreateAgentBody.self)
        let made = try await vault.createAgent(body, by: caller, once: reader.once(bytes))
        return try .json(made, status: .created, headers: [.location: "/api/v1/agents/\(made.id)"])
    }

    @Sendable private func show(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        return try .json(await vault.agent(reader.places[0], by: caller))
    }

    @Sendable private func update(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (change, _) = try await reader.json(UpdateAgentBody.self)
        return try .json(await vault.updateAgent(reader.places[0], change, by: caller))
    }

    @Sendable private func delete(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        try await vault.deleteAgent(reader.places[0], by: caller)
        return .noContent
    }

    @Sendable private func attached(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        return try .json(await vault.attachedSecrets(of: reader.places[0], by: caller))
    }

    @Sendable private func attach(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (body, bytes) = try await reader.json(AttachBody.self)
        return try .json(
            await vault.attach(body, to: reader.places[0], by: caller, once: reader.once(bytes)),
            status: .created
        )
    }

    @Sendable private func detach(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        try await vault.detach(reader.places[1], from: reader.places[0], by: caller)
        return .noContent
    }

    @Sendable private func instances(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(of: reader)
        let page = try reader.query(["limit", "cursor"]).page()
        return try .json(await vault.instances(of: reader.places[0], page, by: caller))
    }

    @Sendable private func rotate(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (body, bytes) = try await reader.json(RotateGatewayTokenBody.self, or: RotateGatewayTokenBody())
        return try .json(
            await vault.rotateGatewayToken(of: reader.places[0], body, by: caller, once: reader.once(bytes))
        )
    }

    @Sendable private func session(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let once = try reader.once([])
        return try .json(await vault.createSession(for: reader.places[0], by: caller, once: once), status: .created)
    }

    @Sendable private func restart(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(of: reader)
        let seconds = try reader.query(["wait"]).seconds("wait", 0...300) ?? 0
        let once = try reader.once([])
        let told = try await vault.restartGateway(reader.places[0], by: caller, once: once)
        guard seconds > 0 else { return try .json(told) }
        return try await restartProgress(of: told.agentId, by: caller, within: seconds, reader)
    }

    @Sendable private func restartProgress(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(of: reader)
        let seconds = try reader.query(["wait"]).seconds("wait", 0...300) ?? 0
        guard seconds > 0 else { return try .json(await vault.restartProgress(of: reader.places[0], by: caller)) }
        return try await restartProgress(of: reader.places[0], by: caller, within: seconds, reader)
    }

    private func restartProgress(
        of agent: String,
        by caller: Caller,
        within seconds: Int,
        _ reader: RequestReader
    ) async throws -> Response {
        let body = try await reader.waiting { wait in
            try await vault.restartProgress(of: agent, by: caller, within: .seconds(seconds), wait)
        }
        return try .json(body)
    }
}

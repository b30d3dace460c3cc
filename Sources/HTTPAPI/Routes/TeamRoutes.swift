// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes
internal import Hummingbird
internal import VaultCore

/// `/api/v1/workspaces`, `/api/v1/workspace` with its members and invitations, and the acceptance of one.
struct TeamRoutes {
    let vault: Vault
    let identity: Identity

    var routes: [Route] {
        [
            Route(.get, "/api/v1/workspaces", handle: workspaces),
            Route(.post, "/api/v1/workspaces", handle: createWorkspace),
            Route(.get, "/api/v1/workspace", handle: workspace),
            Route(.patch, "/api/v1/workspace", handle: updateWorkspace),
            Route(.delete, "/api/v1/workspace", handle: deleteWorkspace),
            Route(.get, "/api/v1/workspace/members", handle: members),
            Route(.patch, "/api/v1/workspace/members/{id}", handle: updateMember),
            Route(.delete, "/api/v1/workspace/members/{id}", handle: removeMember),
            Route(.get, "/api/v1/workspace/invitations", handle: invitations),
            Route(.post, "/api/v1/workspace/invitations", handle: createInvitation),
            Route(.post, "/api/v1/workspace/invitations/{id}/resend", handle: resendInvitation),
            Route(.delete, "/api/v1/workspace/invitations/{id}", handle: cancelInvitation),
            Route(.post, "/api/v1/invitations/accept", handle: acceptInvitation),
        ]
    }

    @Sendable private func workspaces(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        return try .json(await vault.workspaces(by: caller))
    }

    @Sendable private func createWorkspace(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (body, bytes) = try await reader.json(CreateWorkspaceBody.self)
        return try .json(await vault.createWorkspace(body, by: caller, once: reader.once(bytes)), status: .created)
    }

    @Sendable private func workspace(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        return try .json(await vault.workspace(by: caller))
    }

    @Sendable private func updateWorkspace(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (change, _) = try await reader.json(UpdateWorkspaceBody.self)
        return try .json(await vault.updateWorkspace(change, by: caller))
    }

    @Sendable private func deleteWorkspace(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        try await vault.deleteWorkspace(by: caller)
        return .noContent
    }

    @Sendable private func members(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        return try .json(await vault.members(by: caller))
    }

    @Sendable private func updateMember(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (change, _) = try await reader.json(UpdateMemberBody.self)
        return try .json(await vault.updateMember(reader.places[0], change, by: caller))
    }

    @Sendable private func removeMember(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        return try .json(await vault.removeMember(reader.places[0], by: caller))
    }

    @Sendable private func invitations(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        return try .json(await vault.invitations(by: caller))
    }

    @Sendable private func createInvitation(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (body, bytes) = try await reader.json(CreateInvitationBody.self)
        let made = try await vault.createInvitation(body, by: caller, once: reader.once(bytes))
        return try .json(made, status: .created)
    }

    @Sendable private func resendInvitation(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let once = try reader.once([])
        return try .json(await vault.resendInvitation(reader.places[0], by: caller, once: once))
    }

    @Sendable private func cancelInvitation(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        try await vault.cancelInvitation(reader.places[0], by: caller)
        return .noContent
    }

    @Sendable private func acceptInvitation(_ reader: RequestReader) async throws -> Response {
        try reader.noQuery()
        let (body, _) = try await reader.json(AcceptInvitationBody.self)
        return try .json(await vault.acceptInvitation(body, from: reader.context.peer), status: .created)
    }
}

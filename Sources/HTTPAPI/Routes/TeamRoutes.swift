// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes
internal import Hummingbird
internal import VaultCore
internal import VaultModel

/// `/api/v1/workspaces`, `/api/v1/workspace` with its members and invitations, and the acceptance of one.
struct TeamRoutes {
    let vault: Vault
    let identity: Identity
    let post: any InvitationPost

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
            Route(.get, "/invitation", handle: explainInvitation),
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
        return try .json(await posted(made, by: caller), status: .created)
    }

    @Sendable private func resendInvitation(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let once = try reader.once([])
        let renewed = try await vault.resendInvitation(reader.places[0], by: caller, once: once)
        return try .json(await posted(renewed, by: caller))
    }

    /// The invitation as its maker sees it, after it went to who is invited.
    private func posted(_ invitation: InvitationBody, by caller: Caller) async throws -> InvitationBody {
        await post.deliver(invitation, into: try await vault.workspace(by: caller).name)
    }

    /// Tells whoever follows a link in a mail what to do; the token is behind the `#`, which no browser sends.
    @Sendable private func explainInvitation(_ reader: RequestReader) async throws -> Response {
        try reader.noQuery()
        let text = """
            You were invited into a workspace of Attache.

            Accept where the program attache is installed:

                attache invitations accept

            It asks for the link that you followed, whole, and for a password: that of your account on this server, or a new \
            one if you have none. The link works once, for seven days after it was made.

            """
        return Response(
            status: .ok,
            headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody(byteBuffer: .init(string: text))
        )
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

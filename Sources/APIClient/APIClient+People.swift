// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import NIOCore
internal import NIOHTTP1
package import VaultModel

extension APIClient {
    package func logIn(_ body: LoginBody) async throws(APIClientError) -> LoggedInBody {
        try await post(body, to: APIRequest(.POST, "session"), isSlow: true)
    }

    /// Ends the session whose token the client holds.
    package func logOut() async throws(APIClientError) { try await call(APIRequest(.DELETE, "session")) }

    package func account() async throws(APIClientError) -> AccountBody { try await call(APIRequest(.GET, "account")) }

    package func updateAccount(_ body: UpdateAccountBody) async throws(APIClientError) -> AccountBody {
        try await post(body, to: APIRequest(.PATCH, "account"), isSlow: true)
    }

    package func users() async throws(APIClientError) -> UserList { try await call(APIRequest(.GET, "users")) }

    package func createUser(_ body: CreateUserBody) async throws(APIClientError) -> UserBody {
        var request = try APIRequest(.POST, "users")
        request.makeOnce()
        return try await post(body, to: request, isSlow: true)
    }

    package func updateUser(_ reference: String, _ body: UpdateUserBody) async throws(APIClientError) -> UserBody {
        try await post(body, to: APIRequest(.PATCH, "users", reference), isSlow: true)
    }

    package func deleteUser(_ reference: String) async throws(APIClientError) -> DeletedUserBody {
        try await call(APIRequest(.DELETE, "users", reference))
    }

    package func workspaces() async throws(APIClientError) -> WorkspaceList {
        try await call(APIRequest(.GET, "workspaces"))
    }

    package func workspace() async throws(APIClientError) -> WorkspaceBody {
        try await call(APIRequest(.GET, "workspace"))
    }

    package func createWorkspace(_ body: CreateWorkspaceBody) async throws(APIClientError) -> WorkspaceBody {
        var request = try APIRequest(.POST, "workspaces")
        request.makeOnce()
        return try await post(body, to: request)
    }

    package func updateWorkspace(_ body: UpdateWorkspaceBody) async throws(APIClientError) -> WorkspaceBody {
        try await post(body, to: APIRequest(.PATCH, "workspace"))
    }

    package func deleteWorkspace() async throws(APIClientError) { try await call(APIRequest(.DELETE, "workspace")) }

    package func members() async throws(APIClientError) -> MemberList {
        try await call(APIRequest(.GET, "workspace", "members"))
    }

    package func updateMember(_ reference: String, _ role: Role) async throws(APIClientError) -> MemberBody {
        try await post(UpdateMemberBody(role: role), to: APIRequest(.PATCH, "workspace", "members", reference))
    }

    package func removeMember(_ reference: String) async throws(APIClientError) -> RemovedMemberBody {
        var request = try APIRequest(.DELETE, "workspace", "members", reference)
        // Everything that the member owns is sealed anew.
        request.timeout = .minutes(10)
        return try await call(request)
    }

    package func invitations() async throws(APIClientError) -> InvitationList {
        try await call(APIRequest(.GET, "workspace", "invitations"))
    }

    package func createInvitation(_ body: CreateInvitationBody) async throws(APIClientError) -> InvitationBody {
        var request = try APIRequest(.POST, "workspace", "invitations")
        request.makeOnce()
        return try await post(body, to: request, isSlow: true)
    }

    package func resendInvitation(_ reference: String) async throws(APIClientError) -> InvitationBody {
        var request = try APIRequest(.POST, "workspace", "invitations", reference, "resend")
        request.makeOnce()
        request.timeout = .minutes(1)
        return try await call(request)
    }

    package func cancelInvitation(_ reference: String) async throws(APIClientError) {
        try await call(APIRequest(.DELETE, "workspace", "invitations", reference))
    }

    package func acceptInvitation(_ body: AcceptInvitationBody) async throws(APIClientError) -> LoggedInBody {
        try await post(body, to: APIRequest(.POST, "invitations", "accept"), isSlow: true)
    }

    /// Sends a body; a password takes the server a while.
    private func post<Answer: Decodable>(
        _ body: some Encodable,
        to request: APIRequest,
        isSlow: Bool = false
    ) async throws(APIClientError) -> Answer {
        var request = request
        try request.setJSON(body)
        if isSlow { request.timeout = .minutes(1) }
        return try await call(request)
    }
}

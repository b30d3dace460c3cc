// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import NIOHTTP1

extension APIClient {
    package func credentials(
        limit: Int,
        cursor: String? = nil,
        matching text: String? = nil,
        areRevoked: Bool = false
    ) async throws(APIClientError) -> CredentialPage {
        var request = try APIRequest(.GET, "credentials")
        request.add("limit", String(limit))
        request.add("cursor", cursor)
        request.add("q", text)
        if areRevoked { request.add("revoked", "true") }
        return try await call(request)
    }

    package func providers() async throws(APIClientError) -> ProviderList {
        try await call(APIRequest(.GET, "providers"))
    }

    package func credential(_ reference: String) async throws(APIClientError) -> CredentialBody {
        try await call(APIRequest(.GET, "credentials", reference))
    }

    package func createCredential(_ body: CreateCredentialBody) async throws(APIClientError) -> CredentialBody {
        var request = try APIRequest(.POST, "credentials")
        try request.setJSON(body)
        request.makeOnce()
        return try await call(request)
    }

    /// Changes a credential; with `version` only while that is its current one.
    package func updateCredential(
        _ reference: String,
        _ body: UpdateCredentialBody,
        ifVersion version: Int64? = nil
    ) async throws(APIClientError) -> CredentialBody {
        var request = try APIRequest(.PATCH, "credentials", reference)
        try request.setJSON(body)
        if let version { request.headers.add(name: "If-Match", value: "\"\(version)\"") }
        return try await call(request)
    }

    package func deleteCredential(_ reference: String) async throws(APIClientError) {
        try await call(APIRequest(.DELETE, "credentials", reference))
    }

    package func revokeCredential(_ reference: String) async throws(APIClientError) -> CredentialBody {
        var request = try APIRequest(.POST, "credentials", reference, "revoke")
        request.makeOnce()
        return try await call(request)
    }

    package func attachCredential(
        _ body: AttachCredentialBody,
        to agent: String
    ) async throws(APIClientError) -> AttachedCredentialBody {
        var request = try APIRequest(.POST, "agents", agent, "credentials")
        try request.setJSON(body)
        request.makeOnce()
        return try await call(request)
    }

    /// Asks the credential's provider whether the key is good.
    package func testCredential(_ reference: String) async throws(APIClientError) -> CredentialTestBody {
        try await call(APIRequest(.POST, "credentials", reference, "test"))
    }

    package func rotateProxyToken(
        of credential: String,
        on agent: String,
        _ body: RotateGatewayTokenBody
    ) async throws(APIClientError) -> RotatedProxyTokenBody {
        var request = try APIRequest(.POST, "agents", agent, "credentials", credential, "rotate")
        try request.setJSON(body)
        request.makeOnce()
        return try await call(request)
    }

    package func moveCredential(
        _ reference: String,
        _ direction: MoveCredentialBody.Direction
    ) async throws(APIClientError) -> CredentialOrderBody {
        var request = try APIRequest(.POST, "credentials", reference, "move")
        try request.setJSON(MoveCredentialBody(direction))
        request.makeOnce()
        return try await call(request)
    }

    package func attachProvider(
        _ provider: String,
        to agent: String
    ) async throws(APIClientError) -> AttachedProviderBody {
        var request = try APIRequest(.POST, "agents", agent, "providers")
        try request.setJSON(AttachProviderBody(provider: provider))
        request.makeOnce()
        return try await call(request)
    }

    package func rotateProxyToken(
        ofProvider provider: String,
        on agent: String,
        _ body: RotateGatewayTokenBody
    ) async throws(APIClientError) -> RotatedProxyTokenBody {
        var request = try APIRequest(.POST, "agents", agent, "providers", provider, "rotate")
        try request.setJSON(body)
        request.makeOnce()
        return try await call(request)
    }

    package func detachProvider(_ provider: String, from agent: String) async throws(APIClientError) {
        try await call(APIRequest(.DELETE, "agents", agent, "providers", provider))
    }

    package func detachCredential(_ credential: String, from agent: String) async throws(APIClientError) {
        try await call(APIRequest(.DELETE, "agents", agent, "credentials", credential))
    }
}

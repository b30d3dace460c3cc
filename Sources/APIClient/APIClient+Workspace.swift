// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import NIOCore
internal import NIOHTTP1

extension APIClient {
    package func status() async throws(APIClientError) -> WorkspaceStatusBody {
        try await call(APIRequest(.GET, "workspace", "status"))
    }

    package func apiKeys() async throws(APIClientError) -> APIKeyList {
        try await call(APIRequest(.GET, "workspace", "api-keys"))
    }

    package func createAPIKey(_ body: CreateAPIKeyBody) async throws(APIClientError) -> APIKeyBody {
        var request = try APIRequest(.POST, "workspace", "api-keys")
        try request.setJSON(body)
        request.makeOnce()
        return try await call(request)
    }

    package func rotateAPIKey(
        _ id: String,
        _ body: RotateGatewayTokenBody
    ) async throws(APIClientError) -> RotatedAPIKeyBody {
        var request = try APIRequest(.POST, "workspace", "api-keys", id, "rotate")
        try request.setJSON(body)
        request.makeOnce()
        return try await call(request)
    }

    package func revokeAPIKey(_ id: String) async throws(APIClientError) {
        try await call(APIRequest(.DELETE, "workspace", "api-keys", id))
    }

    /// Whether the server can serve requests now.
    package func readiness() async throws(APIClientError) -> HealthBody {
        try await call(APIRequest(outsideTheAPI: "/readyz"))
    }
}

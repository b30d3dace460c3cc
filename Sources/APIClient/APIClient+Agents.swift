// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import NIOHTTP1

extension APIClient {
    package func agents(
        limit: Int,
        cursor: String? = nil,
        matching text: String? = nil
    ) async throws(APIClientError) -> AgentPage {
        var request = try APIRequest(.GET, "agents")
        request.add("limit", String(limit))
        request.add("cursor", cursor)
        request.add("q", text)
        return try await call(request)
    }

    package func agent(_ reference: String) async throws(APIClientError) -> AgentBody {
        try await call(APIRequest(.GET, "agents", reference))
    }

    package func createAgent(_ body: CreateAgentBody) async throws(APIClientError) -> AgentBody {
        var request = try APIRequest(.POST, "agents")
        try request.setJSON(body)
        request.makeOnce()
        return try await call(request)
    }

    package func updateAgent(
        _ reference: String,
        _ body: UpdateAgentBody
    ) async throws(APIClientError) -> AgentBody {
        var request = try APIRequest(.PATCH, "agents", reference)
        try request.setJSON(body)
        return try await call(request)
    }

    package func deleteAgent(_ reference: String) async throws(APIClientError) {
        try await call(APIRequest(.DELETE, "agents", reference))
    }

    package func attachedSecrets(of agent: String) async throws(APIClientError) -> AttachedSecretList {
        try await call(APIRequest(.GET, "agents", agent, "secrets"))
    }

    package func attach(_ body: AttachBody, to agent: String) async throws(APIClientError) -> AttachedBody {
        var request = try APIRequest(.POST, "agents", agent, "secrets")
        try request.setJSON(body)
        request.makeOnce()
        return try await call(request)
    }

    package func detach(_ secret: String, from agent: String) async throws(APIClientError) {
        try await call(APIRequest(.DELETE, "agents", agent, "secrets", secret))
    }

    package func instances(
        of agent: String,
        limit: Int,
        cursor: String? = nil
    ) async throws(APIClientError) -> InstancePage {
        var request = try APIRequest(.GET, "agents", agent, "instances")
        request.add("limit", String(limit))
        request.add("cursor", cursor)
        return try await call(request)
    }

    package func rotateGatewayToken(
        of agent: String,
        _ body: RotateGatewayTokenBody
    ) async throws(APIClientError) -> RotatedGatewayTokenBody {
        var request = try APIRequest(.POST, "agents", agent, "gateway-token", "rotate")
        try request.setJSON(body)
        request.makeOnce()
        return try await call(request)
    }

    /// Asks the agent's supervised instances to restart, and returns at once.
    package func restartGateway(of agent: String) async throws(APIClientError) -> RestartBody {
        var request = try APIRequest(.POST, "agents", agent, "gateway", "restart")
        request.makeOnce()
        return try await call(request)
    }

    /// Tells how far the latest restart is.
    package func restartProgress(of agent: String) async throws(APIClientError) -> RestartBody {
        try await call(APIRequest(.GET, "agents", agent, "gateway", "restart"))
    }

    /// Makes a gateway token for one interactive session.
    package func createSession(for agent: String) async throws(APIClientError) -> SessionBody {
        var request = try APIRequest(.POST, "agents", agent, "sessions")
        request.makeOnce()
        return try await call(request)
    }
}

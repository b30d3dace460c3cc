// SPDX-License-Identifier: Apache-2.0

extension Endpoint {
    static let workspace: [Endpoint] = [
        Endpoint(
            .getWorkspaceStatus,
            .get,
            "/api/v1/workspace/status",
            "Show what the workspace holds and which agents do not run on current values",
            answer: .ok(.workspaceStatus, "The status.")
        ),
        Endpoint(
            .listAPIKeys,
            .get,
            "/api/v1/workspace/api-keys",
            "List the workspace keys, oldest first",
            answer: .ok(.apiKeyList, "The keys, without their tokens.")
        ),
        Endpoint(
            .createAPIKey,
            .post,
            "/api/v1/workspace/api-keys",
            "Create a workspace key, at most with the caller's role",
            parameters: [.idempotencyKey],
            body: .json(.createAPIKey),
            answer: .made(.apiKey, "The key, with its token, which is not shown again."),
            errors: [.invalidName]
        ),
        Endpoint(
            .rotateAPIKey,
            .post,
            "/api/v1/workspace/api-keys/{id}/rotate",
            "Put a new key in the place of a workspace key; the old one ends after the grace",
            parameters: [.idempotencyKey],
            body: .optionalJSON(.rotateGatewayToken),
            answer: .ok(.rotatedAPIKey, "The new key, with its token, which is not shown again.")
        ),
        Endpoint(
            .rotateOwnAPIKey,
            .post,
            "/api/v1/workspace/api-key/rotate",
            "The same for the key that is shown",
            parameters: [.idempotencyKey],
            body: .optionalJSON(.rotateGatewayToken),
            answer: .ok(.rotatedAPIKey, "The new key, with its token, which is not shown again.")
        ),
        Endpoint(
            .revokeAPIKey,
            .delete,
            "/api/v1/workspace/api-keys/{id}",
            "Revoke a workspace key",
            answer: .done
        ),
    ]
}

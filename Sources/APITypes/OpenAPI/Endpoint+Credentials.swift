// SPDX-License-Identifier: Apache-2.0

extension Endpoint {
    static let credentials: [Endpoint] = [
        Endpoint(
            .listCredentials,
            .get,
            "/api/v1/credentials",
            "List credentials, oldest first",
            parameters: Parameter.page + [
                .matching, .query("revoked", .boolean(), "Those that were revoked or deleted, and no others."),
            ],
            answer: .ok(.credentialPage, "A page of credentials: never a value.")
        ),
        Endpoint(
            .listProviders,
            .get,
            "/api/v1/providers",
            "List the services that a credential can be of",
            answer: .ok(.providerList, "The whole catalogue, in the order that it is shown in.")
        ),
        Endpoint(
            .createCredential,
            .post,
            "/api/v1/credentials",
            "Create a credential: a value, how it is presented, and where it may go",
            parameters: [.idempotencyKey],
            body: .json(.createCredential),
            answer: .created(.credential, "The credential, at version 1."),
            errors: [.duplicateName, .invalidName, .invalidValue, .planLimitReached]
        ),
        Endpoint(
            .getCredential,
            .get,
            "/api/v1/credentials/{id}",
            "Show a credential",
            answer: .ok(.credential, "The credential: never its value.", isVersioned: true)
        ),
        Endpoint(
            .updateCredential,
            .patch,
            "/api/v1/credentials/{id}",
            "Change a credential; a new value makes the next version, hosts are replaced as a whole",
            parameters: [.ifMatch],
            body: .json(.updateCredential),
            answer: .ok(.credential, "The credential as it is now.", isVersioned: true),
            errors: [.duplicateName, .invalidName, .invalidValue, .versionMismatch]
        ),
        Endpoint(
            .deleteCredential,
            .delete,
            "/api/v1/credentials/{id}",
            "Delete a credential that no agent holds, and destroy its value",
            answer: .done,
            errors: [.stillAttached]
        ),
        Endpoint(
            .revokeCredential,
            .post,
            "/api/v1/credentials/{id}/revoke",
            "Revoke a credential that no agent holds: nothing hands it out from the answer on, its value is destroyed",
            parameters: [.idempotencyKey],
            answer: .ok(.credential, "The credential, with the time at which it ended."),
            errors: [.stillAttached]
        ),
        Endpoint(
            .testCredential,
            .post,
            "/api/v1/credentials/{id}/test",
            "Ask a credential's provider whether the key is good, with a request that costs nothing",
            answer: .ok(.credentialTest, "What the provider said, or why nobody asked it.")
        ),
        Endpoint(
            .moveCredential,
            .post,
            "/api/v1/credentials/{id}/move",
            "Exchange a credential with the one before or after it in the order of its provider's",
            parameters: [.idempotencyKey],
            body: .json(.moveCredential),
            answer: .ok(.credentialOrder, "The order as it is now.")
        ),
        Endpoint(
            .attachCredential,
            .post,
            "/api/v1/agents/{id}/credentials",
            "Attach a credential to an agent; by proxy unless told",
            parameters: [.idempotencyKey],
            body: .json(.attachCredential),
            answer: .made(.attachedCredential, "What was attached, with the proxy token, which is not shown again."),
            errors: [.alreadyAttached, .duplicateProvider, .duplicateVariable, .invalidName, .limitReached]
        ),
        Endpoint(
            .detachCredential,
            .delete,
            "/api/v1/agents/{id}/credentials/{credentialId}",
            "Detach a credential: its proxy tokens end, running instances keep a variable until they restart",
            answer: .done
        ),
        Endpoint(
            .rotateProxyToken,
            .post,
            "/api/v1/agents/{id}/credentials/{credentialId}/rotate",
            "Give an agent a new proxy token for a credential",
            parameters: [.idempotencyKey],
            body: .optionalJSON(.rotateGatewayToken),
            answer: .ok(.rotatedProxyToken, "The token, which is not shown again.")
        ),
        Endpoint(
            .attachProvider,
            .post,
            "/api/v1/agents/{id}/providers",
            "Attach a provider to an agent: the proxy chooses among its credentials for every call",
            parameters: [.idempotencyKey],
            body: .json(.attachProvider),
            answer: .made(.attachedProvider, "What was attached, with the proxy token, which is not shown again."),
            errors: [.alreadyAttached, .duplicateProvider, .duplicateVariable]
        ),
        Endpoint(
            .detachProvider,
            .delete,
            "/api/v1/agents/{id}/providers/{provider}",
            "Detach a provider: its proxy tokens end",
            answer: .done
        ),
        Endpoint(
            .rotateProviderToken,
            .post,
            "/api/v1/agents/{id}/providers/{provider}/rotate",
            "Give an agent a new proxy token for a provider",
            parameters: [.idempotencyKey],
            body: .optionalJSON(.rotateGatewayToken),
            answer: .ok(.rotatedProxyToken, "The token, which is not shown again.")
        ),
    ]
}

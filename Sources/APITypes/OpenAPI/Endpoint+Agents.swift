// SPDX-License-Identifier: Apache-2.0

extension Endpoint {
    static let agents: [Endpoint] = [
        Endpoint(
            .listAgents,
            .get,
            "/api/v1/agents",
            "List agents, oldest first",
            parameters: Parameter.page + [.matching],
            answer: .ok(.agentPage, "A page of agents, without what is attached to them.")
        ),
        Endpoint(
            .createAgent,
            .post,
            "/api/v1/agents",
            "Create an agent with its gateway token, and attach entries to it",
            parameters: [.idempotencyKey],
            body: .json(.createAgent),
            answer: .created(.agent, "The agent, with its gateway token, which is not shown again."),
            errors: attachErrors.union([.duplicateName, .planLimitReached])
        ),
        Endpoint(
            .getAgent,
            .get,
            "/api/v1/agents/{id}",
            "Show an agent, with what is attached and whether its instances hold it",
            answer: .ok(.agent, "The agent.")
        ),
        Endpoint(
            .updateAgent,
            .patch,
            "/api/v1/agents/{id}",
            "Change an agent's name, replicas or allowed names",
            body: .json(.updateAgent),
            answer: .ok(.agent, "The agent as it is now."),
            errors: [.duplicateName, .invalidName]
        ),
        Endpoint(
            .deleteAgent,
            .delete,
            "/api/v1/agents/{id}",
            "Delete an agent; its tokens end and its attachments go",
            answer: .done
        ),
        Endpoint(
            .listAttachedSecrets,
            .get,
            "/api/v1/agents/{id}/secrets",
            "List what is attached to an agent, and whether its instances hold it",
            answer: .ok(.attachedSecretList, "The attachments, by name.")
        ),
        Endpoint(
            .attachSecrets,
            .post,
            "/api/v1/agents/{id}/secrets",
            "Attach entries to an agent: all of them, or none",
            parameters: [.idempotencyKey],
            body: .json(.attach),
            answer: .made(.attached, "What was attached."),
            errors: attachErrors
        ),
        Endpoint(
            .detachSecret,
            .delete,
            "/api/v1/agents/{id}/secrets/{secretId}",
            "Detach an entry; running instances keep it until they restart",
            answer: .done
        ),
        Endpoint(
            .listInstances,
            .get,
            "/api/v1/agents/{id}/instances",
            "List an agent's starts and what each was given, newest first",
            parameters: Parameter.page,
            answer: .ok(.instancePage, "A page of instances with their receipts.")
        ),
        Endpoint(
            .rotateGatewayToken,
            .post,
            "/api/v1/agents/{id}/gateway-token/rotate",
            "Give an agent a new gateway token; the old one ends when the new one is used",
            parameters: [.idempotencyKey],
            body: .optionalJSON(.rotateGatewayToken),
            answer: .ok(.rotatedGatewayToken, "The new token, which is not shown again.")
        ),
        Endpoint(
            .createSession,
            .post,
            "/api/v1/agents/{id}/sessions",
            "Make a gateway token for one interactive session: five minutes, never an instance",
            parameters: [.idempotencyKey],
            answer: .made(.session, "The token, which is not shown again.")
        ),
        Endpoint(
            .restartGateway,
            .post,
            "/api/v1/agents/{id}/gateway/restart",
            "Ask an agent's supervised instances to restart",
            parameters: [.idempotencyKey, restartWait],
            answer: .ok(.restart, "Who was asked, and how far each is at the end of the wait.")
        ),
        Endpoint(
            .getRestart,
            .get,
            "/api/v1/agents/{id}/gateway/restart",
            "Show how far the latest restart of an agent's instances is",
            parameters: [restartWait],
            answer: .ok(.restart, "Who was asked, and how far each is.")
        ),
    ]

    /// What attaching can be refused for, wherever it is done.
    static let attachErrors: Set<ErrorCode> = [
        .alreadyAttached, .duplicateProvider, .duplicateVariable, .invalidField, .invalidName, .limitReached,
    ]

    private static let restartWait = Parameter.query(
        "wait",
        .integer(0...300),
        "How many seconds to wait until all are back; 0 unless told."
    )
}

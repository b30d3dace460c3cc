// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

extension Endpoint {
    /// Every endpoint of the server.
    package static let all = secrets + credentials + agents + workspace + people + audit + keys + backups + server

    private static let secrets: [Endpoint] = [
        Endpoint(
            .listSecrets,
            .get,
            "/api/v1/secrets",
            "List secrets and variables, oldest first",
            parameters: Parameter.page + [
                .matching,
                .query("expires_before", .time, "Only entries that expire before this time, expired ones included."),
                .query("unused_since", .time, "Only entries that are older, and were not delivered from this time on."),
                .query("kind", .oneOf(EntryKind.plain.map(\.rawValue)), "Only entries of this kind."),
            ],
            answer: .ok(.secretPage, "A page of entries: the values of variables, the masks of secrets.")
        ),
        Endpoint(
            .createSecret,
            .post,
            "/api/v1/secrets",
            "Create a secret or a variable",
            parameters: [.idempotencyKey],
            body: .json(.createSecret),
            answer: .created(.secret, "The entry, at version 1."),
            errors: [.duplicateName, .invalidName, .invalidValue, .limitReached]
        ),
        Endpoint(
            .importSecrets,
            .post,
            "/api/v1/secrets/import",
            "Import .env files and archives of them: every entry, or none",
            parameters: importParameters + [.idempotencyKey],
            body: .file,
            answer: Answer(
                status: 201,
                otherStatus: 200,
                description: "What was done; with `dry_run` (200), what would be done.",
                content: .json(.importPlan)
            ),
            errors: attachErrors.union([.importConflict, .invalidFile, .invalidValue, .kindIsFinal, .planChanged])
        ),
        Endpoint(
            .bulkSecrets,
            .post,
            "/api/v1/secrets/bulk",
            "Delete or annotate several entries: all of them, or none",
            parameters: [.idempotencyKey],
            body: .json(.bulkSecrets),
            answer: .ok(.bulkDone, "What it was done to."),
            errors: [.duplicateProvider, .stillAttached]
        ),
        Endpoint(
            .listSecretVersions,
            .get,
            "/api/v1/secrets/{id}/versions",
            "List the versions that an entry has or had: who and when, never a value",
            parameters: Parameter.page,
            answer: .ok(.secretVersionPage, "A page of versions, newest first.")
        ),
        Endpoint(
            .getSecret,
            .get,
            "/api/v1/secrets/{id}",
            "Show a secret or a variable",
            answer: .ok(.secret, "The entry: a variable's value, a secret's mask.", isVersioned: true)
        ),
        Endpoint(
            .updateSecret,
            .patch,
            "/api/v1/secrets/{id}",
            "Change a secret or a variable; a new value makes the next version",
            parameters: [.ifMatch],
            body: .json(.updateSecret),
            answer: .ok(.secret, "The entry as it is now.", isVersioned: true),
            errors: [
                .duplicateName, .duplicateProvider, .invalidName, .invalidValue, .kindIsFinal, .versionMismatch,
            ]
        ),
        Endpoint(
            .deleteSecret,
            .delete,
            "/api/v1/secrets/{id}",
            "Delete an entry that no agent holds, and destroy its value",
            answer: .done,
            errors: [.stillAttached]
        ),
    ]

    private static let agents: [Endpoint] = [
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
            errors: attachErrors.union([.duplicateName])
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
        Endpoint(
            .start,
            .post,
            "/api/v1/starts",
            "Get the environment of a process that is about to start",
            access: .gateway,
            listeners: Set(Listener.allCases),
            parameters: startParameters,
            answer: Answer(
                status: 200,
                description: "`NAME=value` and a NUL, once for each attached entry.",
                content: .environment,
                headers: [
                    "Attache-Receipt": "The id of the receipt, which is recorded before a value leaves.",
                    "Attache-Allowed-Names":
                        "Names that change how a process is loaded and that this agent may receive; absent if none.",
                ]
            ),
            errors: [.entryExpired, .invalidField]
        ),
        Endpoint(
            .watchChanges,
            .get,
            "/api/v1/starts/{id}/changes",
            "Wait until a supervised instance's environment changes or it is asked to restart",
            access: .gateway,
            listeners: Set(Listener.allCases),
            parameters: [
                .query("wait", .integer(1...300), "How many seconds to wait at most; 60 unless told."),
                .query(
                    "seen",
                    .string(pattern: "^[0-9a-f]*$", length: 0...64),
                    "The `Attache-Environment` of an earlier answer, whose change is not told again."
                ),
            ],
            answer: Answer(
                status: 204,
                description: "A change, or the end of the wait.",
                content: .none,
                headers: [
                    "Attache-Change": "`none`, `values` or `restart`.",
                    "Attache-Environment": "Names the current set of entries and versions.",
                    "Attache-Changed-Names": "What differs from what the instance was given; absent if nothing does.",
                ]
            ),
            errors: [.instanceEnded, .notFound]
        ),
        Endpoint(
            .endInstance,
            .delete,
            "/api/v1/starts/{id}",
            "Say that a supervised instance has ended",
            access: .gateway,
            listeners: Set(Listener.allCases),
            answer: .done,
            errors: [.notFound]
        ),
    ]

    private static let restartWait = Parameter.query(
        "wait",
        .integer(0...300),
        "How many seconds to wait until all are back; 0 unless told."
    )

    private static let workspace: [Endpoint] = [
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

    private static let server: [Endpoint] = [
        Endpoint(
            .getHealth,
            .get,
            "/healthz",
            "Say that the process serves",
            access: .anybody,
            answer: .ok(.health, "It serves.")
        ),
        Endpoint(
            .getReadiness,
            .get,
            "/readyz",
            "Say whether a request could be carried out now",
            access: .anybody,
            answer: .ok(.health, "The store answers and takes writes."),
            errors: [.auditUnavailable, .busy, .integrityError, .storageFull, .storageUnavailable]
        ),
        Endpoint(
            .getMetrics,
            .get,
            "/metrics",
            "Show what the server measured, for Prometheus; takes the role of an admin",
            answer: Answer(status: 200, description: "The text exposition format.", content: .text)
        ),
        Endpoint(
            .getDescription,
            .get,
            "/openapi.json",
            "Describe this API",
            access: .anybody,
            answer: Answer(status: 200, description: "This document.", content: .document)
        ),
    ]

    private static let attachErrors: Set<ErrorCode> = [
        .alreadyAttached, .duplicateProvider, .duplicateVariable, .invalidField, .invalidName, .limitReached,
    ]

    private static let importParameters: [Parameter] = [
        .query("dry_run", .boolean(), "Answer with the plan and change nothing."),
        .query(
            "kind",
            .oneOf(["guess"] + EntryKind.plain.map(\.rawValue)),
            "The kind of every entry; `guess` unless told."
        ),
        .query(
            "on_existing",
            .oneOf(OnExisting.allCases.map(\.rawValue)),
            "What to do when a live entry of the same name exists; `fail` unless told."
        ),
        .repeatedQuery("attach", .nameOrID("An agent's id or name."), "Attach every entry to this agent."),
        .repeatedQuery(
            "bundle",
            .string(length: 1...1_024),
            "Import this bundle only, by the name that the plan gives it."
        ),
        .repeatedQuery(
            "merge",
            .string(length: 1...1_024),
            "A bundle of the merge order: a name that several have gets the value of the last of them."
        ),
        .query("allow_empty", .boolean(), "Import secrets that are empty; otherwise they are passed over."),
        .query("strict", .boolean(), "Make ambiguous and risky places errors."),
        .query(
            "accept",
            .string(pattern: "^[A-Z0-9_]+(,[A-Z0-9_]+)*$", length: 1...1_000),
            "Codes of findings that `strict` lets pass, separated by commas."
        ),
        .query(
            "format",
            .oneOf(ImportFormat.allCases.map(\.rawValue)),
            "What the files are: `.env` text unless told, or one flat object or mapping."
        ),
        .query(
            "dialect",
            .oneOf(ImportDialect.allCases.map(\.rawValue)),
            "Whose rules `.env` text is read by; `attache` unless told."
        ),
        .query(
            "interpolate",
            .oneOf(ImportInterpolation.allCases.map(\.rawValue)),
            "With `file`, `${NAME}` stands for a value that is given earlier in the same file; `off` unless told."
        ),
        .query(
            "plan",
            .string(pattern: "^[A-Za-z0-9_-]+$", length: 1...128),
            "The `planId` that was looked at: refused when the file or the vault has changed since."
        ),
    ]

    private static let startParameters: [Parameter] = [
        .header(
            "Attache-Instance",
            .string(pattern: "^[!-~]([ -~]*[!-~])?$", length: 1...DisplayName.maximumCharacters),
            "The replica's stable name; a start of the same name replaces the one before.",
            isRequired: true
        ),
        .header(
            "Attache-Start",
            .string(pattern: "^[A-Za-z0-9_-]+$", length: 8...64),
            "Unique to the start, so that a retry is the same start.",
            isRequired: true
        ),
        .header("Attache-Session", .oneOf(["1"]), "A shell or a probe starts: same values, no instance."),
        .header(
            "Attache-Supervised",
            .oneOf(["1"]),
            "A supervisor stays: the instance counts once it asks for changes, until it ends or is lost."
        ),
    ]
}

extension Endpoint.Answer {
    private static let tag = ["ETag": "The version, such as `\"3\"`."]

    static func ok(_ component: Component, _ description: String, isVersioned: Bool = false) -> Self {
        Self(status: 200, description: description, content: .json(component), headers: isVersioned ? tag : [:])
    }

    /// Made something that has a path of its own.
    static func created(_ component: Component, _ description: String) -> Self {
        Self(
            status: 201,
            description: description,
            content: .json(component),
            headers: ["Location": "The path of what was made."]
        )
    }

    static func made(_ component: Component, _ description: String) -> Self {
        Self(status: 201, description: description, content: .json(component))
    }

    static let done = Self(status: 204, description: "Done.", content: .none)
}

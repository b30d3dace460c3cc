// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// The bodies about credentials and their attachments.
extension Component {
    static let createCredentialSchema = Schema.request(
        .required("name", .displayName),
        .optional("type", .credentialScheme),
        .required("value", .value),
        .optional("provider", .provider),
        .optional("environmentName", .environmentName),
        .optional("header", .string(length: 1...128, "For `CUSTOM_HEADER`: the field's name.")),
        .optional("prefix", .string(length: 0...64, "What stands before the value in that field.")),
        .optional("parameter", .string(length: 1...128, "For `QUERY_PARAM`: the parameter's name.")),
        .optional("hosts", .hosts),
        .optional("rotationPriority", .rotationPriority),
        .optional("response", .answerPart),
        .optional("note", .note),
        .optional("expiresAt", .time)
    )

    static let updateCredentialSchema = Schema.request(
        .optional("name", .displayName),
        .optional("value", .value),
        .optional("hosts", .hosts),
        .optional("rotationPriority", .rotationPriority),
        .optional("response", .answerPart),
        .optional("note", .note),
        .optional("expiresAt", .time)
    )

    static let credentialTestSchema = Schema.answer(
        .required("result", .oneOf(CredentialTestBody.Result.allCases.map(\.rawValue))),
        .optional("status", .count("What the provider answered.")),
        .optional("reason", .string("Why it was skipped, or what kept it from being reached."))
    )

    static let attachCredentialSchema = Schema.request(
        .required("credentialId", .nameOrID("An id or a name.")),
        .optional("delivery", .oneOf(Delivery.allCases.map(\.rawValue), "`proxy` unless told."))
    )

    static let attachedCredentialSchema = Schema.answer(
        .required("agentId", .identifier),
        .required("credentialId", .identifier),
        .required("delivery", .oneOf(Delivery.allCases.map(\.rawValue))),
        .optional("proxyToken", .token("pxr_", "With delivery `proxy`; not shown again."))
    )

    static let rotatedProxyTokenSchema = Schema.answer(
        .required("proxyToken", .token("pxr_", "Not shown again.")),
        .required("agentId", .identifier),
        .optional("credentialId", .identifier),
        .optional("provider", .provider),
        .optional("previousExpiresAt", .timestamp)
    )

    static let attachedProviderSchema = Schema.answer(
        .required("agentId", .identifier),
        .required("provider", .provider),
        .required("proxyToken", .token("pxr_", "Not shown again."))
    )

    static let agentProviderSchema = Schema.answer(
        .required("provider", .provider),
        .required(
            "state",
            .oneOf(SyncState.allCases.map(\.rawValue), "Whether the live instances were given a token for it.")
        ),
        .required("synced", .boolean("Whether `state` is `synced`.")),
        .required("attachedAt", .timestamp)
    )

    static let providerSchema = Schema.answer(
        .required("id", .provider),
        .required("name", .string()),
        .required("category", .oneOf(ProviderCategory.allCases.map(\.rawValue))),
        .required(
            "connections",
            .array(
                of: .oneOf(ProviderConnection.allCases.map(\.rawValue)),
                "How a credential of it is made."
            )
        ),
        .required("type", .credentialScheme),
        .optional("header", .string("For `CUSTOM_HEADER`.")),
        .optional("keyPrefix", .string("What its keys begin with.")),
        .required("environmentName", .environmentName),
        .required("baseURLName", .environmentName),
        .optional("baseURL", .string("What its SDK puts before each path.")),
        .required("hosts", .hosts),
        .required("testable", .boolean("Whether a request that costs nothing shows that a key is good.")),
        .optional("keyPage", .string("Where a person makes a key."))
    )

    static let proxyTokenSchema = Schema.answer(
        .optional("credentialId", .identifier),
        .optional("provider", .provider),
        .required("proxyToken", .token("pxr_", "Not shown again."))
    )

    static let rankedCredentialSchema = Schema.answer(
        .required("id", .identifier),
        .required("name", .string()),
        .required("rotationPriority", .rotationPriority)
    )
}

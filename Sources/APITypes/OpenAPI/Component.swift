// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// A body of the API, by its name in the description.
package enum Component: String, CaseIterable, Sendable {
    case agent = "Agent"
    case agentPage = "AgentPage"
    case apiKey = "APIKey"
    case apiKeyList = "APIKeyList"
    case attach = "Attach"
    case attached = "Attached"
    case attachedSecret = "AttachedSecret"
    case attachedSecretList = "AttachedSecretList"
    case auditEntry = "AuditEntry"
    case auditPage = "AuditPage"
    case auditSubject = "AuditSubject"
    case auditVerification = "AuditVerification"
    case conflict = "Conflict"
    case createAgent = "CreateAgent"
    case createAPIKey = "CreateAPIKey"
    case createSecret = "CreateSecret"
    case error = "Error"
    case finding = "Finding"
    case health = "Health"
    case importBundle = "ImportBundle"
    case importChoice = "ImportChoice"
    case importChoices = "ImportChoices"
    case importEntry = "ImportEntry"
    case importPlan = "Import"
    case instance = "Instance"
    case instancePage = "InstancePage"
    case named = "Named"
    case receiptItem = "ReceiptItem"
    case rotateGatewayToken = "RotateGatewayToken"
    case rotatedGatewayToken = "RotatedGatewayToken"
    case secret = "Secret"
    case secretPage = "SecretPage"
    case server = "Server"
    case session = "Session"
    case skippedFile = "SkippedFile"
    case updateAgent = "UpdateAgent"
    case updateSecret = "UpdateSecret"
    case workspaceStatus = "WorkspaceStatus"

    package var schema: Schema {
        switch self {
        case .agent: Self.agentSchema
        case .agentPage:
            .answer(
                .required("agents", .array(of: .reference(.agent))),
                .optional("nextCursor", .nextCursor)
            )
        case .apiKey: Self.apiKeySchema
        case .apiKeyList: .answer(.required("apiKeys", .array(of: .reference(.apiKey))))
        case .attach:
            .request(.required("secretIds", .array(of: .nameOrID("An id or a name."), count: 1...500)))
        case .attached:
            .answer(
                .required("success", .boolean()),
                .required("attached", .array(of: .reference(.named)))
            )
        case .attachedSecret: Self.attachedSecretSchema
        case .attachedSecretList: .answer(.required("secrets", .array(of: .reference(.attachedSecret))))
        case .auditEntry: Self.auditEntrySchema
        case .auditPage:
            .answer(
                .required("entries", .array(of: .reference(.auditEntry))),
                .optional("nextCursor", .nextCursor)
            )
        case .auditSubject:
            .answer(
                .required("kind", .string()),
                .required("id", .string()),
                .optional("name", .string()),
                .optional("version", .version)
            )
        case .auditVerification:
            .answer(
                .required("intact", .boolean()),
                .required("entries", .count("How many entries were checked.")),
                .optional("problem", .string("What was found, when the trail is not intact.")),
                .optional("head", .string("The chain value of the last entry, in hexadecimal."))
            )
        case .conflict:
            .answer(
                .required("code", .oneOf(ErrorCode.allCases.map(\.rawValue))),
                .required("name", .string()),
                .optional("with", .string("The name of the entry, agent or bundle that is in the way.")),
                .optional("agent", .string("The agent that would break the rule."))
            )
        case .createAgent:
            .request(
                .required("name", .displayName),
                .optional("replicas", Self.replicas),
                .optional("allowedNames", Self.allowedNames),
                .optional("secretIds", .array(of: .nameOrID("An id or a name."), count: 0...500))
            )
        case .createAPIKey:
            .request(
                .required("name", .displayName),
                .optional("role", .role),
                .optional("expiresAt", .time)
            )
        case .createSecret:
            .request(
                .required("name", .environmentName),
                .required("kind", .entryKind),
                .required("value", .value),
                .optional("provider", .provider),
                .optional("note", .note),
                .optional("expiresAt", .time)
            )
        case .error: Self.errorSchema
        case .finding:
            .answer(
                .optional("file", .string("The bundle, or the member of an archive, that is meant.")),
                .required("line", .count("The first line is 1; 0 where the whole file is meant.")),
                .required("column", .count("The first column is 1.")),
                .required("code", .string()),
                .required("severity", .string()),
                .required("text", .string())
            )
        case .health: .answer(.required("status", .string()))
        case .importBundle:
            .answer(
                .required("name", .string("The file's name, or its path inside an archive.")),
                .required("entries", .count("How many names it has."))
            )
        case .importChoice: Self.importChoiceSchema
        case .importChoices:
            .request(.required("choices", .array(of: .reference(.importChoice), count: 0...2_000)))
        case .importEntry: Self.importEntrySchema
        case .importPlan: Self.importSchema
        case .instance: Self.instanceSchema
        case .instancePage:
            .answer(
                .required("instances", .array(of: .reference(.instance))),
                .optional("nextCursor", .nextCursor)
            )
        case .named:
            .answer(
                .required("id", .string()),
                .required("name", .string())
            )
        case .receiptItem:
            .answer(
                .required("secretId", .identifier),
                .required("name", .string()),
                .required("version", .version)
            )
        case .rotateGatewayToken:
            .request(
                .optional("revoke", .boolean("Ends the old token now instead of after the grace.")),
                .optional(
                    "graceSeconds",
                    .integer(0...604_800, "How long the old token keeps working, unless the new one is used first.")
                )
            )
        case .rotatedGatewayToken:
            .answer(
                .required("gatewayToken", .token("gwt_", "Never shown again.")),
                .optional("previousExpiresAt", .timestamp)
            )
        case .secret: Self.secretSchema
        case .secretPage:
            .answer(
                .required("secrets", .array(of: .reference(.secret))),
                .optional("nextCursor", .nextCursor)
            )
        case .server:
            .answer(
                .required("version", .string()),
                .required("masterKeyId", .string()),
                .required("activeEpoch", .count("The epoch under which new records are sealed.")),
                .required("storage", .string())
            )
        case .session:
            .answer(
                .required("gatewayToken", .token("gwt_", "Never shown again.")),
                .required("expiresAt", .timestamp)
            )
        case .skippedFile:
            .answer(
                .required("path", .string()),
                .required("reason", .string("`template`, `keys`, `resource_fork` or `other`."))
            )
        case .updateAgent:
            .request(
                .optional("name", .displayName),
                .optional("replicas", Self.replicas),
                .optional("allowedNames", Self.allowedNames)
            )
        case .updateSecret:
            .request(
                .optional("name", .environmentName),
                .optional("kind", .entryKind),
                .optional("value", .value),
                .optional("provider", .provider),
                .optional("note", .note),
                .optional("expiresAt", .time)
            )
        case .workspaceStatus: Self.workspaceStatusSchema
        }
    }
}

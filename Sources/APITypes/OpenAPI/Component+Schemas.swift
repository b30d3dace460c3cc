// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

extension Component {
    static let expiry = Schema.oneOf(
        ExpiryState.allCases.map(\.rawValue),
        "How near the end is: within the longest of the reminders, within the shortest, or past."
    )

    static let replicas = Schema.integer(1...10_000, "How many instances may run at once.")

    static let allowedNames = Schema.array(
        of: .environmentName,
        count: 0...100,
        "Names that change how a process is loaded and that this agent may nevertheless receive."
    )

    static let networks = Schema.array(
        of: .string(length: 2...64, "Such as `192.0.2.0/24`, `2001:db8::/32` or a single address."),
        count: 1...50,
        "The only networks from which the key is accepted; this machine's own sockets count as 127.0.0.1."
    )

    static let agentSchema = Schema.answer(
        .required("id", .identifier),
        .required("name", .string()),
        .required("replicas", replicas),
        .required("allowedNames", allowedNames),
        .required("createdAt", .timestamp),
        .required("instances", .count("How many of its instances live.")),
        .optional("secrets", .array(of: .reference(.attachedSecret), "Absent in lists.")),
        .optional("providers", .array(of: .reference(.agentProvider), "Absent in lists.")),
        .optional("requestsThisMonth", .count("Through the proxy, in UTC; absent in lists.")),
        .optional("gatewayToken", .token("gwt_", "Only in the answer that made the agent; never shown again.")),
        .optional("proxyTokens", .array(of: .reference(.proxyToken), "As the gateway token."))
    )

    static let credentialSchema = Schema.answer(
        .required("id", .identifier),
        .required("name", .string()),
        .required("type", .credentialScheme),
        .required("version", .version),
        .optional("mask", .string("The beginning of the value and `***`.")),
        .optional("provider", .provider),
        .required("environmentName", .environmentName),
        .optional("header", .string("The field that the value stands in.")),
        .optional("prefix", .string("What stands before the value in that field.")),
        .optional("parameter", .string("The parameter of the query.")),
        .required("hosts", .array(of: .string(), "Where it may go; empty means nowhere.")),
        .required("rotationPriority", .rotationPriority),
        .optional("response", .answerPart),
        .required("note", .string()),
        .required("createdAt", .timestamp),
        .required("updatedAt", .timestamp),
        .optional("expiresAt", .timestamp),
        .optional("revokedAt", .timestamp),
        .required("agents", .count("How many agents it is attached to.")),
        .required("intact", .boolean("False when the stored row is damaged."))
    )

    static let apiKeySchema = Schema.answer(
        .required("id", .identifier),
        .required("name", .string()),
        .required("role", .role),
        .required("hint", .string("The token's last four characters.")),
        .required("createdAt", .timestamp),
        .optional("expiresAt", .timestamp),
        .optional("revokedAt", .timestamp),
        .optional("lastUsedAt", .timestamp),
        .optional("networks", networks),
        .optional("token", .token("ak_ws_", "Only in the answer that made the key; never shown again."))
    )

    static let attachedSecretSchema = Schema.answer(
        .required("id", .identifier),
        .required("name", .environmentName),
        .required("kind", .oneOf(EntryKind.allCases.map(\.rawValue))),
        .required("version", .version),
        .optional("provider", .provider),
        .required("delivery", .oneOf(Delivery.allCases.map(\.rawValue))),
        .required(
            "state",
            .oneOf(SyncState.allCases.map(\.rawValue), "Whether the live instances hold the current version.")
        ),
        .required("synced", .boolean("Whether `state` is `synced`.")),
        .optional("attachedAt", .timestamp)
    )

    static let auditEntrySchema = Schema.answer(
        .required("sequence", .integer(1...Int.max, "The place in the workspace's chain.")),
        .required("at", .timestamp),
        .required("actor", .string("`operator:UID`, `api_key:ID`, `agent:ID` or `server`.")),
        .required("action", .string()),
        .required("allowed", .boolean()),
        .optional("reason", .string("Why it was refused.")),
        .required("subjects", .array(of: .reference(.auditSubject))),
        .required("details", .dictionary(of: .string(), "What else is known of the act; never a value.")),
        .optional("requestId", .string()),
        .required("code", .string("The chain value, in hexadecimal."))
    )

    static let errorSchema = Schema.answer(
        .required("error", .string("A sentence for people; carries no part of a value or a token.")),
        .required("code", .oneOf(ErrorCode.allCases.map(\.rawValue))),
        .required("status", .integer(400...599)),
        .optional("hint", .string("What to do about it.")),
        .optional("field", .string("The field, parameter or header that is meant.")),
        .optional("conflicts", .array(of: .reference(.conflict), "Every rule that the request would break.")),
        .optional("agents", .array(of: .reference(.named), "With `still_attached`: who holds the entry.")),
        .optional("currentVersion", .version),
        .optional("findings", .array(of: .reference(.finding), "With `invalid_file`: what is wrong, and where.")),
        .optional("unlistedFindings", .count("With `invalid_file`: how many more findings there were."))
    )

    static let importSchema = Schema.answer(
        .required("planId", .string("Give it back as `plan` to carry out exactly this.")),
        .required("applied", .boolean()),
        .required("entries", .array(of: .reference(.importEntry))),
        .required("conflicts", .array(of: .reference(.conflict), "What keeps the plan from being carried out.")),
        .required("bundles", .array(of: .reference(.importBundle), "The `.env` files that were read.")),
        .required("skipped", .array(of: .reference(.skippedFile), "Members of archives that were not read.")),
        .required("findings", .array(of: .reference(.finding))),
        .required("unlistedFindings", .count("How many more findings there were.")),
        .required("attachedTo", .array(of: .reference(.named))),
        .required(
            "stale",
            .array(of: .reference(.named), "Agents whose live instances lack what the import changes or attaches.")
        )
    )

    static let importChoiceSchema = Schema.request(
        .optional("bundle", .string("May be left out where only one bundle has the name.")),
        .required("name", .string("The name as the file has it.")),
        .optional("skip", .boolean("Leave it out.")),
        .optional("kind", .entryKind),
        .optional("rename", .environmentName),
        .optional("onExisting", .oneOf(OnExisting.allCases.map(\.rawValue)))
    )

    static let importEntrySchema = Schema.answer(
        .optional("bundle", .string("The `.env` file that the line is in.")),
        .required("line", .count("The first line is 1.")),
        .required("name", .environmentName),
        .optional("originalName", .string("The name in the file, where a choice changes it.")),
        .required("kind", .entryKind),
        .required("reason", .string("Why that kind: the rule of the guess, `existing` or `requested`.")),
        .required("action", .oneOf(ImportAction.allCases.map(\.rawValue))),
        .required("length", .count("Bytes of the value.")),
        .required("mask", .string()),
        .optional("provider", .provider),
        .required("flags", .array(of: .string())),
        .optional("id", .identifier)
    )

    static let instanceSchema = Schema.answer(
        .required("id", .identifier),
        .required("replica", .string("The name under which the replica keeps coming back.")),
        .required("startedAt", .timestamp),
        .optional("endedAt", .timestamp),
        .optional("endReason", .string("`replaced`, `surplus` or `ended`.")),
        .required("supervised", .boolean()),
        .required(
            "liveness",
            .oneOf(InstanceLiveness.allCases.map(\.rawValue), "What is known about whether its process runs.")
        ),
        .optional("container", .string("The engine's id of the container that it runs in, where an engine vouches.")),
        .required("receipt", .array(of: .reference(.receiptItem), "What the instance was given."))
    )

    static let rotationSchema = Schema.answer(
        .required("id", .identifier),
        .required("kind", .oneOf(["epoch", "user"])),
        .required(
            "phase",
            .oneOf(["adding", "activating", "resealing", "verifying", "retiring", "done", "incomplete"])
        ),
        .optional("epoch", .count("The epoch that is being moved to.")),
        .optional("userId", .identifier),
        .required("done", .count("Rows worked on: each once for sealing and once for verifying.")),
        .required("total", .count("Of how many.")),
        .required("damaged", .count("Rows that do not verify and were left as they are.")),
        .required("startedAt", .timestamp),
        .required("updatedAt", .timestamp),
        .optional("endedAt", .timestamp),
        .optional("rowsPerSecond", .count("The rate since the beginning.")),
        .optional("secondsLeft", .count("At that rate."))
    )

    static let restartSchema = Schema.answer(
        .required("agentId", .identifier),
        .optional("requestedAt", .timestamp),
        .required("told", .count("Instances that were asked to restart.")),
        .required("synced", .count("Those of them that run again on current values.")),
        .required("instances", .array(of: .reference(.restartedInstance)))
    )

    static let restartedInstanceSchema = Schema.answer(
        .required("id", .identifier),
        .required("replica", .string("The name under which the replica keeps coming back.")),
        .required("state", .oneOf(RestartState.allCases.map(\.rawValue), "How far its restart is."))
    )

    static let secretSchema = Schema.answer(
        .required("id", .identifier),
        .required("name", .environmentName),
        .required("kind", .entryKind),
        .required("version", .version),
        .optional("value", .string("Only of a variable.")),
        .optional("mask", .string("Only of a secret: its beginning and `***`.")),
        .optional("provider", .provider),
        .required("note", .string()),
        .required("createdAt", .timestamp),
        .required("updatedAt", .timestamp),
        .optional("expiresAt", .timestamp),
        .required("agents", .count("How many agents it is attached to.")),
        .required("intact", .boolean("False when the stored row is damaged and cannot be delivered.")),
        .optional("lastUsedAt", .timestamp),
        .optional("expiry", expiry),
        .required("empty", .boolean("Whether the value has no byte."))
    )

    static let workspaceUsageSchema = Schema.answer(
        .required("id", .identifier),
        .required("name", .string()),
        .required("plan", .plan),
        .required("usage", .reference(.usage)),
        .required("limits", .reference(.limits))
    )

    static let usageSchema = Schema.answer(
        .required("credentials", .count("Live credentials.")),
        .required("agents", .count("Live agents.")),
        .required("requestsThisMonth", .count("Through the proxy, in the present calendar month of UTC."))
    )

    static let limitsSchema = Schema.answer(
        .optional("credentials", .count("Absent where there is no limit, as the others.")),
        .optional("agents", .count("How many there may be.")),
        .optional("requestsPerMonth", .count("How many may be sent through the proxy."))
    )

    static let workspaceStatusSchema = Schema.answer(
        .required("workspace", .reference(.workspaceUsage)),
        .required("role", .role),
        .required("secrets", .count("Live entries.")),
        .required("agents", .count("Live agents.")),
        .required("attachments", .count("Attachments of live agents.")),
        .required("liveInstances", .count("Instances that run.")),
        .required("staleAgents", .array(of: .reference(.named), "Agents that do not run on current values.")),
        .required("expiring", .array(of: .reference(.expiring), "Entries within their reminders, or expired.")),
        .required("server", .reference(.server))
    )
}

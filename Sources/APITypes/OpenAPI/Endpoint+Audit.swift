// SPDX-License-Identifier: Apache-2.0

extension Endpoint {
    /// The audit trail: of the workspace, and for the machine's operator that of the system.
    static let audit: [Endpoint] = [
        Endpoint(
            .listAuditEntries,
            .get,
            "/api/v1/audit",
            "List the audit trail, newest first; a look at it is recorded in it",
            parameters: Parameter.page + filter + [chain],
            answer: .ok(
                .auditPage,
                "A page of the trail; with a filter it may be short, and lead to the next all the same."
            ),
            errors: [.invalidField]
        ),
        Endpoint(
            .exportAudit,
            .get,
            "/api/v1/audit/export",
            "Export the trail, oldest first, with the bytes and the chain value of each entry",
            parameters: [
                .query("after", .integer(0...Int.max), "Only entries after this number; all unless told."), chain,
            ],
            answer: Answer(
                status: 200,
                description: "A JSON object a line; the last has the type `end`.",
                content: .lines(.auditExportLine)
            ),
            errors: [.invalidField]
        ),
        Endpoint(
            .verifyAudit,
            .get,
            "/api/v1/audit/verify",
            "Check the whole audit trail: no entry changed, inserted, moved, missing or cut off",
            parameters: [chain],
            answer: .ok(.auditVerification, "What was found."),
            errors: [.invalidField]
        ),
        Endpoint(
            .verifyAuditAnchors,
            .post,
            "/api/v1/audit/verify",
            "Check the trail against checkpoints that were kept elsewhere: that it was not put back either",
            parameters: [chain, .idempotencyKey],
            body: .json(.verifyAudit),
            answer: .ok(.auditVerification, "What was found."),
            errors: [.invalidField]
        ),
        Endpoint(
            .listAuditCheckpoints,
            .get,
            "/api/v1/audit/checkpoints",
            "List the signed checkpoints of the trail, newest first",
            parameters: Parameter.page + [chain],
            answer: .ok(.auditCheckpointPage, "A page of checkpoints."),
            errors: [.invalidField]
        ),
        Endpoint(
            .createAuditCheckpoint,
            .post,
            "/api/v1/audit/checkpoints",
            "Sign where the trail is now, to be kept elsewhere",
            parameters: [chain, .idempotencyKey],
            answer: .made(.auditCheckpoint, "The checkpoint."),
            errors: [.invalidField]
        ),
    ]

    private static let chain = Parameter.query(
        "chain",
        .oneOf(["workspace", "system"]),
        "`system` is the trail of what belongs to no workspace, for the machine's operator; `workspace` unless told."
    )

    private static let filter: [Parameter] = [
        .query("action", .string(length: 1...64), "Only entries of this action, such as `entry.update`."),
        .query(
            "actor",
            .string(length: 1...128),
            "Only what this one did: `api_key:ID`, or `api_key` for all of a kind."
        ),
        .query("subject", .string(length: 1...256), "Only entries about what has this id or name."),
        .query("result", .oneOf(["allowed", "denied"]), "Only what was allowed, or refused."),
        .query("since", .time, "Only entries from this time on."),
        .query("until", .time, "Only entries before this time."),
    ]
}

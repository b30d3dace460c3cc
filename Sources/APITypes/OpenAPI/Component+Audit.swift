// SPDX-License-Identifier: Apache-2.0

extension Component {
    static let auditVerificationSchema = Schema.answer(
        .required("intact", .boolean()),
        .required("entries", .count("How many entries were checked.")),
        .required("removed", .count("How many retention has removed; their record was checked.")),
        .required("checkpoints", .count("How many stored checkpoints agree with the chain.")),
        .required("anchors", .count("How many of the checkpoints that were sent agree with the chain.")),
        .required("anchorsOfRemovedEntries", .count("How many of them lie among removed entries.")),
        .optional("problem", .string("What was found, when the trail is not intact.")),
        .optional("head", .string("The chain value of the last entry, in hexadecimal."))
    )

    static let auditCheckpointSchema = Schema.answer(
        .required("chain", .string("The workspace's id, or `system`.")),
        .required("sequence", .integer(1...Int.max, "The last entry that it covers.")),
        .required("at", .timestamp),
        .required("epoch", .count("The epoch whose key signed it.")),
        .required("publicKey", .string("The Ed25519 key that checks it, in hexadecimal.")),
        .required("text", .string("The whole of it, for a log or a file: `atc1.…`."))
    )

    static let auditExportLineSchema = Schema.answer(
        .required("type", .oneOf(AuditExportLine.Kind.allCases.map(\.rawValue))),
        .required("chain", .string()),
        .optional("epoch", .count("Of an entry: the epoch of its chain value.")),
        .optional("bytes", .string("Of an entry: what is chained, in base64.")),
        .optional("entry", .reference(.auditEntry)),
        .optional("checkpoint", .string("Of a checkpoint, and of the start where retention removed entries.")),
        .optional("entries", .count("Of the end: how many entries there are."))
    )
}

// SPDX-License-Identifier: Apache-2.0

/// The bodies about the server itself: its keys and their rotation, its backups.
extension Component {
    static let keysSchema = Schema.answer(
        .required("masterKeys", .array(of: .reference(.masterKey), "Two while one is being replaced.")),
        .required("epochs", .array(of: .reference(.epoch))),
        .optional("rotation", .reference(.rotation))
    )

    static let masterKeySchema = Schema.answer(
        .required("id", .string("16 hexadecimal digits; says nothing about the key.")),
        .required("wrappedAt", .timestamp),
        .optional("inKeyFile", .boolean("Whether the server's key file holds it now."))
    )

    static let epochSchema = Schema.answer(
        .required("number", .count("Ascending; a number is never used again.")),
        .required("state", .string("`readable`, `active` or `retired`."))
    )

    static let rotateKeysSchema = Schema.request(
        .required("kind", .oneOf(["epoch", "user"])),
        .optional("user", .nameOrID("With `user`: the user's id or name."))
    )

    static let verificationSchema = Schema.answer(
        .required("intact", .boolean()),
        .required("rows", .count("Rows whose codes were verified.")),
        .required("records", .count("Sealed records that were opened.")),
        .required("chains", .count("Audit chains.")),
        .required("auditEntries", .count("Their entries.")),
        .required("problems", .array(of: .string(), "What is wrong; never a part of a value.")),
        .required("milliseconds", .count("How long it took."))
    )

    static let shreddedSchema = Schema.answer(
        .required("userId", .identifier),
        .required("entries", .count("How many entries were the user's.")),
        .required("sessions", .count("How many sessions of the user ended.")),
        .required("keys", .count("How many workspace keys of the user ended."))
    )

    static let serverSchema = Schema.answer(
        .required("version", .string()),
        .required("masterKeyId", .string()),
        .required("activeEpoch", .count("The epoch under which new records are sealed.")),
        .required("storage", .string()),
        .optional("time", .timestamp),
        .optional("freeBytes", .count("What is left on the disk of the data.")),
        .optional("totalBytes", .count("The size of that disk."))
    )

    static let backupSchema = Schema.answer(
        .required("name", .string("The file's name in the folder.")),
        .required("id", .identifier),
        .required("createdAt", .timestamp),
        .required("bytes", .count("Of the file.")),
        .required("masterKeyIds", .array(of: .string(), "The master keys that open it."))
    )

    static let backupFailureSchema = Schema.answer(
        .required("id", .identifier),
        .required("at", .timestamp),
        .required("text", .string())
    )

    static let backupInProgressSchema = Schema.answer(
        .required("id", .identifier),
        .required("phase", .oneOf(["waiting", "copying", "writing"])),
        .required("done", .count("Pages while copying, bytes while writing.")),
        .required("total", .count("Of how many; 0 when that is not known."))
    )
}

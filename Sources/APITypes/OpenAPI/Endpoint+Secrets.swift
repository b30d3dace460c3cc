// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

extension Endpoint {
    static let secrets: [Endpoint] = [
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
            "Delete, annotate, rename, attach or detach several entries: all of them, or none",
            parameters: [.idempotencyKey],
            body: .json(.bulkSecrets),
            answer: .ok(.bulkDone, "What it was done to."),
            errors: attachErrors.union([.duplicateName, .invalidValue, .stillAttached])
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
                .duplicateName, .duplicateProvider, .duplicateVariable, .invalidName, .invalidValue, .kindIsFinal,
                .versionMismatch,
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
}

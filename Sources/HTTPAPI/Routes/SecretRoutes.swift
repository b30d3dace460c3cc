// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes
internal import Hummingbird
internal import VaultCore
internal import VaultModel

/// `/api/v1/secrets`: entries of kind `secret` and `variable`.
struct SecretRoutes {
    let vault: Vault
    let identity: Identity

    var routes: [Route] {
        [
            Route(.get, "/api/v1/secrets", handle: list), Route(.post, "/api/v1/secrets", handle: create),
            Route(.post, "/api/v1/secrets/import", handle: importFile),
            Route(.post, "/api/v1/secrets/bulk", handle: bulk),
            Route(.get, "/api/v1/secrets/{id}/versions", handle: versions),
            Route(.get, "/api/v1/secrets/{id}", handle: show), Route(.patch, "/api/v1/secrets/{id}", handle: update),
            Route(.delete, "/api/v1/secrets/{id}", handle: delete),
        ]
    }

    @Sendable private func list(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(of: reader)
        let query = try reader.query(["limit", "cursor", "q", "kind", "expires_before", "unused_since"])
        let kind = try query.choice("kind", as: EntryKind.self)
        guard kind != .credential else {
            throw APIFailure(.invalidQuery, "credentials are listed at /api/v1/credentials", field: "kind")
        }
        return try .json(
            await vault.secrets(
                query.page(),
                kind: kind,
                expiringBefore: query.time("expires_before"),
                unusedSince: query.time("unused_since"),
                by: caller
            )
        )
    }

    @Sendable private func bulk(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (body, bytes) = try await reader.json(BulkSecretsBody.self)
        return try .json(await vault.bulk(body, by: caller, once: reader.once(bytes)))
    }

    @Sendable private func versions(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(of: reader)
        let page = try reader.query(["limit", "cursor"]).page()
        return try .json(await vault.versions(of: reader.places[0], page, by: caller))
    }

    @Sendable private func create(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (body, bytes) = try await reader.json(CreateSecretBody.self)
        let made = try await vault.createSecret(body, by: caller, once: reader.once(bytes))
        return try .json(made, status: .created, headers: [.location: "/api/v1/secrets/\(made.id)"])
    }

    @Sendable private func show(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let body = try await vault.secret(reader.places[0], by: caller)
        return try .json(body, version: body.version)
    }

    @Sendable private func update(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let (change, _) = try await reader.json(UpdateSecretBody.self)
        let body = try await vault.updateSecret(
            reader.places[0],
            change,
            ifVersion: reader.ifMatch(),
            by: caller
        )
        return try .json(body, version: body.version)
    }

    @Sendable private func delete(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        try await vault.deleteSecret(reader.places[0], by: caller)
        return .noContent
    }

    @Sendable private func importFile(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(of: reader)
        let query = try reader.query(
            [
                "dry_run", "kind", "on_existing", "allow_empty", "strict", "accept", "format", "dialect", "interpolate",
                "plan",
            ],
            repeatable: ["attach", "bundle", "merge"]
        )
        let upload = try await ImportUpload(reader)
        let isDryRun = try query.flag("dry_run")
        var request = ImportRequest(
            files: upload.files,
            kind: try query.choice("kind", as: ImportKind.self)?.kind,
            isDryRun: isDryRun,
            onExisting: try query.choice("on_existing", as: OnExisting.self) ?? .fail,
            attachTo: query.all("attach"),
            allowsEmpty: try query.flag("allow_empty"),
            isStrict: try query.flag("strict"),
            accepted: query.text("accept")?.split(separator: ",").map(String.init) ?? [],
            planID: query.text("plan")
        )
        request.format = try query.choice("format", as: ImportFormat.self) ?? .env
        request.dialect = try query.choice("dialect", as: ImportDialect.self) ?? .attache
        request.interpolation = try query.choice("interpolate", as: ImportInterpolation.self) ?? .off
        request.bundles = query.all("bundle")
        request.mergeOrder = query.all("merge")
        request.choices = upload.choices
        return try .json(
            await vault.importFiles(request, by: caller, once: upload.once(reader)),
            status: isDryRun ? .ok : .created
        )
    }
}

/// The kind that an import gives its entries.
private enum ImportKind: String, CaseIterable {
    case guess, secret, variable

    var kind: EntryKind? {
        switch self {
        case .guess: nil
        case .secret: .secret
        case .variable: .variable
        }
    }
}

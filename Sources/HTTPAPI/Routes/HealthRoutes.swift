// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import Hummingbird
internal import VaultCore

/// Whether the process lives, and whether it can serve.
///
/// Neither needs a token, and neither says more.
struct HealthRoutes {
    let vault: Vault

    var routes: [Route] {
        [
            Route(.get, "/healthz", handle: alive), Route(.get, "/readyz", handle: ready),
            Route(.get, "/openapi.json", handle: describe),
        ]
    }

    @Sendable private func alive(_ reader: RequestReader) async throws -> Response {
        try reader.noQuery()
        return try .json(HealthBody(status: "ok"))
    }

    @Sendable private func ready(_ reader: RequestReader) async throws -> Response {
        try reader.noQuery()
        try await vault.ready()
        return try .json(HealthBody(status: "ready"))
    }

    @Sendable private func describe(_ reader: RequestReader) async throws -> Response {
        try reader.noQuery()
        return try .json(OpenAPIDocument.json)
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes
internal import Hummingbird
internal import VaultCore

/// `/api/v1/backups`, on the operator's socket.
struct BackupRoutes {
    let backups: BackupStore
    let identity: Identity

    var routes: [Route] {
        [
            Route(.get, "/api/v1/backups", handle: list),
            Route(.post, "/api/v1/backups", handle: begin),
        ]
    }

    @Sendable private func list(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        return try .json(await backups.list(by: caller))
    }

    @Sendable private func begin(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        return try .json(await backups.begin(by: caller, once: reader.once([])), status: .created)
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import NIOFoundationCompat
internal import VaultCore
internal import VaultModel

/// `/api/v1/audit`.
struct AuditRoutes {
    let vault: Vault
    let identity: Identity

    var routes: [Route] {
        [
            Route(.get, "/api/v1/audit", handle: list), Route(.get, "/api/v1/audit/export", handle: export),
            Route(.get, "/api/v1/audit/verify", handle: verify),
            Route(.post, "/api/v1/audit/verify", handle: verifyAnchors),
            Route(.get, "/api/v1/audit/checkpoints", handle: checkpoints),
            Route(.post, "/api/v1/audit/checkpoints", handle: makeCheckpoint),
        ]
    }

    @Sendable private func list(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(of: reader)
        let query = try reader.query([
            "limit", "cursor", "chain", "action", "actor", "subject", "result", "since", "until",
        ])
        var filter = AuditFilter()
        filter.action = query.text("action")
        filter.actor = query.text("actor")
        filter.subject = query.text("subject")
        filter.isAllowed = try query.choice("result", as: AuditResult.self).map { $0 == .allowed }
        filter.since = try query.time("since")
        filter.until = try query.time("until")
        return try .json(await vault.audit(query.page(), filter, of: query.scope(), by: caller))
    }

    @Sendable private func export(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(of: reader)
        let query = try reader.query(["after", "chain"])
        let after = try query.number("after") ?? 0
        let scope = try query.scope()
        let start = try await vault.beginAuditExport(after: after, of: scope, by: caller)
        // What goes wrong in the middle ends the connection: the client sees that the last line is missing.
        let body = ResponseBody { writer in
            var position = start
            while true {
                let lines = try await vault.exportAudit(&position, of: scope, by: caller)
                guard !lines.isEmpty else { break }
                try await writer.write(Self.encoded(lines))
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "application/x-ndjson"], body: body)
    }

    @Sendable private func verify(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(of: reader)
        let scope = try reader.query(["chain"]).scope()
        return try .json(await vault.verifyAudit(of: scope, by: caller))
    }

    @Sendable private func verifyAnchors(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(of: reader)
        let scope = try reader.query(["chain"]).scope()
        let (body, bytes) = try await reader.json(VerifyAuditBody.self)
        // Changes nothing, so doing it again is the same as doing it once.
        _ = try reader.once(bytes)
        let anchors = body.anchors ?? []
        guard anchors.count <= 1_000 else {
            throw APIFailure(.invalidField, "at most 1,000 checkpoints at once", field: "anchors")
        }
        return try .json(await vault.verifyAudit(anchors: anchors, of: scope, by: caller))
    }

    @Sendable private func checkpoints(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(of: reader)
        let query = try reader.query(["limit", "cursor", "chain"])
        return try .json(await vault.checkpoints(query.page(), of: query.scope(), by: caller))
    }

    @Sendable private func makeCheckpoint(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(of: reader)
        let scope = try reader.query(["chain"]).scope()
        let made = try await vault.makeCheckpoint(of: scope, by: caller, once: reader.once([]))
        return try .json(made, status: .created)
    }

    private static func encoded(_ lines: [AuditExportLine]) throws -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var buffer = ByteBuffer()
        for line in lines {
            buffer.writeData(try encoder.encode(line))
            buffer.writeInteger(UInt8(ascii: "\n"))
        }
        return buffer
    }
}

private enum AuditResult: String, CaseIterable {
    case allowed, denied
}

extension QueryValues {
    fileprivate func scope() throws -> AuditScope { try choice("chain", as: AuditScope.self) ?? .workspace }

    func number(_ name: String) throws -> Int64? {
        guard let text = text(name) else { return nil }
        guard let number = Int64(text), number >= 0 else {
            throw APIFailure(.invalidQuery, "a number from 0 on", field: name)
        }
        return number
    }

    func time(_ name: String) throws -> Timestamp? {
        guard let text = text(name) else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw APIFailure(.invalidQuery, "a time of RFC 3339, such as 2026-01-31T09:30:00Z", field: name)
        }
        return time
    }
}

// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import NIOCore
internal import NIOHTTP1
package import VaultModel

/// Which entries of the trail are wanted; what is nil does not matter.
package struct AuditQuery: Equatable, Sendable {
    package var action: String?
    package var actor: String?
    package var subject: String?
    package var isAllowed: Bool?
    package var since: Timestamp?
    package var until: Timestamp?

    package init() {}
}

extension APIClient {
    /// One page of the trail, newest first; `ofSystem` for what belongs to no workspace.
    package func audit(
        limit: Int,
        cursor: String? = nil,
        _ query: AuditQuery = AuditQuery(),
        ofSystem: Bool = false
    ) async throws(APIClientError) -> AuditPage {
        var request = try APIRequest(.GET, "audit")
        request.add("limit", String(limit))
        request.add("cursor", cursor)
        request.add("action", query.action)
        request.add("actor", query.actor)
        request.add("subject", query.subject)
        request.add("result", query.isAllowed.map { $0 ? "allowed" : "denied" })
        request.add("since", query.since?.rfc3339)
        request.add("until", query.until?.rfc3339)
        request.addChain(ofSystem)
        return try await call(request)
    }

    /// Lends the export of the trail, oldest first, in pieces of its bytes as they arrive.
    package func exportAudit(
        after sequence: Int64 = 0,
        ofSystem: Bool = false,
        _ body: ([UInt8]) throws -> Void
    ) async throws {
        var request = try APIRequest(.GET, "audit", "export")
        if sequence > 0 { request.add("after", String(sequence)) }
        request.addChain(ofSystem)
        request.timeout = .hours(24)
        try await stream(request, body)
    }

    /// Has the server check a whole chain, against `anchors` too, which takes longer the longer it is.
    package func verifyAudit(
        anchors: [String] = [],
        ofSystem: Bool = false
    ) async throws(APIClientError) -> AuditVerificationBody {
        var request = try APIRequest(anchors.isEmpty ? .GET : .POST, "audit", "verify")
        if !anchors.isEmpty {
            try request.setJSON(VerifyAuditBody(anchors: anchors))
            request.makeOnce()
        }
        request.addChain(ofSystem)
        request.timeout = .minutes(10)
        return try await call(request)
    }

    package func makeAuditCheckpoint(ofSystem: Bool = false) async throws(APIClientError) -> AuditCheckpointBody {
        var request = try APIRequest(.POST, "audit", "checkpoints")
        request.addChain(ofSystem)
        request.makeOnce()
        return try await call(request)
    }

    package func auditCheckpoints(
        limit: Int,
        cursor: String? = nil,
        ofSystem: Bool = false
    ) async throws(APIClientError) -> AuditCheckpointPage {
        var request = try APIRequest(.GET, "audit", "checkpoints")
        request.add("limit", String(limit))
        request.add("cursor", cursor)
        request.addChain(ofSystem)
        return try await call(request)
    }
}

extension APIRequest {
    fileprivate mutating func addChain(_ ofSystem: Bool) {
        if ofSystem { add("chain", "system") }
    }
}

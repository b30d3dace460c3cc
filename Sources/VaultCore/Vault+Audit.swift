// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import AuditTrail
internal import Sealing
internal import Storage
package import VaultModel

extension Vault {
    /// Lists the audit trail of the caller's workspace, newest first.
    package func audit(_ page: PageRequest, by caller: Caller) async throws(VaultError) -> AuditPage {
        let before = try page.sequenceCursor()
        return try await read(.auditView, by: caller) { act in
            let rows = try act.connection.auditEntries(act.workspace.text, before: before, limit: page.limit + 1)
            let entries = try rows.prefix(page.limit).map { try AuditEntryBody($0) }
            return AuditPage(
                entries: entries,
                nextCursor: rows.count > page.limit ? entries.last.map { String($0.sequence) } : nil
            )
        }
    }

    /// Checks the workspace's whole chain: no entry changed, inserted, moved, missing or cut off.
    package func verifyAudit(by caller: Caller) async throws(VaultError) -> AuditVerificationBody {
        let ring = ring
        return try await read(.auditVerify, by: caller) { act in
            try act.connection.verifiedChain(act.workspace.text, ring: ring)
        }
    }
}

extension SQLConnection {
    /// Checks a whole chain, from its first entry to its head.
    func verifiedChain(_ chain: String, ring: KeyRing) throws -> AuditVerificationBody {
        var verifier = ChainVerifier(chain: chain, ring: ring)
        var next: Int64 = 1
        var last: [UInt8]?
        do {
            while true {
                let rows = try auditEntries(chain, from: next, limit: 1_000)
                for row in rows {
                    try verifier.check(ChainLink(row))
                    try row.checkColumns()
                    last = row.code
                }
                guard let sequence = rows.last?.sequence else { break }
                next = sequence + 1
            }
            try verifier.finish(head: try auditHead(chain).map(ChainHead.init))
        } catch let error as AuditError {
            return AuditVerificationBody(
                intact: false,
                entries: next - 1,
                problem: error.finding,
                head: last.map(hexadecimal)
            )
        }
        return AuditVerificationBody(intact: true, entries: next - 1, problem: nil, head: last.map(hexadecimal))
    }
}

extension PageRequest {
    fileprivate func sequenceCursor() throws(VaultError) -> Int64? {
        guard let cursor else { return nil }
        guard let sequence = Int64(cursor), sequence > 0 else { throw .invalidCursor }
        return sequence
    }
}

extension ChainLink {
    fileprivate init(_ row: AuditEntryRow) {
        self.init(
            chain: row.chain,
            sequence: row.sequence,
            epoch: UInt32(truncatingIfNeeded: row.epoch),
            entry: row.entry,
            code: row.code
        )
    }
}

extension ChainHead {
    init(_ row: AuditHeadRow) {
        self.init(
            chain: row.chain,
            sequence: row.sequence,
            epoch: UInt32(truncatingIfNeeded: row.epoch),
            code: row.code,
            headCode: row.headCode
        )
    }
}

extension AuditEntryRow {
    /// The columns that lists filter by must say what the chained bytes say.
    fileprivate func checkColumns() throws {
        let record = try AuditRecord(decoding: entry)
        guard record.at == at, record.action.rawValue == action, record.subjects.first?.id == subject else {
            throw AuditError.changed(sequence: sequence)
        }
    }
}

extension AuditEntryBody {
    fileprivate init(_ row: AuditEntryRow) throws {
        let record = try AuditRecord(decoding: row.entry)
        let refusal: String? =
            switch record.outcome {
            case .allowed: nil
            case .denied(let reason): reason
            }
        self.init(
            sequence: row.sequence,
            at: record.at,
            actor: record.actor.label,
            action: record.action.rawValue,
            allowed: refusal == nil,
            reason: refusal,
            subjects: record.subjects.map {
                AuditSubjectBody(kind: $0.kind.rawValue, id: $0.id, name: $0.name, version: $0.version)
            },
            details: Dictionary(record.details.map { ($0.key, $0.value) }) { first, _ in first },
            requestId: record.requestID,
            code: hexadecimal(row.code)
        )
    }
}

extension AuditActor {
    fileprivate var label: String {
        switch self {
        case .localOperator(let uid): "operator:\(uid)"
        case .workspaceKey(let token): "api_key:\(token)"
        case .gateway(let agent, _): "agent:\(agent)"
        case .server: "server"
        }
    }
}

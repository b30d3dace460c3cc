// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
internal import Sealing
internal import Storage
internal import VaultModel

/// Appends to an audit chain in the transaction of what it records.
///
/// Any failure becomes ``VaultError/auditUnavailable``: what cannot be recorded does not happen.
struct Trail {
    /// The chain of what belongs to no workspace.
    static let systemChain = "system"

    let connection: any SQLConnection
    let ring: KeyRing
    let requestID: String?

    func append(_ event: AuditEvent, workspace: WorkspaceID, actor: AuditActor, at now: Timestamp) throws {
        try append(
            AuditRecord(
                at: now,
                actor: actor,
                action: event.action,
                outcome: .allowed,
                subjects: event.subjects,
                digest: event.digest,
                details: event.details,
                requestID: requestID
            ),
            to: workspace.text
        )
    }

    func append(_ record: AuditRecord, to chain: String) throws { try append([record], to: chain) }

    /// Appends in this order; of all that is added in a transaction, the head is checked and made once.
    func append(_ records: [AuditRecord], to chain: String) throws {
        guard !records.isEmpty else { return }
        do {
            var end = try end(of: chain)
            for record in records {
                let link = try end.append(record, ring: ring)
                try connection.appendAuditEntry(
                    AuditEntryRow(
                        chain: chain,
                        sequence: link.sequence,
                        epoch: Int64(link.epoch),
                        at: record.at,
                        action: record.action.rawValue,
                        subject: record.subjects.first?.id,
                        entry: link.entry,
                        code: link.code
                    )
                )
            }
            try connection.setAuditHead(end)
        } catch let failure as StorageFailure where failure == .full {
            throw VaultError.storage(.full)
        } catch {
            throw VaultError.auditUnavailable
        }
    }

    /// Where the chain ends now; throws where somebody else has continued it.
    func end(of chain: String) throws -> ChainEnd {
        if let moved = connection.movedHead(of: chain) as? ChainEnd { return moved }
        var end = try ChainEnd(of: chain, after: connection.auditHead(chain).map(ChainHead.init), ring: ring)
        if let known = connection.knownDigest(of: chain), let digest = EntryDigest(known.bytes) {
            end.learn(digest, upTo: known.sequence, code: known.code)
        }
        return end
    }
}

extension ChainEnd: MovedAuditHead {
    var knownDigest: KnownDigest? { digest.map { KnownDigest(sequence: sequence, code: code, bytes: $0.bytes) } }

    func row() throws(StorageFailure) -> AuditHeadRow {
        guard let head = try? head() else { throw .corrupt }
        return AuditHeadRow(
            chain: head.chain,
            sequence: head.sequence,
            epoch: Int64(head.epoch),
            code: head.code,
            headCode: head.headCode
        )
    }
}

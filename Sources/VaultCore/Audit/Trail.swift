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

    /// Appends in this order; the head is read, checked and written once.
    func append(_ records: [AuditRecord], to chain: String) throws {
        do {
            var head = try connection.auditHead(chain).map {
                ChainHead(
                    chain: $0.chain,
                    sequence: $0.sequence,
                    epoch: UInt32(truncatingIfNeeded: $0.epoch),
                    code: $0.code,
                    headCode: $0.headCode
                )
            }
            for record in records {
                let (link, newHead) = try AuditChain.append(record, to: head, chain: chain, ring: ring)
                head = newHead
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
            guard let head else { return }
            try connection.setAuditHead(
                AuditHeadRow(
                    chain: chain,
                    sequence: head.sequence,
                    epoch: Int64(head.epoch),
                    code: head.code,
                    headCode: head.headCode
                )
            )
        } catch let failure as StorageFailure where failure == .full {
            throw VaultError.storage(.full)
        } catch {
            throw VaultError.auditUnavailable
        }
    }
}

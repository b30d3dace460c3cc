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
        try append(records.map(EncodedEntry.init), to: chain)
    }

    /// The same for records that are encoded.
    func append(_ entries: some Collection<EncodedEntry>, to chain: String) throws {
        guard !entries.isEmpty else { return }
        do {
            var end = try end(of: chain)
            var rows: [AuditEntryRow] = []
            rows.reserveCapacity(entries.count)
            for entry in entries {
                try end.extend(by: entry.bytes, ring: ring)
                rows.append(
                    AuditEntryRow(
                        chain: chain,
                        sequence: end.sequence,
                        epoch: Int64(end.epoch),
                        at: entry.at,
                        action: entry.action,
                        subject: entry.subject,
                        entry: entry.bytes,
                        code: end.code
                    )
                )
            }
            try connection.appendAuditEntries(rows)
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

/// A record in the form that is chained, and what of it stands beside it to search by.
struct EncodedEntry {
    let bytes: [UInt8]
    let at: Timestamp
    let action: String
    let subject: String?

    init(_ record: AuditRecord) {
        self.init(record.encoded(), at: record.at, action: record.action, subject: record.subjects.first?.id)
    }

    init(_ bytes: [UInt8], at time: Timestamp, action: Action, subject: String?) {
        self.bytes = bytes
        at = time
        self.action = action.rawValue
        self.subject = subject
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

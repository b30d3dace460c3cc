// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import AuditTrail
internal import Sealing
internal import Storage
package import VaultModel

extension Vault {
    /// A checkpoint is due after so many entries, or after so long when there is a new entry at all.
    static let entriesToCheckpoint: Int64 = 1_000
    static let timeToCheckpoint: Duration = .seconds(60)

    /// Signs where the caller's chain is now, and keeps the checkpoint in the database as well.
    ///
    /// What this returns belongs somewhere else: only there does it show that the database was put back.
    package func makeCheckpoint(
        of scope: AuditScope = .workspace,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> AuditCheckpointBody {
        let made: AuditCheckpointBody = try await write(.auditCheckpoint, by: caller, once: once) { act in
            let chain = try act.chain(scope)
            guard let checkpoint = try act.connection.checkpoint(chain, ring: act.ring, at: act.now) else {
                throw VaultError.invalidField("chain", reason: "the chain has no entry yet")
            }
            let body = try AuditCheckpointBody(checkpoint, ring: act.ring)
            return Done(
                body,
                AuditEvent(
                    action: .auditCheckpoint,
                    subjects: [],
                    details: [
                        AuditDetail(key: "chain", value: chain),
                        AuditDetail(key: "entry", value: String(checkpoint.sequence)),
                    ]
                )
            )
        }
        return made
    }

    /// Lists a chain's checkpoints, newest first.
    package func checkpoints(
        _ page: PageRequest,
        of scope: AuditScope = .workspace,
        by caller: Caller
    ) async throws(VaultError) -> AuditCheckpointPage {
        let before = try page.sequenceCursor()
        let (found, view): (AuditCheckpointPage, RepeatedEvent) = try await read(.auditView, by: caller) { act in
            let chain = try act.chain(scope)
            let rows = try act.connection.auditCheckpoints(chain, before: before, limit: page.limit + 1)
            let bodies = try rows.prefix(page.limit).map { try AuditCheckpointBody($0.decoded(), ring: act.ring) }
            let next = rows.count > page.limit ? bodies.last.map { String($0.sequence) } : nil
            return (AuditCheckpointPage(checkpoints: bodies, nextCursor: next), act.view("checkpoints", []))
        }
        try await record(view)
        return found
    }

    /// Signs every chain whose last checkpoint is too long ago; `all` signs each that has a new entry.
    func makeDueCheckpoints(all: Bool) async throws(VaultError) -> [AuditCheckpointBody] {
        let now = clock.now
        let chains = try await mappingErrors {
            try await engine.read { connection in
                try connection.auditHeads().filter { try connection.isCheckpointDue($0, at: now, always: all) }
                    .map(\.chain)
            }
        }
        var made: [AuditCheckpointBody] = []
        for chain in chains {
            let body: AuditCheckpointBody? = try await mappingErrors {
                try await engine.write { [keys] connection in
                    try connection.checkpoint(chain, ring: keys.ring, at: now)
                        .map { try AuditCheckpointBody($0, ring: keys.ring) }
                }
            }
            if let body { made.append(body) }
        }
        return made
    }
}

extension SQLConnection {
    fileprivate func isCheckpointDue(_ head: AuditHeadRow, at now: Timestamp, always: Bool) throws -> Bool {
        guard let last = try lastAuditCheckpoint(head.chain) else { return true }
        guard head.sequence > last.sequence else { return false }
        return always || head.sequence - last.sequence >= Vault.entriesToCheckpoint
            || now >= last.at + Vault.timeToCheckpoint || now < last.at
    }

    /// Signs the chain's head unless its last checkpoint is there already; nil for a chain without an entry.
    ///
    /// What is signed is what was written: the entries' digest grows with the chain in the memory of the program that writes
    /// it. Where this one has not written all of them, those since the last checkpoint are read and checked.
    fileprivate func checkpoint(_ chain: String, ring: KeyRing, at now: Timestamp) throws -> AuditCheckpoint? {
        var end = try Trail(connection: self, ring: ring, requestID: nil).end(of: chain)
        guard let head = try end.head() else { return nil }
        let last = try lastAuditCheckpoint(chain).map { try $0.decoded() }
        if let last, last.sequence == head.sequence { return last }
        let digest: EntryDigest
        if let known = end.digest, (last?.sequence ?? 0) < head.sequence {
            digest = known
        } else {
            let verifier = try verifiedEntries(chain, after: last, upTo: head, ring: ring)
            digest = verifier.digest
            // The next ones are added to it.
            end.learn(digest, upTo: head.sequence, code: head.code)
            try setAuditHead(end)
        }
        let made = try AuditCheckpoint.sign(
            chain: chain,
            sequence: head.sequence,
            at: now,
            code: head.code,
            digest: digest,
            ring: ring
        )
        try insertAuditCheckpoint(
            AuditCheckpointRow(chain: chain, sequence: made.sequence, at: made.at, checkpoint: made.encoded())
        )
        return made
    }

    /// Reads the entries after a checkpoint, up to the head of their chain.
    private func verifiedEntries(
        _ chain: String,
        after checkpoint: AuditCheckpoint?,
        upTo head: ChainHead,
        ring: KeyRing
    ) throws -> ChainVerifier {
        var verifier =
            try checkpoint.map { try ChainVerifier(chain: chain, ring: ring, after: $0) }
            ?? ChainVerifier(chain: chain, ring: ring)
        while verifier.lastSequence < head.sequence {
            let rows = try auditEntries(chain, from: verifier.lastSequence + 1, limit: 1_000)
            guard !rows.isEmpty else { break }
            for row in rows { try verifier.check(ChainLink(row)) }
        }
        try verifier.finish(head: head)
        return verifier
    }
}

extension AuditCheckpointBody {
    init(_ checkpoint: AuditCheckpoint, ring: KeyRing) throws {
        self.init(
            chain: checkpoint.chain,
            sequence: checkpoint.sequence,
            at: checkpoint.at,
            epoch: checkpoint.epoch,
            publicKey: hexadecimal(try ring.checkpointPublicKey(epoch: checkpoint.epoch)),
            text: checkpoint.text
        )
    }
}

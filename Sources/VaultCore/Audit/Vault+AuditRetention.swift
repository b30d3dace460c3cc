// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
internal import Storage
internal import VaultModel

extension Vault {
    /// As many entries as one transaction removes, so that other writes do not wait long.
    private static let prunedAtOnce: Int64 = 5_000

    /// Removes what is older than the retention, whole segments at a time, and returns how many entries went.
    ///
    /// A segment ends at a checkpoint. What stands for it is signed, and the removal itself is an entry of the chain.
    func pruneAudit() async throws(VaultError) -> Int64 {
        guard let retention = settings.auditRetention else { return 0 }
        let now = clock.now
        let cutoff = now + (.zero - retention)
        var removed: Int64 = 0
        for chain in try await mappingErrors({ try await engine.read { try $0.auditHeads().map(\.chain) } }) {
            while true {
                let count: Int64 = try await mappingErrors {
                    try await engine.write { [keys] connection in
                        let trail = Trail(connection: connection, ring: keys.ring, requestID: nil)
                        return try trail.removeSegment(of: chain, before: cutoff, at: now, most: Self.prunedAtOnce)
                    }
                }
                guard count > 0 else { break }
                removed += count
            }
        }
        return removed
    }
}

extension Trail {
    /// Removes one segment that was finished before `cutoff`; 0 when there is none.
    ///
    /// What has not been looked at for last uses stays.
    fileprivate func removeSegment(
        of chain: String,
        before cutoff: Timestamp,
        at now: Timestamp,
        most: Int64
    ) throws -> Int64 {
        let first = try connection.lastPrunedSequence(chain) + 1
        // Between two checkpoints there may be more entries than are removed at once; then it is one segment all the same.
        let found =
            try connection.lastAuditCheckpoint(
                chain,
                from: first,
                through: first + most - 1,
                signedBefore: cutoff
            ) ?? connection.firstAuditCheckpoint(chain, from: first, signedBefore: cutoff)
        guard let found, try chain == Trail.systemChain || connection.useMark(chain) >= found.sequence else { return 0 }
        let end = try found.decoded()
        let segment = try PrunedSegment.make(first: first, end: end, at: now, ring: ring)
        try connection.insertAuditSegment(
            AuditSegmentRow(
                chain: chain,
                first: segment.first,
                last: end.sequence,
                checkpoint: end.encoded(),
                prunedAt: now,
                epoch: Int64(segment.epoch),
                code: segment.code
            )
        )
        try connection.deleteAuditEntries(chain, through: end.sequence)
        let count = end.sequence - first + 1
        try append(
            AuditRecord(
                at: now,
                actor: .server,
                action: .auditPrune,
                outcome: .allowed,
                details: [
                    AuditDetail(key: "first", value: String(first)),
                    AuditDetail(key: "last", value: String(end.sequence)),
                ]
            ),
            to: chain
        )
        return count
    }
}

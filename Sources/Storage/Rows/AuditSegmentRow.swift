// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// What stands for a run of audit entries that retention removed.
package struct AuditSegmentRow: Equatable, Sendable {
    package var chain: String
    package var first: Int64
    package var last: Int64
    /// The checkpoint at ``last``.
    package var checkpoint: [UInt8]
    package var prunedAt: Timestamp
    package var epoch: Int64
    package var code: [UInt8]

    package init(
        chain: String,
        first: Int64,
        last: Int64,
        checkpoint: [UInt8],
        prunedAt: Timestamp,
        epoch: Int64,
        code: [UInt8]
    ) {
        self.chain = chain
        self.first = first
        self.last = last
        self.checkpoint = checkpoint
        self.prunedAt = prunedAt
        self.epoch = epoch
        self.code = code
    }
}

extension AuditSegmentRow: StoredRow {
    static let table = "audit_segments"
    static let columns = ["chain", "first", "last", "checkpoint", "pruned_at", "epoch", "code"]

    init(_ row: SQLRow) throws(StorageFailure) {
        self.init(
            chain: try row.text(0),
            first: try row.integer(1),
            last: try row.integer(2),
            checkpoint: try row.blob(3),
            prunedAt: try row.time(4),
            epoch: try row.integer(5),
            code: try row.blob(6)
        )
    }

    var values: [SQLValue] {
        [
            .text(chain), .integer(first), .integer(last), .blob(checkpoint), .integer(prunedAt.milliseconds),
            .integer(epoch), .blob(code),
        ]
    }
}

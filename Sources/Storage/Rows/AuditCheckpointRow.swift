// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// A signed checkpoint of an audit chain; `sequence` and `at` repeat what it says, to search by.
package struct AuditCheckpointRow: Equatable, Sendable {
    package var chain: String
    package var sequence: Int64
    package var at: Timestamp
    package var checkpoint: [UInt8]

    package init(chain: String, sequence: Int64, at: Timestamp, checkpoint: [UInt8]) {
        self.chain = chain
        self.sequence = sequence
        self.at = at
        self.checkpoint = checkpoint
    }
}

extension AuditCheckpointRow: StoredRow {
    static let table = "audit_checkpoints"
    static let columns = ["chain", "sequence", "at", "checkpoint"]

    init(_ row: SQLRow) throws(StorageFailure) {
        self.init(
            chain: try row.text(0),
            sequence: try row.integer(1),
            at: try row.time(2),
            checkpoint: try row.blob(3)
        )
    }

    var values: [SQLValue] {
        [.text(chain), .integer(sequence), .integer(at.milliseconds), .blob(checkpoint)]
    }
}

// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// One link of an audit chain; the columns beside `entry` repeat what it says, to search by.
package struct AuditEntryRow: Equatable, Sendable {
    package var chain: String
    package var sequence: Int64
    package var epoch: Int64
    package var at: Timestamp
    package var action: String
    package var subject: String?
    package var entry: [UInt8]
    package var code: [UInt8]

    package init(
        chain: String,
        sequence: Int64,
        epoch: Int64,
        at: Timestamp,
        action: String,
        subject: String?,
        entry: [UInt8],
        code: [UInt8]
    ) {
        self.chain = chain
        self.sequence = sequence
        self.epoch = epoch
        self.at = at
        self.action = action
        self.subject = subject
        self.entry = entry
        self.code = code
    }
}

extension AuditEntryRow: StoredRow {
    static let table = "audit_entries"
    static let columns = [
        "chain", "sequence", "epoch", "at", "action", "subject", "entry", "code",
    ]

    init(_ row: SQLRow) throws(StorageFailure) {
        self.init(
            chain: try row.text(0),
            sequence: try row.integer(1),
            epoch: try row.integer(2),
            at: try row.time(3),
            action: try row.text(4),
            subject: try row.optionalText(5),
            entry: try row.blob(6),
            code: try row.blob(7)
        )
    }

    var values: [SQLValue] {
        [
            .text(chain),
            .integer(sequence),
            .integer(epoch),
            .integer(at.milliseconds),
            .text(action),
            SQLValue(text: subject),
            .blob(entry),
            .blob(code),
        ]
    }
}

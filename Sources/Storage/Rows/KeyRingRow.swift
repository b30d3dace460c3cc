// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// One wrap of the key ring, sealed under the master key that `masterKeyID` names.
package struct KeyRingRow: Equatable, Sendable {
    package var slot: Int64
    package var masterKeyID: String
    package var wrapped: [UInt8]
    package var createdAt: Timestamp

    package init(
        slot: Int64,
        masterKeyID: String,
        wrapped: [UInt8],
        createdAt: Timestamp
    ) {
        self.slot = slot
        self.masterKeyID = masterKeyID
        self.wrapped = wrapped
        self.createdAt = createdAt
    }
}

extension KeyRingRow: StoredRow {
    static let table = "key_rings"
    static let columns = [
        "slot", "master_key_id", "wrapped", "created_at",
    ]

    init(_ row: SQLRow) throws(StorageFailure) {
        self.init(
            slot: try row.integer(0),
            masterKeyID: try row.text(1),
            wrapped: try row.blob(2),
            createdAt: try row.time(3)
        )
    }

    var values: [SQLValue] {
        [
            .integer(slot),
            .text(masterKeyID),
            .blob(wrapped),
            .integer(createdAt.milliseconds),
        ]
    }
}

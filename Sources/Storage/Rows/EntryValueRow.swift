// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// The present value of an entry: a sealed record or, of a variable, the readable bytes.
package struct EntryValueRow: Equatable, Sendable {
    package var entryID: EntryID
    package var version: Int64
    package var workspaceID: WorkspaceID
    package var sealed: [UInt8]?
    package var readable: [UInt8]?
    package var createdAt: Timestamp
    package var createdBy: UserID
    package var destroyedAt: Timestamp?

    package init(
        entryID: EntryID,
        version: Int64,
        workspaceID: WorkspaceID,
        sealed: [UInt8]?,
        readable: [UInt8]?,
        createdAt: Timestamp,
        createdBy: UserID,
        destroyedAt: Timestamp?
    ) {
        self.entryID = entryID
        self.version = version
        self.workspaceID = workspaceID
        self.sealed = sealed
        self.readable = readable
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.destroyedAt = destroyedAt
    }
}

extension EntryValueRow: StoredRow {
    static let table = "entry_values"
    static let columns = [
        "entry_id", "version", "workspace_id", "sealed", "readable", "created_at", "created_by",
        "destroyed_at",
    ]

    init(_ row: SQLRow) throws(StorageFailure) {
        self.init(
            entryID: try row.id(0),
            version: try row.integer(1),
            workspaceID: try row.id(2),
            sealed: try row.optionalBlob(3),
            readable: try row.optionalBlob(4),
            createdAt: try row.time(5),
            createdBy: try row.id(6),
            destroyedAt: try row.optionalTime(7)
        )
    }

    var values: [SQLValue] {
        [
            .text(entryID.text),
            .integer(version),
            .text(workspaceID.text),
            SQLValue(blob: sealed),
            SQLValue(blob: readable),
            .integer(createdAt.milliseconds),
            .text(createdBy.text),
            SQLValue(integer: destroyedAt?.milliseconds),
        ]
    }
}

// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// An entry, live or deleted.
package struct EntryRow: Equatable, Sendable {
    package var id: EntryID
    package var workspaceID: WorkspaceID
    package var ownerID: UserID
    package var name: EnvironmentName
    package var kind: EntryKind
    package var provider: ProviderID?
    package var note: String
    package var version: Int64
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    package var expiresAt: Timestamp?
    package var deletedAt: Timestamp?
    package var rowCode: [UInt8]

    package init(
        id: EntryID,
        workspaceID: WorkspaceID,
        ownerID: UserID,
        name: EnvironmentName,
        kind: EntryKind,
        provider: ProviderID?,
        note: String,
        version: Int64,
        createdAt: Timestamp,
        updatedAt: Timestamp,
        expiresAt: Timestamp?,
        deletedAt: Timestamp?,
        rowCode: [UInt8]
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.ownerID = ownerID
        self.name = name
        self.kind = kind
        self.provider = provider
        self.note = note
        self.version = version
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.expiresAt = expiresAt
        self.deletedAt = deletedAt
        self.rowCode = rowCode
    }
}

extension EntryRow: StoredRow {
    static let table = "entries"
    static let columns = [
        "id", "workspace_id", "owner_id", "name", "kind", "provider", "note", "version", "created_at",
        "updated_at", "expires_at", "deleted_at", "row_code",
    ]

    init(_ row: SQLRow) throws(StorageFailure) {
        self.init(
            id: try row.id(0),
            workspaceID: try row.id(1),
            ownerID: try row.id(2),
            name: try row.environmentName(3),
            kind: try row.choice(4),
            provider: try row.optionalProvider(5),
            note: try row.text(6),
            version: try row.integer(7),
            createdAt: try row.time(8),
            updatedAt: try row.time(9),
            expiresAt: try row.optionalTime(10),
            deletedAt: try row.optionalTime(11),
            rowCode: try row.blob(12)
        )
    }

    var values: [SQLValue] {
        [
            .text(id.text),
            .text(workspaceID.text),
            .text(ownerID.text),
            .text(name.text),
            .text(kind.rawValue),
            SQLValue(text: provider?.text),
            .text(note),
            .integer(version),
            .integer(createdAt.milliseconds),
            .integer(updatedAt.milliseconds),
            SQLValue(integer: expiresAt?.milliseconds),
            SQLValue(integer: deletedAt?.milliseconds),
            .blob(rowCode),
        ]
    }

    /// Whether it differs from `old` in what a new value changes, and in nothing that can be looked for.
    func isNewValue(of old: EntryRow) -> Bool {
        var same = old
        same.version = version
        same.updatedAt = updatedAt
        same.rowCode = rowCode
        return same == self
    }
}

// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension SQLConnection {
    /// Throws ``StorageFailure/constraint`` when the entry has a value.
    package func insertEntryValue(_ row: EntryValueRow) throws(StorageFailure) { try insert(row) }

    /// The entry's value, as long as it is at that version.
    package func entryValue(
        of entry: EntryID,
        version: Int64,
        in workspace: WorkspaceID
    ) throws(StorageFailure) -> EntryValueRow? {
        try selectOne(
            "WHERE entry_id = $1 AND version = $2 AND workspace_id = $3",
            [.text(entry.text), .integer(version), .text(workspace.text)]
        )
    }

    /// Puts a new value in the place of the entry's present one, of which only the history is left.
    ///
    /// False, and nothing was done, where there is none, or a readable one and `evenReadable` is false. The old bytes stay
    /// in the engine's log until ``SQLEngine/checkpoint()``.
    package func replaceEntryValue(
        with row: EntryValueRow,
        evenReadable: Bool
    ) throws(StorageFailure) -> Bool {
        let kept = try execute(
            """
            INSERT INTO entry_history
                (place, entry_id, workspace_id, version, created_at, created_by, destroyed_at, previous)
            SELECT (SELECT coalesce(max(place), 0) + 1 FROM entry_history), entry_id, workspace_id, version,
                created_at, created_by, coalesce(destroyed_at, $1), history
            FROM entry_values WHERE entry_id = $2 AND workspace_id = $3\(evenReadable ? "" : " AND readable IS NULL")
            """,
            [.integer(row.createdAt.milliseconds), .text(row.entryID.text), .text(row.workspaceID.text)]
        )
        guard kept > 0 else { return false }
        try execute(
            """
            UPDATE entry_values SET version = $1, sealed = $2, readable = $3, created_at = $4, created_by = $5,
                destroyed_at = NULL, history = (SELECT max(place) FROM entry_history)
            WHERE entry_id = $6 AND workspace_id = $7
            """,
            [
                .integer(row.version), SQLValue(blob: row.sealed), SQLValue(blob: row.readable),
                .integer(row.createdAt.milliseconds), .text(row.createdBy.text), .text(row.entryID.text),
                .text(row.workspaceID.text),
            ]
        )
        return true
    }

    /// Erases the bytes of the present version; that it existed stays known.
    ///
    /// The bytes stay in the engine's log until ``SQLEngine/checkpoint()``.
    package func destroyEntryValue(
        of entry: EntryID,
        version: Int64,
        at time: Timestamp,
        in workspace: WorkspaceID
    ) throws(StorageFailure) {
        try execute(
            """
            UPDATE entry_values SET sealed = NULL, readable = NULL, destroyed_at = $1
            WHERE entry_id = $2 AND version = $3 AND workspace_id = $4
            """,
            [.integer(time.milliseconds), .text(entry.text), .integer(version), .text(workspace.text)]
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension SQLConnection {
    package func insertEntryValue(_ row: EntryValueRow) throws(StorageFailure) { try insert(row) }

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

    /// Erases the bytes of one version; that it existed stays known.
    ///
    /// The bytes stay in the engine's log until ``SQLEngine/checkpoint()``.
    package func destroyEntryValue(
        of entry: EntryID,
        version: Int64,
        at time: Timestamp,
        in workspace: WorkspaceID
    ) throws(StorageFailure) {
        try destroyValue(of: entry, version, at: time, in: workspace)
    }

    /// The same for a version that is not readable; false where there is none.
    package func destroySealedValue(
        of entry: EntryID,
        version: Int64,
        at time: Timestamp,
        in workspace: WorkspaceID
    ) throws(StorageFailure) -> Bool {
        try destroyValue(of: entry, version, where: "AND readable IS NULL", at: time, in: workspace) > 0
    }

    @discardableResult
    private func destroyValue(
        of entry: EntryID,
        _ version: Int64,
        where condition: String = "",
        at time: Timestamp,
        in workspace: WorkspaceID
    ) throws(StorageFailure) -> Int {
        try execute(
            """
            UPDATE entry_values SET sealed = NULL, readable = NULL, destroyed_at = $1
            WHERE entry_id = $2 AND version = $3 AND workspace_id = $4 \(condition)
            """,
            [.integer(time.milliseconds), .text(entry.text), .integer(version), .text(workspace.text)]
        )
    }
}

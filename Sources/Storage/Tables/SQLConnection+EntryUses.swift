// SPDX-License-Identifier: Apache-2.0

package import VaultModel

// `entry_uses`, `use_marks` and `entry_reminders`: what is known of entries beside what they are.

extension SQLConnection {
    /// Notes that an entry was delivered; an earlier time than the one that is known changes nothing.
    package func noteUse(of entry: EntryID, at time: Timestamp, in workspace: WorkspaceID) throws(StorageFailure) {
        try execute(
            """
            INSERT INTO entry_uses (entry_id, workspace_id, last_used_at)
            SELECT id, workspace_id, $1 FROM entries WHERE id = $2 AND workspace_id = $3
            ON CONFLICT (entry_id) DO UPDATE SET last_used_at = excluded.last_used_at
            WHERE entry_uses.last_used_at < excluded.last_used_at
            """,
            [.integer(time.milliseconds), .text(entry.text), .text(workspace.text)]
        )
    }

    package func lastUse(of entry: EntryID, in workspace: WorkspaceID) throws(StorageFailure) -> Timestamp? {
        try query(
            "SELECT last_used_at FROM entry_uses WHERE entry_id = $1 AND workspace_id = $2",
            [.text(entry.text), .text(workspace.text)]
        ).first?.time(0)
    }

    /// Up to which entry of the chain uses were noted; 0 before the first time.
    package func useMark(_ chain: String) throws(StorageFailure) -> Int64 {
        try query("SELECT sequence FROM use_marks WHERE chain = $1", [.text(chain)]).first?.integer(0) ?? 0
    }

    package func setUseMark(_ chain: String, to sequence: Int64) throws(StorageFailure) {
        try execute(
            """
            INSERT INTO use_marks (chain, sequence) VALUES ($1, $2)
            ON CONFLICT (chain) DO UPDATE SET sequence = excluded.sequence
            """,
            [.text(chain), .integer(sequence)]
        )
    }

    /// Live entries of any workspace that will have expired by `time` and have had no reminder for that threshold.
    package func entriesToRemind(
        before time: Timestamp,
        threshold: Duration,
        limit: Int
    ) throws(StorageFailure) -> [EntryRow] {
        try select(
            """
            WHERE expires_at <= $1 AND deleted_at IS NULL AND NOT EXISTS (
                SELECT 1 FROM entry_reminders WHERE entry_reminders.entry_id = entries.id
                AND entry_reminders.expires_at = entries.expires_at AND entry_reminders.threshold = $2)
            ORDER BY expires_at LIMIT $3
            """,
            [
                .integer(time.milliseconds), .integer(threshold.components.seconds), .integer(Int64(limit)),
            ]
        )
    }

    /// Remembers that a reminder was given for an entry's present time of expiry.
    package func noteReminder(
        of entry: EntryRow,
        threshold: Duration,
        at time: Timestamp
    ) throws(StorageFailure) {
        guard let expiresAt = entry.expiresAt else { return }
        try execute(
            """
            INSERT INTO entry_reminders (entry_id, workspace_id, expires_at, threshold, given_at)
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT (entry_id, expires_at, threshold) DO NOTHING
            """,
            [
                .text(entry.id.text), .text(entry.workspaceID.text), .integer(expiresAt.milliseconds),
                .integer(threshold.components.seconds), .integer(time.milliseconds),
            ]
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Checkpoints and removed segments of the audit trail; when entries were last delivered, and which reminders were
/// given.
enum Schema4 {
    static let statements = [
        """
        CREATE TABLE audit_checkpoints (
            chain TEXT NOT NULL, sequence BIGINT NOT NULL, at BIGINT NOT NULL, checkpoint {blob} NOT NULL,
            PRIMARY KEY (chain, sequence))
        """,
        """
        CREATE TABLE audit_segments (
            chain TEXT NOT NULL, first BIGINT NOT NULL, last BIGINT NOT NULL, checkpoint {blob} NOT NULL,
            pruned_at BIGINT NOT NULL, epoch BIGINT NOT NULL, code {blob} NOT NULL,
            PRIMARY KEY (chain, first))
        """,
        """
        CREATE TABLE entry_uses (
            entry_id TEXT NOT NULL PRIMARY KEY, workspace_id TEXT NOT NULL, last_used_at BIGINT NOT NULL,
            FOREIGN KEY (workspace_id, entry_id) REFERENCES entries (workspace_id, id))
        """,
        "CREATE TABLE use_marks (chain TEXT NOT NULL PRIMARY KEY, sequence BIGINT NOT NULL)",
        """
        CREATE TABLE entry_reminders (
            entry_id TEXT NOT NULL, workspace_id TEXT NOT NULL, expires_at BIGINT NOT NULL, threshold BIGINT NOT NULL,
            given_at BIGINT NOT NULL,
            PRIMARY KEY (entry_id, expires_at, threshold),
            FOREIGN KEY (workspace_id, entry_id) REFERENCES entries (workspace_id, id))
        """,
        "CREATE INDEX entries_expiry ON entries (expires_at) WHERE expires_at IS NOT NULL AND deleted_at IS NULL",
        // Lists go by id and searches read names in that order: neither touches the rows of deleted entries, and a
        // search reads no row at all that it does not show.
        "CREATE INDEX entries_live ON entries (workspace_id, id, lower(name), kind) WHERE deleted_at IS NULL",
    ]
}

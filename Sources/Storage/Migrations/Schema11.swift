// SPDX-License-Identifier: Apache-2.0

/// Versions that were written at about the same time lie together.
///
/// With the entry first, each new version went to a page of its entry's own history, so that a transaction wrote a page
/// for each of its entries. Nothing asks for a version without its number.
enum Schema11 {
    static let statements = [
        """
        CREATE TABLE entry_versions (
            entry_id TEXT NOT NULL, version BIGINT NOT NULL, workspace_id TEXT NOT NULL, sealed {blob},
            readable {blob}, created_at BIGINT NOT NULL, created_by TEXT NOT NULL, destroyed_at BIGINT,
            PRIMARY KEY (version, entry_id),
            FOREIGN KEY (workspace_id, entry_id) REFERENCES entries (workspace_id, id),
            CHECK (sealed IS NULL OR readable IS NULL))
        """,
        """
        INSERT INTO entry_versions
            (entry_id, version, workspace_id, sealed, readable, created_at, created_by, destroyed_at)
        SELECT entry_id, version, workspace_id, sealed, readable, created_at, created_by, destroyed_at
        FROM entry_values ORDER BY version, entry_id
        """,
        "DROP TABLE entry_values",
        "ALTER TABLE entry_versions RENAME TO entry_values",
    ]
}

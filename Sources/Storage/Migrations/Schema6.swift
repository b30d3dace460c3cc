// SPDX-License-Identifier: Apache-2.0

/// Credentials: what an entry of that kind has beside its value.
enum Schema6 {
    static let statements = [
        // Several credentials may be for one environment variable; an agent holds one of them.
        "DROP INDEX entries_live_name",
        """
        CREATE UNIQUE INDEX entries_live_name ON entries (workspace_id, name)
            WHERE deleted_at IS NULL AND kind <> 'credential'
        """,
        """
        CREATE TABLE credentials (
            entry_id TEXT NOT NULL PRIMARY KEY, workspace_id TEXT NOT NULL, name TEXT NOT NULL,
            folded_name TEXT NOT NULL, scheme TEXT NOT NULL, header TEXT, prefix TEXT, parameter TEXT,
            hosts TEXT NOT NULL, deleted_at BIGINT, row_code {blob} NOT NULL,
            FOREIGN KEY (workspace_id, entry_id) REFERENCES entries (workspace_id, id))
        """,
        "CREATE UNIQUE INDEX credentials_live_name ON credentials (workspace_id, folded_name) WHERE deleted_at IS NULL",
    ]
}

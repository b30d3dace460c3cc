// SPDX-License-Identifier: Apache-2.0

/// People: accounts with a password, sessions, invitations; the end of a workspace; the networks of a workspace key.
enum Schema5 {
    static let statements = [
        """
        CREATE TABLE accounts (
            user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id), email TEXT NOT NULL UNIQUE,
            password_hash {blob} NOT NULL, created_at BIGINT NOT NULL, changed_at BIGINT NOT NULL,
            row_code {blob} NOT NULL)
        """,
        """
        CREATE TABLE sessions (
            id TEXT NOT NULL PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id), digest {blob} NOT NULL UNIQUE,
            address TEXT, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, ended_at BIGINT, last_used_at BIGINT,
            row_code {blob} NOT NULL)
        """,
        "CREATE INDEX sessions_user ON sessions (user_id, id)",
        """
        CREATE TABLE invitations (
            id TEXT NOT NULL PRIMARY KEY, workspace_id TEXT NOT NULL REFERENCES workspaces (id), email TEXT NOT NULL,
            role TEXT NOT NULL, digest {blob} NOT NULL UNIQUE, invited_by TEXT NOT NULL, created_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL, ended_at BIGINT, end_reason TEXT, accepted_by TEXT,
            row_code {blob} NOT NULL,
            UNIQUE (workspace_id, id))
        """,
        "CREATE UNIQUE INDEX invitations_open ON invitations (workspace_id, email) WHERE ended_at IS NULL",
        "CREATE INDEX invitations_page ON invitations (workspace_id, id)",
        "ALTER TABLE workspaces ADD COLUMN deleted_at BIGINT",
        "ALTER TABLE tokens ADD COLUMN networks TEXT",
        "CREATE INDEX entries_owner ON entries (workspace_id, owner_id)",
    ]
}

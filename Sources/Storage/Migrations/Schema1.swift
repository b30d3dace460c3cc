// SPDX-License-Identifier: Apache-2.0

/// The first schema.
///
/// `{blob}` stands for the engine's type of bytes, times are milliseconds since 1970, texts of enumerations are their
/// raw values. What belongs to a workspace names it in its foreign keys, so that no row can point into another one.
/// Who made a row is recorded without a foreign key: that stays true when the user is gone.
enum Schema1 {
    static let statements = [
        """
        CREATE TABLE key_rings (
            slot BIGINT NOT NULL PRIMARY KEY, master_key_id TEXT NOT NULL, wrapped {blob} NOT NULL,
            created_at BIGINT NOT NULL)
        """,
        """
        CREATE TABLE users (
            id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, created_at BIGINT NOT NULL, row_code {blob} NOT NULL)
        """,
        """
        CREATE TABLE workspaces (
            id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, personal_user_id TEXT REFERENCES users (id),
            revision BIGINT NOT NULL, created_at BIGINT NOT NULL)
        """,
        """
        CREATE TABLE memberships (
            workspace_id TEXT NOT NULL REFERENCES workspaces (id), user_id TEXT NOT NULL REFERENCES users (id),
            role TEXT NOT NULL, created_at BIGINT NOT NULL, row_code {blob} NOT NULL,
            PRIMARY KEY (workspace_id, user_id))
        """,
        "CREATE INDEX memberships_user ON memberships (user_id)",
        """
        CREATE TABLE owner_salts (
            workspace_id TEXT NOT NULL REFERENCES workspaces (id), user_id TEXT NOT NULL REFERENCES users (id),
            salt {blob} NOT NULL,
            PRIMARY KEY (workspace_id, user_id))
        """,
        """
        CREATE TABLE entries (
            id TEXT NOT NULL PRIMARY KEY, workspace_id TEXT NOT NULL REFERENCES workspaces (id),
            owner_id TEXT NOT NULL REFERENCES users (id), name TEXT NOT NULL, kind TEXT NOT NULL, provider TEXT,
            note TEXT NOT NULL, version BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
            expires_at BIGINT, deleted_at BIGINT, row_code {blob} NOT NULL,
            UNIQUE (workspace_id, id))
        """,
        "CREATE UNIQUE INDEX entries_live_name ON entries (workspace_id, name) WHERE deleted_at IS NULL",
        """
        CREATE TABLE entry_values (
            entry_id TEXT NOT NULL, version BIGINT NOT NULL, workspace_id TEXT NOT NULL, sealed {blob},
            readable {blob}, created_at BIGINT NOT NULL, created_by TEXT NOT NULL, destroyed_at BIGINT,
            PRIMARY KEY (entry_id, version),
            FOREIGN KEY (workspace_id, entry_id) REFERENCES entries (workspace_id, id),
            CHECK (sealed IS NULL OR readable IS NULL))
        """,
        """
        CREATE TABLE agents (
            id TEXT NOT NULL PRIMARY KEY, workspace_id TEXT NOT NULL REFERENCES workspaces (id), name TEXT NOT NULL,
            folded_name TEXT NOT NULL, replicas BIGINT NOT NULL, allowed_names TEXT NOT NULL,
            created_at BIGINT NOT NULL, deleted_at BIGINT, row_code {blob} NOT NULL,
            UNIQUE (workspace_id, id))
        """,
        "CREATE UNIQUE INDEX agents_live_name ON agents (workspace_id, folded_name) WHERE deleted_at IS NULL",
        """
        CREATE TABLE attachments (
            id TEXT NOT NULL PRIMARY KEY, workspace_id TEXT NOT NULL, agent_id TEXT NOT NULL, entry_id TEXT NOT NULL,
            provider TEXT, delivery TEXT NOT NULL, created_at BIGINT NOT NULL, created_by TEXT NOT NULL,
            row_code {blob} NOT NULL,
            UNIQUE (agent_id, entry_id),
            FOREIGN KEY (workspace_id, agent_id) REFERENCES agents (workspace_id, id),
            FOREIGN KEY (workspace_id, entry_id) REFERENCES entries (workspace_id, id))
        """,
        "CREATE UNIQUE INDEX attachments_provider ON attachments (agent_id, provider) WHERE provider IS NOT NULL",
        "CREATE INDEX attachments_entry ON attachments (entry_id)",
        "CREATE INDEX attachments_workspace ON attachments (workspace_id, entry_id)",
        """
        CREATE TABLE tokens (
            id TEXT NOT NULL PRIMARY KEY, workspace_id TEXT NOT NULL REFERENCES workspaces (id), kind TEXT NOT NULL,
            digest {blob} NOT NULL UNIQUE, hint TEXT NOT NULL, name TEXT NOT NULL, role TEXT, agent_id TEXT,
            created_by TEXT NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT, ended_at BIGINT, end_reason TEXT,
            first_used_at BIGINT, last_used_at BIGINT, row_code {blob} NOT NULL,
            UNIQUE (workspace_id, id),
            FOREIGN KEY (workspace_id, agent_id) REFERENCES agents (workspace_id, id))
        """,
        "CREATE INDEX tokens_agent ON tokens (agent_id)",
        "CREATE INDEX tokens_kind ON tokens (workspace_id, kind, id)",
        """
        CREATE TABLE instances (
            id TEXT NOT NULL PRIMARY KEY, workspace_id TEXT NOT NULL, agent_id TEXT NOT NULL, replica TEXT NOT NULL,
            start_id TEXT NOT NULL, token_id TEXT NOT NULL, started_at BIGINT NOT NULL, ended_at BIGINT,
            end_reason TEXT, receipt {blob} NOT NULL,
            UNIQUE (agent_id, start_id),
            FOREIGN KEY (workspace_id, agent_id) REFERENCES agents (workspace_id, id),
            FOREIGN KEY (workspace_id, token_id) REFERENCES tokens (workspace_id, id))
        """,
        "CREATE INDEX instances_page ON instances (agent_id, id)",
        "CREATE INDEX instances_live ON instances (workspace_id, agent_id, id) WHERE ended_at IS NULL",
        """
        CREATE TABLE audit_entries (
            chain TEXT NOT NULL, sequence BIGINT NOT NULL, epoch BIGINT NOT NULL, at BIGINT NOT NULL,
            action TEXT NOT NULL, subject TEXT, entry {blob} NOT NULL, code {blob} NOT NULL,
            PRIMARY KEY (chain, sequence))
        """,
        """
        CREATE TABLE audit_heads (
            chain TEXT NOT NULL PRIMARY KEY, sequence BIGINT NOT NULL, epoch BIGINT NOT NULL, code {blob} NOT NULL,
            head_code {blob} NOT NULL)
        """,
        """
        CREATE TABLE idempotency (
            workspace_id TEXT NOT NULL REFERENCES workspaces (id), caller TEXT NOT NULL, key TEXT NOT NULL,
            fingerprint {blob} NOT NULL, reply {blob} NOT NULL, created_at BIGINT NOT NULL,
            PRIMARY KEY (workspace_id, caller, key))
        """,
        "CREATE INDEX idempotency_age ON idempotency (created_at)",
    ]
}

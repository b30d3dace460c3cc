// SPDX-License-Identifier: Apache-2.0

/// Choice among keys, what an agent sees of an answer, and plans.
///
/// The order of a provider's credentials, providers attached in place of one of them with the tokens for those, and the
/// requests that count against a plan.
enum Schema10 {
    static let statements = [
        "ALTER TABLE credentials ADD COLUMN rotation_priority BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE credentials ADD COLUMN response TEXT",
        "ALTER TABLE tokens ADD COLUMN provider TEXT",
        """
        CREATE TABLE provider_attachments (
            id TEXT NOT NULL PRIMARY KEY, workspace_id TEXT NOT NULL, agent_id TEXT NOT NULL, provider TEXT NOT NULL,
            created_at BIGINT NOT NULL, created_by TEXT NOT NULL, row_code {blob} NOT NULL,
            UNIQUE (agent_id, provider),
            FOREIGN KEY (workspace_id, agent_id) REFERENCES agents (workspace_id, id))
        """,
        "ALTER TABLE workspaces ADD COLUMN plan TEXT",
        """
        CREATE TABLE request_counts (
            workspace_id TEXT NOT NULL REFERENCES workspaces (id), month BIGINT NOT NULL, holder TEXT NOT NULL,
            requests BIGINT NOT NULL, PRIMARY KEY (workspace_id, month, holder))
        """,
        "CREATE INDEX entries_provider ON entries (workspace_id, provider) WHERE provider IS NOT NULL",
    ]
}

// SPDX-License-Identifier: Apache-2.0

/// Containers that an engine vouches for, and which of them an instance runs in.
enum Schema9 {
    static let statements = [
        """
        CREATE TABLE containers (
            token_id TEXT NOT NULL PRIMARY KEY, workspace_id TEXT NOT NULL, agent_id TEXT NOT NULL,
            container TEXT NOT NULL, pid BIGINT NOT NULL, process_start BIGINT NOT NULL, boot TEXT NOT NULL,
            cgroup TEXT NOT NULL, registered_at BIGINT NOT NULL, ended_at BIGINT,
            FOREIGN KEY (workspace_id, token_id) REFERENCES tokens (workspace_id, id),
            FOREIGN KEY (workspace_id, agent_id) REFERENCES agents (workspace_id, id))
        """,
        "CREATE UNIQUE INDEX containers_live ON containers (container) WHERE ended_at IS NULL",
        "ALTER TABLE instances ADD COLUMN container TEXT",
    ]
}

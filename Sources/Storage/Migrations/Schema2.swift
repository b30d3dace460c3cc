// SPDX-License-Identifier: Apache-2.0

/// The rotation of keys: an owner's salt before the present one, and the state of a rotation.
enum Schema2 {
    static let statements = [
        "ALTER TABLE owner_salts ADD COLUMN previous_salt {blob}",
        """
        CREATE TABLE key_rotations (
            id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, workspace_id TEXT NOT NULL REFERENCES workspaces (id),
            user_id TEXT REFERENCES users (id), epoch BIGINT, phase TEXT NOT NULL, place TEXT, position TEXT,
            done BIGINT NOT NULL, total BIGINT NOT NULL, damaged BIGINT NOT NULL, started_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL, ended_at BIGINT)
        """,
    ]
}

// SPDX-License-Identifier: Apache-2.0

/// One row for the value of an entry, and its history in the order in which it was written.
///
/// With a row for each version, kept by entry, every new version went to a page of its entry's own history, so that a
/// transaction wrote a page for each of its entries. Now values stay where they are, what is past goes to the end of
/// one table, and each row of that says where the one before it is.
enum Schema11 {
    static let statements = [
        """
        CREATE TABLE entry_history (
            place BIGINT NOT NULL PRIMARY KEY, entry_id TEXT NOT NULL, workspace_id TEXT NOT NULL,
            version BIGINT NOT NULL, created_at BIGINT NOT NULL, created_by TEXT NOT NULL, destroyed_at BIGINT,
            previous BIGINT,
            FOREIGN KEY (workspace_id, entry_id) REFERENCES entries (workspace_id, id))
        """,
        """
        INSERT INTO entry_history
            (place, entry_id, workspace_id, version, created_at, created_by, destroyed_at, previous)
        SELECT place, entry_id, workspace_id, version, created_at, created_by, destroyed_at,
            lag(place) OVER (PARTITION BY entry_id ORDER BY version)
        FROM (
            SELECT v.*, row_number() OVER (ORDER BY v.version, v.entry_id) AS place
            FROM entry_values v JOIN entries e ON e.id = v.entry_id WHERE v.version <> e.version) numbered
        """,
        """
        CREATE TABLE current_values (
            entry_id TEXT NOT NULL PRIMARY KEY, version BIGINT NOT NULL, workspace_id TEXT NOT NULL, sealed {blob},
            readable {blob}, created_at BIGINT NOT NULL, created_by TEXT NOT NULL, destroyed_at BIGINT, history BIGINT,
            FOREIGN KEY (workspace_id, entry_id) REFERENCES entries (workspace_id, id),
            CHECK (sealed IS NULL OR readable IS NULL))
        """,
        """
        INSERT INTO current_values
            (entry_id, version, workspace_id, sealed, readable, created_at, created_by, destroyed_at, history)
        SELECT v.entry_id, v.version, v.workspace_id, v.sealed, v.readable, v.created_at, v.created_by,
            v.destroyed_at, h.place
        FROM entry_values v JOIN entries e ON e.id = v.entry_id AND e.version = v.version
        LEFT JOIN (SELECT entry_id, max(place) AS place FROM entry_history GROUP BY entry_id) h
            ON h.entry_id = v.entry_id
        ORDER BY v.entry_id
        """,
        "DROP TABLE entry_values",
        "ALTER TABLE current_values RENAME TO entry_values",
    ]
}

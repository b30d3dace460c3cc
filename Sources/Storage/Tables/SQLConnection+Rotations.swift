// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

extension SQLConnection {
    package func insertRotation(_ row: RotationRow) throws(StorageFailure) { try insert(row) }

    package func updateRotation(_ row: RotationRow) throws(StorageFailure) {
        try execute(
            """
            UPDATE key_rotations SET epoch = $1, phase = $2, place = $3, position = $4, done = $5, total = $6,
                damaged = $7, updated_at = $8, ended_at = $9
            WHERE id = $10
            """,
            [
                SQLValue(integer: row.epoch), .text(row.phase.rawValue), SQLValue(text: row.place),
                SQLValue(text: row.position), .integer(row.done), .integer(row.total), .integer(row.damaged),
                .integer(row.updatedAt.milliseconds), SQLValue(integer: row.endedAt?.milliseconds), .text(row.id.text),
            ]
        )
    }

    /// The rotation that was begun last, ended or not; at most one is under way.
    package func latestRotation() throws(StorageFailure) -> RotationRow? {
        try selectOne("ORDER BY started_at DESC, id DESC LIMIT 1", [])
    }
}

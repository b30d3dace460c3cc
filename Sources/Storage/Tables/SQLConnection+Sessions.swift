// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension SQLConnection {
    package func insertSession(_ row: SessionRow) throws(StorageFailure) { try insert(row) }

    /// Writes when the session ended and when it was used.
    package func updateSession(_ row: SessionRow) throws(StorageFailure) {
        try execute(
            "UPDATE sessions SET ended_at = $1, last_used_at = $2, row_code = $3 WHERE id = $4",
            [
                SQLValue(integer: row.endedAt?.milliseconds), SQLValue(integer: row.lastUsedAt?.milliseconds),
                .blob(row.rowCode), .text(row.id.text),
            ]
        )
    }

    package func session(_ id: SessionID) throws(StorageFailure) -> SessionRow? {
        try selectOne("WHERE id = $1", [.text(id.text)])
    }

    package func session(digest: [UInt8]) throws(StorageFailure) -> SessionRow? {
        try selectOne("WHERE digest = $1", [.blob(digest)])
    }

    /// The sessions of a user that were not ended, oldest first; some may have expired.
    package func openSessions(of user: UserID) throws(StorageFailure) -> [SessionRow] {
        try select("WHERE user_id = $1 AND ended_at IS NULL ORDER BY id", [.text(user.text)])
    }

    /// Whether the user logged in from `address` at or after `time`.
    package func hasSession(
        of user: UserID,
        from address: String,
        since time: Timestamp
    ) throws(StorageFailure) -> Bool {
        let count = try count(
            "SELECT count(*) FROM sessions WHERE user_id = $1 AND address = $2 AND created_at >= $3",
            [.text(user.text), .text(address), .integer(time.milliseconds)]
        )
        return count > 0
    }

    /// Forgets the sessions that expired before `time`: the audit trail has what was done in them.
    package func deleteSessions(expiredBefore time: Timestamp) throws(StorageFailure) {
        try execute("DELETE FROM sessions WHERE expires_at < $1", [.integer(time.milliseconds)])
    }
}

// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension SQLConnection {
    package func idempotency(
        _ workspace: WorkspaceID,
        caller: String,
        key: String
    ) throws(StorageFailure) -> IdempotencyRow? {
        try selectOne(
            "WHERE workspace_id = $1 AND caller = $2 AND key = $3",
            [.text(workspace.text), .text(caller), .text(key)]
        )
    }

    package func insertIdempotency(_ row: IdempotencyRow) throws(StorageFailure) { try insert(row) }

    /// Forgets the answers of every workspace that are older than `time`.
    package func deleteIdempotency(before time: Timestamp) throws(StorageFailure) {
        try execute("DELETE FROM idempotency WHERE created_at < $1", [.integer(time.milliseconds)])
    }
}

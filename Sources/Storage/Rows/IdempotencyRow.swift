// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// The sealed answer to a request that may come again.
package struct IdempotencyRow: Equatable, Sendable {
    package var workspaceID: WorkspaceID
    package var caller: String
    package var key: String
    package var fingerprint: [UInt8]
    package var reply: [UInt8]
    package var createdAt: Timestamp

    package init(
        workspaceID: WorkspaceID,
        caller: String,
        key: String,
        fingerprint: [UInt8],
        reply: [UInt8],
        createdAt: Timestamp
    ) {
        self.workspaceID = workspaceID
        self.caller = caller
        self.key = key
        self.fingerprint = fingerprint
        self.reply = reply
        self.createdAt = createdAt
    }
}

extension IdempotencyRow: StoredRow {
    static let table = "idempotency"
    static let columns = [
        "workspace_id", "caller", "key", "fingerprint", "reply", "created_at",
    ]

    init(_ row: SQLRow) throws(StorageFailure) {
        self.init(
            workspaceID: try row.id(0),
            caller: try row.text(1),
            key: try row.text(2),
            fingerprint: try row.blob(3),
            reply: try row.blob(4),
            createdAt: try row.time(5)
        )
    }

    var values: [SQLValue] {
        [
            .text(workspaceID.text),
            .text(caller),
            .text(key),
            .blob(fingerprint),
            .blob(reply),
            .integer(createdAt.milliseconds),
        ]
    }
}

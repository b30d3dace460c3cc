// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// A person who has logged in, known by the digest of the session's token only.
///
/// `address` is the network from which the login came.
package struct SessionRow: Equatable, Sendable {
    package var id: SessionID
    package var userID: UserID
    package var digest: [UInt8]
    package var address: String?
    package var createdAt: Timestamp
    package var expiresAt: Timestamp
    package var endedAt: Timestamp?
    package var lastUsedAt: Timestamp?
    package var rowCode: [UInt8]

    package init(
        id: SessionID,
        userID: UserID,
        digest: [UInt8],
        address: String?,
        createdAt: Timestamp,
        expiresAt: Timestamp,
        endedAt: Timestamp?,
        lastUsedAt: Timestamp?,
        rowCode: [UInt8]
    ) {
        self.id = id
        self.userID = userID
        self.digest = digest
        self.address = address
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.endedAt = endedAt
        self.lastUsedAt = lastUsedAt
        self.rowCode = rowCode
    }
}

extension SessionRow: StoredRow {
    static let table = "sessions"
    static let columns = [
        "id", "user_id", "digest", "address", "created_at", "expires_at", "ended_at", "last_used_at", "row_code",
    ]

    init(_ row: SQLRow) throws(StorageFailure) {
        self.init(
            id: try row.id(0),
            userID: try row.id(1),
            digest: try row.blob(2),
            address: try row.optionalText(3),
            createdAt: try row.time(4),
            expiresAt: try row.time(5),
            endedAt: try row.optionalTime(6),
            lastUsedAt: try row.optionalTime(7),
            rowCode: try row.blob(8)
        )
    }

    var values: [SQLValue] {
        [
            .text(id.text),
            .text(userID.text),
            .blob(digest),
            SQLValue(text: address),
            .integer(createdAt.milliseconds),
            .integer(expiresAt.milliseconds),
            SQLValue(integer: endedAt?.milliseconds),
            SQLValue(integer: lastUsedAt?.milliseconds),
            .blob(rowCode),
        ]
    }
}

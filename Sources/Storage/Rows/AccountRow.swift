// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// How a person logs in: an address and a password, of which a hash is kept.
package struct AccountRow: Equatable, Sendable {
    package var userID: UserID
    package var email: String
    package var passwordHash: [UInt8]
    package var createdAt: Timestamp
    package var changedAt: Timestamp
    package var rowCode: [UInt8]

    package init(
        userID: UserID,
        email: String,
        passwordHash: [UInt8],
        createdAt: Timestamp,
        changedAt: Timestamp,
        rowCode: [UInt8]
    ) {
        self.userID = userID
        self.email = email
        self.passwordHash = passwordHash
        self.createdAt = createdAt
        self.changedAt = changedAt
        self.rowCode = rowCode
    }
}

extension AccountRow: StoredRow {
    static let table = "accounts"
    static let columns = [
        "user_id", "email", "password_hash", "created_at", "changed_at", "row_code",
    ]

    init(_ row: SQLRow) throws(StorageFailure) {
        self.init(
            userID: try row.id(0),
            email: try row.text(1),
            passwordHash: try row.blob(2),
            createdAt: try row.time(3),
            changedAt: try row.time(4),
            rowCode: try row.blob(5)
        )
    }

    var values: [SQLValue] {
        [
            .text(userID.text),
            .text(email),
            .blob(passwordHash),
            .integer(createdAt.milliseconds),
            .integer(changedAt.milliseconds),
            .blob(rowCode),
        ]
    }
}

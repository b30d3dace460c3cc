// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// A person.
package struct UserRow: Equatable, Sendable {
    package var id: UserID
    package var name: String
    package var createdAt: Timestamp
    package var rowCode: [UInt8]

    package init(
        id: UserID,
        name: String,
        createdAt: Timestamp,
        rowCode: [UInt8]
    ) {
        self.id = id
        self.name = name
        self.createdAt = createdAt
        self.rowCode = rowCode
    }
}

extension UserRow: StoredRow {
    static let table = "users"
    static let columns = [
        "id", "name", "created_at", "row_code",
    ]

    init(_ row: SQLRow) throws(StorageFailure) {
        self.init(
            id: try row.id(0),
            name: try row.text(1),
            createdAt: try row.time(2),
            rowCode: try row.blob(3)
        )
    }

    var values: [SQLValue] {
        [
            .text(id.text),
            .text(name),
            .integer(createdAt.milliseconds),
            .blob(rowCode),
        ]
    }
}

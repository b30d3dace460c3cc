// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// The salt of a user's keys in a workspace; destroying it destroys what it sealed.
package struct OwnerSaltRow: Equatable, Sendable {
    package var workspaceID: WorkspaceID
    package var userID: UserID
    /// Empty when it was destroyed.
    package var salt: [UInt8]
    /// The salt before, as long as something may still be sealed by it.
    package var previousSalt: [UInt8]?

    package init(
        workspaceID: WorkspaceID,
        userID: UserID,
        salt: [UInt8],
        previousSalt: [UInt8]? = nil
    ) {
        self.workspaceID = workspaceID
        self.userID = userID
        self.salt = salt
        self.previousSalt = previousSalt
    }
}

extension OwnerSaltRow: StoredRow {
    static let table = "owner_salts"
    static let columns = [
        "workspace_id", "user_id", "salt", "previous_salt",
    ]

    init(_ row: SQLRow) throws(StorageFailure) {
        self.init(
            workspaceID: try row.id(0),
            userID: try row.id(1),
            salt: try row.blob(2),
            previousSalt: try row.optionalBlob(3)
        )
    }

    var values: [SQLValue] {
        [
            .text(workspaceID.text),
            .text(userID.text),
            .blob(salt),
            SQLValue(blob: previousSalt),
        ]
    }
}

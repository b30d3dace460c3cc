// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// A user in a workspace.
package struct MembershipRow: Equatable, Sendable {
    package var workspaceID: WorkspaceID
    package var userID: UserID
    package var role: Role
    package var createdAt: Timestamp
    package var rowCode: [UInt8]

    package init(
        workspaceID: WorkspaceID,
        userID: UserID,
        role: Role,
        createdAt: Timestamp,
        rowCode: [UInt8]
    ) {
        self.workspaceID = workspaceID
        self.userID = userID
        self.role = role
        self.createdAt = createdAt
        self.rowCode = rowCode
    }
}

extension MembershipRow: StoredRow {
    static let table = "memberships"
    static let columns = [
        "workspace_id", "user_id", "role", "created_at", "row_code",
    ]

    init(_ row: SQLRow) throws(StorageFailure) {
        self.init(
            workspaceID: try row.id(0),
            userID: try row.id(1),
            role: try row.choice(2),
            createdAt: try row.time(3),
            rowCode: try row.blob(4)
        )
    }

    var values: [SQLValue] {
        [
            .text(workspaceID.text),
            .text(userID.text),
            .text(role.rawValue),
            .integer(createdAt.milliseconds),
            .blob(rowCode),
        ]
    }
}

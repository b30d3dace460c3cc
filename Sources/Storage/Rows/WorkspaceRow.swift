// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// A workspace; `revision` grows with every change in it.
package struct WorkspaceRow: Equatable, Sendable {
    package var id: WorkspaceID
    package var name: String
    package var personalUserID: UserID?
    package var revision: Int64
    package var createdAt: Timestamp
    package var deletedAt: Timestamp?
    /// Nil where nobody chose one.
    package var plan: Plan?

    package init(
        id: WorkspaceID,
        name: String,
        personalUserID: UserID?,
        revision: Int64,
        createdAt: Timestamp,
        deletedAt: Timestamp? = nil,
        plan: Plan? = nil
    ) {
        self.id = id
        self.name = name
        self.personalUserID = personalUserID
        self.revision = revision
        self.createdAt = createdAt
        self.deletedAt = deletedAt
        self.plan = plan
    }
}

extension WorkspaceRow: StoredRow {
    static let table = "workspaces"
    static let columns = [
        "id", "name", "personal_user_id", "revision", "created_at", "deleted_at", "plan",
    ]

    init(_ row: SQLRow) throws(StorageFailure) {
        self.init(
            id: try row.id(0),
            name: try row.text(1),
            personalUserID: try row.optionalID(2),
            revision: try row.integer(3),
            createdAt: try row.time(4),
            deletedAt: try row.optionalTime(5),
            plan: try row.optionalChoice(6)
        )
    }

    var values: [SQLValue] {
        [
            .text(id.text),
            .text(name),
            SQLValue(text: personalUserID?.text),
            .integer(revision),
            .integer(createdAt.milliseconds),
            SQLValue(integer: deletedAt?.milliseconds),
            SQLValue(text: plan?.rawValue),
        ]
    }
}

// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// An agent, live or deleted; `allowedNames` is separated by blanks.
package struct AgentRow: Equatable, Sendable {
    package var id: AgentID
    package var workspaceID: WorkspaceID
    package var name: String
    package var foldedName: String
    package var replicas: Int64
    package var allowedNames: String
    package var createdAt: Timestamp
    package var deletedAt: Timestamp?
    package var rowCode: [UInt8]

    package init(
        id: AgentID,
        workspaceID: WorkspaceID,
        name: String,
        foldedName: String,
        replicas: Int64,
        allowedNames: String,
        createdAt: Timestamp,
        deletedAt: Timestamp?,
        rowCode: [UInt8]
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.name = name
        self.foldedName = foldedName
        self.replicas = replicas
        self.allowedNames = allowedNames
        self.createdAt = createdAt
        self.deletedAt = deletedAt
        self.rowCode = rowCode
    }
}

extension AgentRow: StoredRow {
    static let table = "agents"
    static let columns = [
        "id", "workspace_id", "name", "folded_name", "replicas", "allowed_names", "created_at", "deleted_at",
        "row_code",
    ]

    init(_ row: SQLRow) throws(StorageFailure) {
        self.init(
            id: try row.id(0),
            workspaceID: try row.id(1),
            name: try row.text(2),
            foldedName: try row.text(3),
            replicas: try row.integer(4),
            allowedNames: try row.text(5),
            createdAt: try row.time(6),
            deletedAt: try row.optionalTime(7),
            rowCode: try row.blob(8)
        )
    }

    var values: [SQLValue] {
        [
            .text(id.text),
            .text(workspaceID.text),
            .text(name),
            .text(foldedName),
            .integer(replicas),
            .text(allowedNames),
            .integer(createdAt.milliseconds),
            SQLValue(integer: deletedAt?.milliseconds),
            .blob(rowCode),
        ]
    }
}

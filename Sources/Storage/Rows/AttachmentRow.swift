// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// One entry given to one agent.
package struct AttachmentRow: Equatable, Sendable {
    package var id: AttachmentID
    package var workspaceID: WorkspaceID
    package var agentID: AgentID
    package var entryID: EntryID
    package var provider: ProviderID?
    package var delivery: Delivery
    package var createdAt: Timestamp
    package var createdBy: UserID
    package var rowCode: [UInt8]

    package init(
        id: AttachmentID,
        workspaceID: WorkspaceID,
        agentID: AgentID,
        entryID: EntryID,
        provider: ProviderID?,
        delivery: Delivery,
        createdAt: Timestamp,
        createdBy: UserID,
        rowCode: [UInt8]
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.agentID = agentID
        self.entryID = entryID
        self.provider = provider
        self.delivery = delivery
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.rowCode = rowCode
    }
}

extension AttachmentRow: StoredRow {
    static let table = "attachments"
    static let columns = [
        "id", "workspace_id", "agent_id", "entry_id", "provider", "delivery", "created_at", "created_by",
        "row_code",
    ]

    init(_ row: SQLRow) throws(StorageFailure) {
        self.init(
            id: try row.id(0),
            workspaceID: try row.id(1),
            agentID: try row.id(2),
            entryID: try row.id(3),
            provider: try row.optionalProvider(4),
            delivery: try row.choice(5),
            createdAt: try row.time(6),
            createdBy: try row.id(7),
            rowCode: try row.blob(8)
        )
    }

    var values: [SQLValue] {
        [
            .text(id.text),
            .text(workspaceID.text),
            .text(agentID.text),
            .text(entryID.text),
            SQLValue(text: provider?.text),
            .text(delivery.rawValue),
            .integer(createdAt.milliseconds),
            .text(createdBy.text),
            .blob(rowCode),
        ]
    }
}

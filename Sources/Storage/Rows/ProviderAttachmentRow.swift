// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// A provider given to one agent: any of the workspace's credentials of it, by proxy.
package struct ProviderAttachmentRow: Equatable, Sendable {
    package var id: AttachmentID
    package var workspaceID: WorkspaceID
    package var agentID: AgentID
    package var provider: ProviderID
    package var createdAt: Timestamp
    package var createdBy: UserID
    package var rowCode: [UInt8]

    package init(
        id: AttachmentID,
        workspaceID: WorkspaceID,
        agentID: AgentID,
        provider: ProviderID,
        createdAt: Timestamp,
        createdBy: UserID,
        rowCode: [UInt8]
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.agentID = agentID
        self.provider = provider
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.rowCode = rowCode
    }
}

extension ProviderAttachmentRow: StoredRow {
    static let table = "provider_attachments"
    static let columns = [
        "id", "workspace_id", "agent_id", "provider", "created_at", "created_by", "row_code",
    ]

    init(_ row: SQLRow) throws(StorageFailure) {
        guard let provider = try row.optionalProvider(3) else { throw .corrupt }
        self.init(
            id: try row.id(0),
            workspaceID: try row.id(1),
            agentID: try row.id(2),
            provider: provider,
            createdAt: try row.time(4),
            createdBy: try row.id(5),
            rowCode: try row.blob(6)
        )
    }

    var values: [SQLValue] {
        [
            .text(id.text),
            .text(workspaceID.text),
            .text(agentID.text),
            .text(provider.text),
            .integer(createdAt.milliseconds),
            .text(createdBy.text),
            .blob(rowCode),
        ]
    }
}

// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension SQLConnection {
    /// Throws ``StorageFailure/constraint`` when the agent has that provider already.
    package func insertProviderAttachment(_ row: ProviderAttachmentRow) throws(StorageFailure) { try insert(row) }

    package func deleteProviderAttachment(_ id: AttachmentID, in workspace: WorkspaceID) throws(StorageFailure) {
        try execute(
            "DELETE FROM provider_attachments WHERE id = $1 AND workspace_id = $2",
            [.text(id.text), .text(workspace.text)]
        )
    }

    /// The providers of an agent, by name.
    package func providerAttachments(
        of agent: AgentID,
        in workspace: WorkspaceID
    ) throws(StorageFailure) -> [ProviderAttachmentRow] {
        try select(
            "WHERE agent_id = $1 AND workspace_id = $2 ORDER BY provider",
            [.text(agent.text), .text(workspace.text)]
        )
    }

    package func providerAttachment(
        of provider: ProviderID,
        on agent: AgentID,
        in workspace: WorkspaceID
    ) throws(StorageFailure) -> ProviderAttachmentRow? {
        try selectOne(
            "WHERE agent_id = $1 AND provider = $2 AND workspace_id = $3",
            [.text(agent.text), .text(provider.text), .text(workspace.text)]
        )
    }
}

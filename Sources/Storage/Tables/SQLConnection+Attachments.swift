// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension SQLConnection {
    /// Throws ``StorageFailure/constraint`` when the agent has that entry, or an entry of that provider, already.
    package func insertAttachment(_ row: AttachmentRow) throws(StorageFailure) { try insert(row) }

    package func deleteAttachment(_ id: AttachmentID, in workspace: WorkspaceID) throws(StorageFailure) {
        try execute(
            "DELETE FROM attachments WHERE id = $1 AND workspace_id = $2",
            [.text(id.text), .text(workspace.text)]
        )
    }

    package func attachments(of agent: AgentID, in workspace: WorkspaceID) throws(StorageFailure) -> [AttachmentRow] {
        try select(
            "WHERE agent_id = $1 AND workspace_id = $2 ORDER BY id",
            [.text(agent.text), .text(workspace.text)]
        )
    }

    package func attachments(of entry: EntryID, in workspace: WorkspaceID) throws(StorageFailure) -> [AttachmentRow] {
        try select(
            "WHERE entry_id = $1 AND workspace_id = $2 ORDER BY id",
            [.text(entry.text), .text(workspace.text)]
        )
    }

    package func attachment(
        of entry: EntryID,
        on agent: AgentID,
        in workspace: WorkspaceID
    ) throws(StorageFailure) -> AttachmentRow? {
        try selectOne(
            "WHERE agent_id = $1 AND entry_id = $2 AND workspace_id = $3",
            [.text(agent.text), .text(entry.text), .text(workspace.text)]
        )
    }

    package func attachmentCount(in workspace: WorkspaceID) throws(StorageFailure) -> Int {
        try count("SELECT count(*) FROM attachments WHERE workspace_id = $1", [.text(workspace.text)])
    }

    /// How many agents hold each entry that any agent holds.
    package func attachmentCounts(in workspace: WorkspaceID) throws(StorageFailure) -> [EntryID: Int] {
        let rows = try query(
            "SELECT entry_id, count(*) FROM attachments WHERE workspace_id = $1 GROUP BY entry_id",
            [.text(workspace.text)]
        )
        var counts: [EntryID: Int] = [:]
        for row in rows { counts[try row.id(0)] = Int(try row.integer(1)) }
        return counts
    }

    /// The agents that hold each entry that any agent holds.
    package func attachedAgents(in workspace: WorkspaceID) throws(StorageFailure) -> [EntryID: [AgentID]] {
        let rows = try query(
            "SELECT entry_id, agent_id FROM attachments WHERE workspace_id = $1 ORDER BY entry_id, agent_id",
            [.text(workspace.text)]
        )
        var agents: [EntryID: [AgentID]] = [:]
        for row in rows { agents[try row.id(0), default: []].append(try row.id(1)) }
        return agents
    }

    /// What `agent` receives at a start, without any value: entries by name, then providers.
    package func attachedVersions(
        of agent: AgentID,
        in workspace: WorkspaceID
    ) throws(StorageFailure) -> [AttachedVersion] {
        let rows = try query(
            """
            SELECT entries.id, entries.name, entries.version, attachments.delivery FROM attachments
            JOIN entries ON entries.id = attachments.entry_id AND entries.workspace_id = attachments.workspace_id
            WHERE attachments.agent_id = $1 AND attachments.workspace_id = $2
            ORDER BY entries.name
            """,
            [.text(agent.text), .text(workspace.text)]
        )
        let entries = try rows.map { row throws(StorageFailure) in
            AttachedVersion(
                entry: try row.id(0),
                name: try row.text(1),
                version: try row.integer(2),
                delivery: try row.choice(3)
            )
        }
        return try entries + providerAttachments(of: agent, in: workspace).map(AttachedVersion.init)
    }

    /// What is attached to `agent` with the current version of each value, by name: all that a start needs.
    package func attachedEntries(
        of agent: AgentID,
        in workspace: WorkspaceID
    ) throws(StorageFailure) -> [AttachedEntryRow] {
        let rows = try query(AttachedEntryRow.ofAgent, [.text(agent.text), .text(workspace.text)])
        return try rows.map { row throws(StorageFailure) in try AttachedEntryRow(row) }
    }
}

// SPDX-License-Identifier: Apache-2.0

package import Storage
package import VaultModel

/// Two workspaces with a user and an agent each, and makers of rows that fit into them.
package struct SampleVault: Sendable {
    package let here: SampleWorkspace
    /// A workspace that nothing of ``here`` may be seen in.
    package let elsewhere: SampleWorkspace

    /// Writes the rows that both workspaces begin with.
    package static func make(in engine: any SQLEngine) async throws -> SampleVault {
        let vault = SampleVault(here: SampleWorkspace(at: .day(1)), elsewhere: SampleWorkspace(at: .day(2)))
        try await engine.write { connection in
            for workspace in [vault.here, vault.elsewhere] {
                try connection.insertUser(workspace.user)
                try connection.insertWorkspace(workspace.workspace)
                try connection.insertMembership(workspace.membership)
                try connection.insertAgent(workspace.agent)
                try connection.insertToken(workspace.token)
            }
        }
        return vault
    }
}

/// The rows that a workspace begins with.
package struct SampleWorkspace: Sendable {
    package let user: UserRow
    package let workspace: WorkspaceRow
    package let membership: MembershipRow
    package let agent: AgentRow
    package let token: TokenRow

    package var id: WorkspaceID { workspace.id }

    init(at time: Timestamp) {
        user = UserRow(id: UserID(at: time), name: "operator", createdAt: time, rowCode: [1, 2, 3])
        workspace = WorkspaceRow(
            id: WorkspaceID(at: time),
            name: "personal",
            personalUserID: user.id,
            revision: 1,
            createdAt: time
        )
        membership = MembershipRow(
            workspaceID: workspace.id,
            userID: user.id,
            role: .owner,
            createdAt: time,
            rowCode: [4]
        )
        agent = Self.agent("Builder", in: workspace.id, at: time)
        token = Self.token(in: workspace.id, of: agent.id, by: user.id, at: time)
    }

    package func agent(_ name: String, at time: Timestamp = .day(3)) -> AgentRow {
        Self.agent(name, in: id, at: time)
    }

    package func entry(
        _ name: String,
        kind: EntryKind = .secret,
        provider: String? = nil,
        at time: Timestamp = .day(3)
    ) throws -> EntryRow {
        EntryRow(
            id: EntryID(at: time),
            workspaceID: id,
            ownerID: user.id,
            name: try EnvironmentName(name),
            kind: kind,
            provider: provider.flatMap { ProviderID($0) },
            note: "für die Nacht, 100 %",
            version: 1,
            createdAt: time,
            updatedAt: time,
            expiresAt: nil,
            deletedAt: nil,
            rowCode: [5, 0, 5]
        )
    }

    package func credential(of entry: EntryRow, _ name: String = "Sample") -> CredentialRow {
        CredentialRow(
            entryID: entry.id,
            workspaceID: id,
            name: name,
            foldedName: name.lowercased(),
            scheme: .customHeader,
            header: nil,
            prefix: nil,
            parameter: nil,
            hosts: "api.example.com\nGET *.example.com",
            deletedAt: nil,
            rowCode: [7]
        )
    }

    package func value(of entry: EntryRow, version: Int64 = 1, sealed: [UInt8]? = [9, 0, 9]) -> EntryValueRow {
        EntryValueRow(
            entryID: entry.id,
            version: version,
            workspaceID: id,
            sealed: sealed,
            readable: nil,
            createdAt: .day(3),
            createdBy: user.id,
            destroyedAt: nil
        )
    }

    package func attachment(of entry: EntryRow, to agent: AgentRow? = nil) -> AttachmentRow {
        AttachmentRow(
            id: AttachmentID(at: .day(4)),
            workspaceID: id,
            agentID: (agent ?? self.agent).id,
            entryID: entry.id,
            provider: entry.provider,
            delivery: .environment,
            createdAt: .day(4),
            createdBy: user.id,
            rowCode: [6]
        )
    }

    package func providerAttachment(_ provider: String) -> ProviderAttachmentRow? {
        ProviderID(provider).map { provider in
            ProviderAttachmentRow(
                id: AttachmentID(at: .day(4)),
                workspaceID: id,
                agentID: agent.id,
                provider: provider,
                createdAt: .day(4),
                createdBy: user.id,
                rowCode: [6]
            )
        }
    }

    package func token(kind: TokenKind, at time: Timestamp = .day(3)) -> TokenRow {
        Self.token(kind: kind, in: id, of: kind == .workspaceKey ? nil : agent.id, by: user.id, at: time)
    }

    package func instance(_ startID: String, replica: String = "one", at time: Timestamp = .day(5)) -> InstanceRow {
        InstanceRow(
            id: InstanceID(at: time),
            workspaceID: id,
            agentID: agent.id,
            replica: replica,
            startID: startID,
            tokenID: token.id,
            startedAt: time,
            endedAt: nil,
            endReason: nil,
            receipt: []
        )
    }

    private static func agent(_ name: String, in workspace: WorkspaceID, at time: Timestamp) -> AgentRow {
        AgentRow(
            id: AgentID(at: time),
            workspaceID: workspace,
            name: name,
            foldedName: name.lowercased(),
            replicas: 1,
            allowedNames: "",
            createdAt: time,
            deletedAt: nil,
            rowCode: [7]
        )
    }

    private static func token(
        kind: TokenKind = .gateway,
        in workspace: WorkspaceID,
        of agent: AgentID?,
        by user: UserID,
        at time: Timestamp
    ) -> TokenRow {
        let id = TokenID(at: time)
        return TokenRow(
            id: id,
            workspaceID: workspace,
            kind: kind,
            digest: Array(id.text.utf8),
            hint: "wxyz",
            name: "first",
            role: kind == .workspaceKey ? .admin : nil,
            agentID: agent,
            createdBy: user,
            createdAt: time,
            expiresAt: nil,
            endedAt: nil,
            endReason: nil,
            firstUsedAt: nil,
            lastUsedAt: nil,
            rowCode: [8]
        )
    }
}

extension Timestamp {
    /// The given day of January 2026, at 0:00 UTC.
    package static func day(_ number: Int64) -> Timestamp {
        Timestamp(milliseconds: 1_767_225_600_000 + (number - 1) * 86_400_000)
    }
}

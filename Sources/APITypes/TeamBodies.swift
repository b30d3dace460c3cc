// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// A workspace as one of its members sees it.
package struct WorkspaceBody: Codable, Equatable, Sendable {
    package var id: String
    package var name: String
    /// The caller's.
    package var role: Role
    package var isPersonal: Bool
    package var createdAt: Timestamp
    /// Absent in lists, as usage and limits.
    package var plan: Plan?
    package var usage: UsageBody?
    package var limits: LimitsBody?
    /// Only in the answer that made the workspace: its first key.
    package var apiKey: APIKeyBody?

    package init(
        id: String,
        name: String,
        role: Role,
        isPersonal: Bool,
        createdAt: Timestamp,
        plan: Plan? = nil,
        usage: UsageBody? = nil,
        limits: LimitsBody? = nil,
        apiKey: APIKeyBody? = nil
    ) {
        self.id = id
        self.name = name
        self.role = role
        self.isPersonal = isPersonal
        self.createdAt = createdAt
        self.plan = plan
        self.usage = usage
        self.limits = limits
        self.apiKey = apiKey
    }
}

/// The workspaces of a person, in the order in which they were joined.
package struct WorkspaceList: Codable, Equatable, Sendable {
    package var workspaces: [WorkspaceBody]

    package init(workspaces: [WorkspaceBody]) {
        self.workspaces = workspaces
    }
}

/// The body of `POST /workspaces`.
package struct CreateWorkspaceBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable { case name }

    package var name: String

    package init(name: String) {
        self.name = name
    }
}

/// The body of `PATCH /workspace`.
package struct UpdateWorkspaceBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable { case name, plan }

    package var name: String?
    /// For owners; on a server whose workspaces have limits for its operator.
    package var plan: Plan?

    package init(name: String? = nil, plan: Plan? = nil) {
        self.name = name
        self.plan = plan
    }
}

/// A person in a workspace.
package struct MemberBody: Codable, Equatable, Sendable {
    /// That of the user.
    package var id: String
    package var name: String
    package var email: String?
    package var role: Role
    package var joinedAt: Timestamp
    /// How many live entries are sealed for the member.
    package var entries: Int

    package init(
        id: String,
        name: String,
        email: String? = nil,
        role: Role,
        joinedAt: Timestamp,
        entries: Int
    ) {
        self.id = id
        self.name = name
        self.email = email
        self.role = role
        self.joinedAt = joinedAt
        self.entries = entries
    }
}

/// The members of a workspace, in the order in which they joined.
package struct MemberList: Codable, Equatable, Sendable {
    package var members: [MemberBody]

    package init(members: [MemberBody]) {
        self.members = members
    }
}

/// The body of `PATCH /workspace/members/{id}`.
package struct UpdateMemberBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable { case role }

    package var role: Role

    package init(role: Role) {
        self.role = role
    }
}

/// The answer to the removal of a member: what changed hands, what ended, and what is left to do.
package struct RemovedMemberBody: Codable, Equatable, Sendable {
    package var id: String
    package var name: String
    /// How many entries were sealed anew, for `heir`.
    package var entries: Int
    /// Whose they are now.
    package var heir: NamedBody
    /// The workspace keys that the member had made.
    package var revokedKeys: [NamedBody]
    /// Agents whose gateway token the member was shown: rotate it.
    package var agents: [NamedBody]
    /// Entries that could not be opened, and were left as they were.
    package var damaged: [String]

    package init(
        id: String,
        name: String,
        entries: Int,
        heir: NamedBody,
        revokedKeys: [NamedBody],
        agents: [NamedBody],
        damaged: [String]
    ) {
        self.id = id
        self.name = name
        self.entries = entries
        self.heir = heir
        self.revokedKeys = revokedKeys
        self.agents = agents
        self.damaged = damaged
    }
}

/// An invitation that was neither accepted nor cancelled.
package struct InvitationBody: Codable, Equatable, Sendable {
    package var id: String
    package var email: String
    package var role: Role
    package var invitedBy: NamedBody
    package var createdAt: Timestamp
    package var expiresAt: Timestamp
    package var isExpired: Bool
    /// Only in the answer that made or renewed it, and not when it was mailed.
    package var token: String?
    /// What the token is accepted by, where the server knows its own address; goes with the token.
    package var link: String?
    /// Whether the link went to the address; absent where the server sends no mail.
    package var mailed: Bool?
    /// Why it did not.
    package var mailProblem: String?

    package init(
        id: String,
        email: String,
        role: Role,
        invitedBy: NamedBody,
        createdAt: Timestamp,
        expiresAt: Timestamp,
        isExpired: Bool,
        token: String? = nil
    ) {
        self.id = id
        self.email = email
        self.role = role
        self.invitedBy = invitedBy
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.isExpired = isExpired
        self.token = token
    }
}

/// The open invitations of a workspace, oldest first.
package struct InvitationList: Codable, Equatable, Sendable {
    package var invitations: [InvitationBody]

    package init(invitations: [InvitationBody]) {
        self.invitations = invitations
    }
}

/// The body of `POST /workspace/invitations`.
package struct CreateInvitationBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable { case email, role }

    package var email: String
    /// `member` unless told; at most the caller's own.
    package var role: Role?

    package init(email: String, role: Role? = nil) {
        self.email = email
        self.role = role
    }
}

/// The body of `POST /invitations/accept`.
package struct AcceptInvitationBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable { case token, name, password }

    /// What the answer that made or renewed it showed.
    package var token: SecretText
    /// Of a person who has no account yet.
    package var name: String?
    /// That of the account; the first one makes the account.
    package var password: SecretText

    package init(token: SecretText, name: String? = nil, password: SecretText) {
        self.token = token
        self.name = name
        self.password = password
    }
}

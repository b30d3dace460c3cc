// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// The body of `POST /session`.
package struct LoginBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable { case email, password }

    package var email: String
    package var password: SecretText

    package init(email: String, password: SecretText) {
        self.email = email
        self.password = password
    }
}

/// The answer to a login: the token of a session, which is never shown again.
package struct LoggedInBody: Codable, Equatable, Sendable {
    /// Begins with `ses_`.
    package var token: String
    package var expiresAt: Timestamp
    package var user: UserBody
    package var workspaces: [WorkspaceBody]

    package init(
        token: String,
        expiresAt: Timestamp,
        user: UserBody,
        workspaces: [WorkspaceBody]
    ) {
        self.token = token
        self.expiresAt = expiresAt
        self.user = user
        self.workspaces = workspaces
    }
}

/// A person.
package struct UserBody: Codable, Equatable, Sendable {
    package var id: String
    package var name: String
    /// Absent for the operator of a machine who has no account.
    package var email: String?
    package var createdAt: Timestamp

    package init(
        id: String,
        name: String,
        email: String? = nil,
        createdAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.email = email
        self.createdAt = createdAt
    }
}

/// Every person whom the server knows, oldest first.
package struct UserList: Codable, Equatable, Sendable {
    package var users: [UserBody]

    package init(users: [UserBody]) {
        self.users = users
    }
}

/// The answer to `GET /account`: who asks, and where that person is a member.
package struct AccountBody: Codable, Equatable, Sendable {
    package var user: UserBody
    package var workspaces: [WorkspaceBody]

    package init(user: UserBody, workspaces: [WorkspaceBody]) {
        self.user = user
        self.workspaces = workspaces
    }
}

/// The body of `PATCH /account`; what is absent stays.
package struct UpdateAccountBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable { case name, currentPassword, password }

    package var name: String?
    /// Required with `password`.
    package var currentPassword: SecretText?
    /// Ends every other session of the person.
    package var password: SecretText?

    package init(name: String? = nil, currentPassword: SecretText? = nil, password: SecretText? = nil) {
        self.name = name
        self.currentPassword = currentPassword
        self.password = password
    }
}

/// The body of `POST /users`.
package struct CreateUserBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable { case email, name, password, isOperator }

    package var email: String
    /// The part of the address before the `@` without it.
    package var name: String?
    package var password: SecretText
    /// Gives the account to the operator's own user instead of a new one.
    package var isOperator: Bool?

    package init(
        email: String,
        name: String? = nil,
        password: SecretText,
        isOperator: Bool? = nil
    ) {
        self.email = email
        self.name = name
        self.password = password
        self.isOperator = isOperator
    }
}

/// The answer to `DELETE /users/{id}`: what ended with the person.
package struct DeletedUserBody: Codable, Equatable, Sendable {
    package var id: String
    package var name: String
    /// How many sessions ended.
    package var sessions: Int
    /// How many entries of the personal workspace were destroyed.
    package var personalEntries: Int
    /// The shared workspaces that the person left, and what changed hands in each.
    package var workspaces: [LeftWorkspaceBody]
    /// The shared workspaces that nobody else was in, which are gone.
    package var deletedWorkspaces: [NamedBody]

    package init(
        id: String,
        name: String,
        sessions: Int,
        personalEntries: Int,
        workspaces: [LeftWorkspaceBody],
        deletedWorkspaces: [NamedBody]
    ) {
        self.id = id
        self.name = name
        self.sessions = sessions
        self.personalEntries = personalEntries
        self.workspaces = workspaces
        self.deletedWorkspaces = deletedWorkspaces
    }
}

/// A workspace that somebody left.
package struct LeftWorkspaceBody: Codable, Equatable, Sendable {
    package var workspace: NamedBody
    package var removed: RemovedMemberBody

    package init(workspace: NamedBody, removed: RemovedMemberBody) {
        self.workspace = workspace
        self.removed = removed
    }
}

/// The body of `PATCH /users/{id}`: a new password for somebody who lost the old one.
package struct UpdateUserBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable { case password }

    package var password: SecretText

    package init(password: SecretText) {
        self.password = password
    }
}

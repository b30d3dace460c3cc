// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// The bodies about people: accounts, workspaces, members, invitations.
extension Component {
    private static let email = Schema.string(
        format: "email",
        length: 3...254,
        "ASCII; blanks at the ends are dropped and letters folded."
    )

    private static let newPassword = Schema.string(length: 12...1_024, "12 to 1,024 bytes.")

    private static let givenPassword = Schema.string(length: 1...1_024)

    var peopleSchema: Schema {
        switch self {
        case .acceptInvitation:
            .request(
                .required("token", .token("inv_", "What the answer that made or renewed it showed.")),
                .optional("name", .displayName),
                .required("password", Self.newPassword)
            )
        case .account:
            .answer(
                .required("user", .reference(.user)),
                .required("workspaces", .array(of: .reference(.workspace)))
            )
        case .createInvitation: .request(.required("email", Self.email), .optional("role", .role))
        case .createUser:
            .request(
                .required("email", Self.email),
                .optional("name", .displayName),
                .required("password", Self.newPassword),
                .optional("isOperator", .boolean("Give the account to the operator's own user."))
            )
        case .createWorkspace: .request(.required("name", .displayName))
        case .updateWorkspace: .request(.optional("name", .displayName), .optional("plan", .plan))
        case .deletedUser:
            .answer(
                .required("id", .identifier),
                .required("name", .string()),
                .required("sessions", .count("How many sessions ended.")),
                .required("personalEntries", .count("How many entries of the personal workspace were destroyed.")),
                .required("workspaces", .array(of: .reference(.leftWorkspace), "Shared workspaces that were left.")),
                .required("deletedWorkspaces", .array(of: .reference(.named), "Those that nobody else was in."))
            )
        case .leftWorkspace:
            .answer(
                .required("workspace", .reference(.named)),
                .required("removed", .reference(.removedMember))
            )
        case .invitation: Self.invitationSchema
        case .invitationList: .answer(.required("invitations", .array(of: .reference(.invitation))))
        case .loggedIn:
            .answer(
                .required("token", .token("ses_", "Never shown again.")),
                .required("expiresAt", .timestamp),
                .required("user", .reference(.user)),
                .required("workspaces", .array(of: .reference(.workspace)))
            )
        case .login: .request(.required("email", Self.email), .required("password", Self.givenPassword))
        case .member:
            .answer(
                .required("id", .identifier),
                .required("name", .string()),
                .optional("email", .string()),
                .required("role", .role),
                .required("joinedAt", .timestamp),
                .required("entries", .count("How many live entries are sealed for the member."))
            )
        case .memberList: .answer(.required("members", .array(of: .reference(.member))))
        case .removedMember:
            .answer(
                .required("id", .identifier),
                .required("name", .string()),
                .required("entries", .count("How many entries were sealed anew, for `heir`.")),
                .required("heir", .reference(.named)),
                .required("revokedKeys", .array(of: .reference(.named), "Workspace keys that the member had made.")),
                .required("agents", .array(of: .reference(.named), "The member was shown their gateway token.")),
                .required("damaged", .array(of: .string(), "Entries that could not be opened, left as they were."))
            )
        case .updateAccount:
            .request(
                .optional("name", .displayName),
                .optional("currentPassword", Self.givenPassword),
                .optional("password", Self.newPassword)
            )
        case .updateMember: .request(.required("role", .role))
        case .updateUser: .request(.required("password", Self.newPassword))
        case .user:
            .answer(
                .required("id", .identifier),
                .required("name", .string()),
                .optional("email", .string()),
                .required("createdAt", .timestamp)
            )
        case .userList: .answer(.required("users", .array(of: .reference(.user))))
        case .workspaceList: .answer(.required("workspaces", .array(of: .reference(.workspace))))
        default: Self.workspaceSchema
        }
    }

    private static let invitationSchema = Schema.answer(
        .required("id", .identifier),
        .required("email", .string()),
        .required("role", .role),
        .required("invitedBy", .reference(.named)),
        .required("createdAt", .timestamp),
        .required("expiresAt", .timestamp),
        .required("isExpired", .boolean()),
        .optional("token", .token("inv_", "Only when it was made or renewed, and not mailed; never shown again.")),
        .optional("link", .string("The token as a link, where the server knows its own address.")),
        .optional("mailed", .boolean("Whether the link went to the address; absent where no mail is sent.")),
        .optional("mailProblem", .string("Why it did not."))
    )

    private static let workspaceSchema = Schema.answer(
        .required("id", .identifier),
        .required("name", .string()),
        .required("role", .role),
        .required("isPersonal", .boolean("A person's own, which cannot be shared or deleted.")),
        .required("createdAt", .timestamp),
        .optional("plan", .plan),
        .optional("usage", .reference(.usage)),
        .optional("limits", .reference(.limits)),
        .optional("apiKey", .reference(.apiKey))
    )
}

// SPDX-License-Identifier: Apache-2.0

extension Endpoint {
    /// Accounts, workspaces, members and invitations.
    static let people = accounts + workspaces + members + invitations + users

    private static let accounts: [Endpoint] = [
        Endpoint(
            .logIn,
            .post,
            "/api/v1/session",
            "Log in with address and password",
            access: .proof,
            body: .json(.login),
            answer: .made(.loggedIn, "The session's token, which is not shown again.")
        ),
        Endpoint(.logOut, .delete, "/api/v1/session", "End the session that is shown", answer: .done),
        Endpoint(
            .getAccount,
            .get,
            "/api/v1/account",
            "Show who asks, and where that person is a member",
            answer: .ok(.account, "The person and the workspaces.")
        ),
        Endpoint(
            .updateAccount,
            .patch,
            "/api/v1/account",
            "Change one's own name or password; a new password ends every other session",
            body: .json(.updateAccount),
            answer: .ok(.account, "The person and the workspaces."),
            errors: [.invalidName, .loginFailed]
        ),
    ]

    private static let workspaces: [Endpoint] = [
        Endpoint(
            .listWorkspaces,
            .get,
            "/api/v1/workspaces",
            "List the workspaces of the person who asks; a workspace key has one",
            answer: .ok(.workspaceList, "The workspaces, in the order in which they were joined.")
        ),
        Endpoint(
            .createWorkspace,
            .post,
            "/api/v1/workspaces",
            "Create a workspace to share, with its first key",
            parameters: [.idempotencyKey],
            body: .json(.createWorkspace),
            answer: .made(.workspace, "The workspace, with the token of its first key, which is not shown again."),
            errors: [.duplicateName, .invalidName, .limitReached]
        ),
        Endpoint(
            .getWorkspace,
            .get,
            "/api/v1/workspace",
            "Show the workspace that requests are about",
            answer: .ok(.workspace, "The workspace.")
        ),
        Endpoint(
            .updateWorkspace,
            .patch,
            "/api/v1/workspace",
            "Rename the workspace",
            body: .json(.updateWorkspace),
            answer: .ok(.workspace, "The workspace as it is now."),
            errors: [.duplicateName, .invalidName]
        ),
        Endpoint(
            .deleteWorkspace,
            .delete,
            "/api/v1/workspace",
            "Delete the workspace: every value in it is destroyed, every token ends",
            answer: .done,
            errors: [.personalWorkspace]
        ),
    ]

    private static let members: [Endpoint] = [
        Endpoint(
            .listMembers,
            .get,
            "/api/v1/workspace/members",
            "List the members of the workspace",
            answer: .ok(.memberList, "The members, in the order in which they joined.")
        ),
        Endpoint(
            .updateMember,
            .patch,
            "/api/v1/workspace/members/{id}",
            "Give a member another role; it holds from the next request",
            body: .json(.updateMember),
            answer: .ok(.member, "The member as it is now."),
            errors: [.lastOwner]
        ),
        Endpoint(
            .removeMember,
            .delete,
            "/api/v1/workspace/members/{id}",
            "Remove a member, or leave: the entries are sealed anew for who removes, the member's keys end",
            answer: .ok(.removedMember, "What changed hands, and what is left to do."),
            errors: [.lastOwner]
        ),
    ]

    private static let invitations: [Endpoint] = [
        Endpoint(
            .listInvitations,
            .get,
            "/api/v1/workspace/invitations",
            "List the open invitations into the workspace",
            answer: .ok(.invitationList, "The invitations, without their links.")
        ),
        Endpoint(
            .createInvitation,
            .post,
            "/api/v1/workspace/invitations",
            "Invite somebody by address: by mail, or with a token that is shown once",
            parameters: [.idempotencyKey],
            body: .json(.createInvitation),
            answer: .made(.invitation, "The invitation."),
            errors: [.alreadyInvited, .alreadyMember, .limitReached, .personalWorkspace]
        ),
        Endpoint(
            .resendInvitation,
            .post,
            "/api/v1/workspace/invitations/{id}/resend",
            "Renew an invitation: a new link for seven days; the old link ends",
            parameters: [.idempotencyKey],
            answer: .ok(.invitation, "The invitation.")
        ),
        Endpoint(
            .cancelInvitation,
            .delete,
            "/api/v1/workspace/invitations/{id}",
            "Cancel an invitation; its link ends",
            answer: .done
        ),
        Endpoint(
            .explainInvitation,
            .get,
            "/invitation",
            "Say what to do with an invitation's link, whose part behind the # never comes here",
            access: .anybody,
            answer: Answer(status: 200, description: "A text for people.", content: .text)
        ),
        Endpoint(
            .acceptInvitation,
            .post,
            "/api/v1/invitations/accept",
            "Accept an invitation and log in; makes the account where there is none for the address",
            access: .proof,
            body: .json(.acceptInvitation),
            answer: .made(.loggedIn, "The session's token, which is not shown again."),
            errors: [.invalidName, .invitationNotValid, .limitReached]
        ),
    ]

    private static let users: [Endpoint] = [
        Endpoint(
            .listUsers,
            .get,
            "/api/v1/users",
            "List everybody whom the server knows; for the operator of the machine",
            answer: .ok(.userList, "The people, oldest first.")
        ),
        Endpoint(
            .createUser,
            .post,
            "/api/v1/users",
            "Create a person with an account and a personal workspace; for the operator of the machine",
            parameters: [.idempotencyKey],
            body: .json(.createUser),
            answer: .made(.user, "The person."),
            errors: [.duplicateName, .invalidName]
        ),
        Endpoint(
            .updateUser,
            .patch,
            "/api/v1/users/{id}",
            "Give somebody a new password and end the sessions; for the operator of the machine",
            body: .json(.updateUser),
            answer: .ok(.user, "The person.")
        ),
        Endpoint(
            .deleteUser,
            .delete,
            "/api/v1/users/{id}",
            "Delete somebody: sessions, account, personal workspace, memberships; for the operator of the machine",
            answer: .ok(.deletedUser, "What ended and what changed hands."),
            errors: [.keysConflict, .lastOwner]
        ),
    ]
}

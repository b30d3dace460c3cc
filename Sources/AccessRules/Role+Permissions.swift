// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension Role {
    /// Whether a member of this role may do `action`: the one table of roles.
    ///
    /// Everyone sees names and works with agents; writing entries, deleting agents and handling keys takes an admin.
    package func allows(_ action: Action) -> Bool {
        self >= action.lowestRole
    }
}

extension Action {
    fileprivate var lowestRole: Role {
        switch self {
        case .workspaceCreate, .workspaceView, .memberList, .memberLeave, .invitationList, .accountView, .accountUpdate,
            .logout, .entryList, .credentialList, .credentialUse, .proxyTokenRotate, .agentList, .agentCreate,
            .agentUpdate, .attach, .detach,
            .instanceList, .auditView,
            .auditVerify, .auditCheckpoint, .tokenList, .gatewayTokenRotate, .gatewayRestart, .sessionCreate:
            .member
        case .entryCreate, .entryUpdate, .entryDelete, .entryImport, .credentialCreate,
            .credentialUpdate, .credentialDelete, .credentialRevoke, .agentDelete, .tokenCreate, .tokenRotate,
            .tokenRevoke, .workspaceUpdate, .memberUpdate, .memberRemove, .invitationCreate, .invitationResend,
            .invitationCancel, .metricsView:
            .admin
        case .workspaceDelete, .planUpdate:
            .owner
        // Take more than a role: the server itself, an agent's own token, a password or an invitation.
        case .start, .instanceEnd, .auditPrune, .tokenUse, .entryRemind, .login, .invitationAccept:
            .owner
        // Concern the whole server: what it takes beside the role is to be its operator.
        case .userList, .userCreate, .userUpdate, .userDelete, .userShred, .keysView, .keysRotate, .keysVerify,
            .backupView, .backupCreate, .backupRestore, .containerList, .containerRegister, .containerEnd:
            .owner
        }
    }
}

extension Action {
    /// Whether it is about the person who asks rather than about a workspace, so that no workspace key may do it.
    package var takesAPerson: Bool {
        switch self {
        case .workspaceCreate, .memberLeave, .accountView, .accountUpdate, .logout: true
        default: false
        }
    }

    /// Whether only the operator of the machine may do it: accounts, keys and backups belong to the server.
    package var takesTheOperator: Bool {
        switch self {
        case .userList, .userCreate, .userUpdate, .userDelete, .userShred, .keysView, .keysRotate, .keysVerify,
            .backupView, .backupCreate, .backupRestore, .containerList, .containerRegister, .containerEnd:
            true
        default: false
        }
    }
}

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
        case .workspaceView, .entryList, .agentList, .agentCreate, .agentUpdate, .attach, .detach, .instanceList,
            .auditView, .auditVerify, .auditCheckpoint, .tokenList, .gatewayTokenRotate, .gatewayRestart,
            .sessionCreate:
            .member
        case .entryCreate, .entryUpdate, .entryDelete, .entryImport, .agentDelete, .tokenCreate, .tokenRevoke,
            .metricsView:
            .admin
        // Done by the server or by an agent's own token, never on the strength of a role.
        case .workspaceCreate, .start, .instanceEnd, .auditPrune, .tokenUse, .entryRemind:
            .owner
        // Concern the whole server: what it takes beside the role is to be its operator.
        case .keysView, .keysRotate, .keysVerify, .userShred, .backupView, .backupCreate, .backupRestore:
            .owner
        }
    }
}

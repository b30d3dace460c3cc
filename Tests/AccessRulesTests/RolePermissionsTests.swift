// SPDX-License-Identifier: Apache-2.0

import AccessRules
import Testing
import VaultModel

struct RolePermissionsTests {
    /// The table as people read it: one line an action, the roles that may do it.
    static let table: [(Action, Set<Role>)] = [
        (.workspaceCreate, [.member, .admin, .owner]),
        (.workspaceUpdate, [.admin, .owner]),
        (.workspaceDelete, [.owner]), (.planUpdate, [.owner]),
        (.memberList, [.member, .admin, .owner]),
        (.memberUpdate, [.admin, .owner]),
        (.memberRemove, [.admin, .owner]),
        (.memberLeave, [.member, .admin, .owner]),
        (.invitationList, [.member, .admin, .owner]),
        (.invitationCreate, [.admin, .owner]),
        (.invitationResend, [.admin, .owner]),
        (.invitationCancel, [.admin, .owner]),
        (.invitationAccept, [.owner]),
        (.userList, [.owner]),
        (.userCreate, [.owner]),
        (.userUpdate, [.owner]),
        (.userDelete, [.owner]),
        (.accountView, [.member, .admin, .owner]),
        (.accountUpdate, [.member, .admin, .owner]),
        (.login, [.owner]),
        (.logout, [.member, .admin, .owner]),
        (.workspaceView, [.member, .admin, .owner]),
        (.entryList, [.member, .admin, .owner]),
        (.entryCreate, [.admin, .owner]),
        (.entryUpdate, [.admin, .owner]),
        (.entryDelete, [.admin, .owner]),
        (.entryImport, [.admin, .owner]),
        (.credentialList, [.member, .admin, .owner]),
        (.credentialCreate, [.admin, .owner]),
        (.credentialUpdate, [.admin, .owner]),
        (.credentialDelete, [.admin, .owner]),
        (.credentialRevoke, [.admin, .owner]),
        (.credentialUse, [.member, .admin, .owner]),
        (.proxyTokenRotate, [.member, .admin, .owner]),
        (.agentList, [.member, .admin, .owner]),
        (.agentCreate, [.member, .admin, .owner]),
        (.agentUpdate, [.member, .admin, .owner]),
        (.agentDelete, [.admin, .owner]),
        (.attach, [.member, .admin, .owner]),
        (.detach, [.member, .admin, .owner]),
        (.instanceList, [.member, .admin, .owner]),
        (.gatewayTokenRotate, [.member, .admin, .owner]),
        (.gatewayRestart, [.member, .admin, .owner]),
        (.sessionCreate, [.member, .admin, .owner]),
        (.start, [.owner]),
        (.instanceEnd, [.owner]),
        (.containerList, [.owner]),
        (.containerRegister, [.owner]),
        (.containerEnd, [.owner]),
        (.tokenList, [.member, .admin, .owner]),
        (.tokenCreate, [.admin, .owner]),
        (.tokenRotate, [.admin, .owner]),
        (.tokenRevoke, [.admin, .owner]),
        (.auditView, [.member, .admin, .owner]),
        (.auditVerify, [.member, .admin, .owner]),
        (.auditCheckpoint, [.member, .admin, .owner]),
        (.auditPrune, [.owner]),
        (.tokenUse, [.owner]),
        (.entryRemind, [.owner]),
        (.metricsView, [.admin, .owner]),
        (.keysView, [.owner]),
        (.keysRotate, [.owner]),
        (.keysVerify, [.owner]),
        (.userShred, [.owner]),
        (.backupView, [.owner]),
        (.backupCreate, [.owner]),
        (.backupRestore, [.owner]),
    ]

    @Test(arguments: table)
    func eachActionIsAllowedToExactlyTheRolesOfTheTable(action: Action, roles: Set<Role>) {
        #expect(Set(Role.allCases.filter { $0.allows(action) }) == roles)
    }

    @Test func theTableNamesEveryAction() {
        #expect(Set(Self.table.map(\.0)) == Set(Action.allCases))
        #expect(Self.table.count == Action.allCases.count)
    }
}

// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import AuditTrail
internal import Storage
package import VaultModel

extension Vault {
    /// Deletes a person: the account, every session, the personal workspace with all that is in it, and every membership.
    ///
    /// One transaction. In each shared workspace it is as if the oldest other owner had removed the person; one that
    /// nobody else is in is deleted. Where there are others and no other owner, nothing at all is done, and every such
    /// workspace is named. What the person did stays in the audit trails,
    /// with the name. The address is free again.
    package func deleteUser(_ reference: String, by caller: Caller) async throws(VaultError) -> DeletedUserBody {
        let requestID = Self.requestID
        let deleted: DeletedUserBody = try await write(.userDelete, by: caller) { act in
            try act.connection.refuseDuringRotation()
            let user = try act.user(try act.user(reference))
            guard try act.connection.firstUser()?.id != user.id else { throw VaultError.keys(.isOperator) }
            let memberships = try act.connection.memberships(of: user.id)
            // Deleted before.
            guard !memberships.isEmpty else { throw VaultError.notFound(.user) }
            let trail = Trail(connection: act.connection, ring: act.ring, requestID: requestID)
            var body = DeletedUserBody(
                id: user.id.text,
                name: user.name,
                sessions: try act.endSessions(of: user.id),
                personalEntries: 0,
                workspaces: [],
                deletedWorkspaces: []
            )
            var orphaned: [ConflictBody] = []
            for membership in memberships {
                let inside = act.inside(membership.workspaceID, role: .owner)
                let workspace = try inside.workspaceRow()
                if workspace.personalUserID == user.id {
                    body.personalEntries = try inside.endWorkspace(workspace)
                    let event = AuditEvent(action: .workspaceDelete, subjects: [workspace.subject])
                    try trail.append(event, workspace: workspace.id, actor: act.member.actor, at: act.now)
                    continue
                }
                if try act.connection.memberships(in: workspace.id).count == 1 {
                    // Nobody else has anything in it.
                    _ = try inside.endWorkspace(workspace)
                    let event = AuditEvent(action: .workspaceDelete, subjects: [workspace.subject])
                    try trail.append(event, workspace: workspace.id, actor: act.member.actor, at: act.now)
                    body.deletedWorkspaces.append(NamedBody(id: workspace.id.text, name: workspace.name))
                    continue
                }
                let heir: UserID
                do {
                    heir = try inside.oldestOwner(besides: user.id)
                } catch VaultError.lastOwner {
                    orphaned.append(ConflictBody(code: .lastOwner, name: workspace.name))
                    continue
                }
                let removed = try inside.remove(membership, heir: heir)
                try trail.append(
                    AuditEvent(
                        action: .memberRemove,
                        subjects: [user.subject, try act.user(heir).subject],
                        details: removed.auditDetails
                    ),
                    workspace: workspace.id,
                    actor: act.member.actor,
                    at: act.now
                )
                try act.connection.bumpRevision(of: workspace.id)
                body.workspaces.append(
                    LeftWorkspaceBody(
                        workspace: NamedBody(id: workspace.id.text, name: workspace.name),
                        removed: removed
                    )
                )
            }
            guard orphaned.isEmpty else { throw VaultError.conflicts(orphaned) }
            try act.connection.deleteAccount(of: user.id)
            return Done(
                body,
                AuditEvent(
                    action: .userDelete,
                    subjects: [user.subject],
                    details: [
                        AuditDetail(key: "sessions", value: String(body.sessions)),
                        AuditDetail(key: "entries", value: String(body.personalEntries)),
                        AuditDetail(key: "workspaces", value: String(body.workspaces.count)),
                    ]
                )
            )
        }
        // Salts and readable values are to be gone from the log as well.
        await eraseFromLog()
        return deleted
    }
}

// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import AuditTrail
internal import Sealing
internal import Storage
package import VaultModel

extension Vault {
    /// As many workspaces as one person may be a member of.
    package static let mostWorkspaces = 100

    /// Lists the workspaces of the person who asks; the holder of a workspace key sees the key's.
    package func workspaces(by caller: Caller) async throws(VaultError) -> WorkspaceList {
        try await read(.workspaceView, by: caller) { act in
            if act.member.token != nil {
                return WorkspaceList(workspaces: [WorkspaceBody(try act.workspaceRow(), role: act.member.role)])
            }
            return WorkspaceList(workspaces: try act.connection.workspaceBodies(of: act.member.user, ring: act.ring))
        }
    }

    /// Shows the workspace that the caller's requests are about, with what it may hold and send, and does.
    package func workspace(by caller: Caller) async throws(VaultError) -> WorkspaceBody {
        let plan = settings.plan
        return try await read(.workspaceView, by: caller) { try $0.workspaceBody(unlessTold: plan) }
    }

    /// Makes a workspace to share, owned by the person who asks, with its first key.
    package func createWorkspace(
        _ new: CreateWorkspaceBody,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> WorkspaceBody {
        let requestID = Self.requestID
        return try await write(.workspaceCreate, by: caller, once: once) { act in
            let name = try displayName(new.name, field: "name")
            let mine = try act.connection.workspaceBodies(of: act.member.user, ring: act.ring)
            guard mine.count < Self.mostWorkspaces else {
                throw VaultError.limitReached("a person is a member of at most \(Self.mostWorkspaces) workspaces")
            }
            try act.refuseNameOfAnother(name, among: mine)
            let made = try act.connection.insertWorkspace(
                named: name.text,
                ownedBy: act.member.user,
                isPersonal: false,
                ring: act.ring,
                now: act.now
            )
            let inside = act.inside(made.id, role: .owner)
            let key = try inside.mintToken(.workspaceKey, as: .workspaceKey, name: "first key", role: .owner)
            let trail = Trail(connection: act.connection, ring: act.ring, requestID: requestID)
            for event in [
                AuditEvent(action: .workspaceCreate, subjects: [made.subject]),
                AuditEvent(action: .tokenCreate, subjects: [key.row.subject]),
            ] {
                try trail.append(event, workspace: made.id, actor: act.member.actor, at: act.now)
            }
            var body = WorkspaceBody(made, role: .owner)
            body.apiKey = APIKeyBody(key.row, token: key.text)
            return Done(body, AuditEvent(action: .workspaceCreate, subjects: [made.subject]))
        }
    }

    /// Changes a workspace's name, which takes an admin, or its plan, which takes an owner; where the server's own plan has
    /// limits, the operator.
    package func updateWorkspace(
        _ change: UpdateWorkspaceBody,
        by caller: Caller
    ) async throws(VaultError) -> WorkspaceBody {
        let standard = settings.plan
        let action: Action = change.plan == nil ? .workspaceUpdate : .planUpdate
        return try await write(action, by: caller) { act in
            var row = try act.workspaceRow()
            var details: [AuditDetail] = []
            if let text = change.name {
                let name = try displayName(text, field: "name")
                let mine = try act.connection.workspaceBodies(of: act.member.user, ring: act.ring)
                try act.refuseNameOfAnother(name, among: mine)
                row.name = name.text
            }
            if let plan = change.plan {
                guard standard.limits.areNone || act.member.isOperator else { throw VaultError.denied(.planUpdate) }
                row.plan = plan
                details.append(AuditDetail(key: "plan", value: plan.rawValue))
            }
            try act.connection.updateWorkspace(row)
            return Done(
                try act.workspaceBody(unlessTold: standard),
                AuditEvent(action: action, subjects: [row.subject], details: details)
            )
        }
    }

    /// Ends a shared workspace: every value and every key of it is destroyed, every token ends, nobody is a member.
    ///
    /// The audit trail stays, and with it the names of what there was.
    package func deleteWorkspace(by caller: Caller) async throws(VaultError) {
        let _: Bool = try await write(.workspaceDelete, by: caller) { act in
            let row = try act.workspaceRow()
            guard row.personalUserID == nil else { throw VaultError.personalWorkspace }
            _ = try act.endWorkspace(row)
            return Done(true, AuditEvent(action: .workspaceDelete, subjects: [row.subject]))
        }
        await eraseFromLog()
    }
}

extension Act {
    /// Destroys every value and every key of the workspace, ends every token and membership; returns how many entries
    /// it was.
    func endWorkspace(_ old: WorkspaceRow) throws -> Int {
        for token in try connection.openTokens(in: old.id) { try end(token, reason: .revoked) }
        for invitation in try connection.openInvitations(in: old.id) { try cancel(invitation) }
        var entries = 0
        for salt in try connection.ownerSalts(in: old.id) { entries += try shred(salt) }
        for member in try connection.memberships(in: old.id) {
            try connection.deleteMembership(of: member.userID, in: old.id)
        }
        var row = old
        row.deletedAt = now
        try connection.updateWorkspace(row)
        try connection.bumpRevision(of: old.id)
        return entries
    }

    func workspaceRow() throws -> WorkspaceRow {
        guard let row = try connection.workspace(workspace) else { throw VaultError.notFound(.workspace) }
        return row
    }

    func workspaceBody(unlessTold plan: Plan) throws -> WorkspaceBody {
        var body = WorkspaceBody(try workspaceRow(), role: member.role)
        let usage = try usage(unlessTold: plan)
        body.plan = usage.plan
        body.usage = usage.usage
        body.limits = usage.limits
        return body
    }

    /// The same act in another workspace, in which the caller was just given `role`.
    func inside(_ other: WorkspaceID, role: Role) -> Act {
        Act(
            connection: connection,
            member: AuthorizedMember(
                workspace: other,
                user: member.user,
                role: role,
                actor: member.actor,
                token: nil
            ),
            ring: ring,
            supervised: supervised,
            now: now,
            reminders: reminders
        )
    }

    /// One person never sees two workspaces of one name, so that a name is enough to choose by.
    fileprivate func refuseNameOfAnother(_ name: DisplayName, among mine: [WorkspaceBody]) throws {
        guard !mine.contains(where: { $0.name.lowercased() == name.folded && $0.id != workspace.text }) else {
            throw VaultError.conflicts([ConflictBody(code: .duplicateName, name: name.text)])
        }
    }
}

extension SQLConnection {
    /// The workspaces of a user with the user's role in each: the personal one, then the others as they were joined.
    func workspaceBodies(of user: UserID, ring: KeyRing) throws -> [WorkspaceBody] {
        let bodies: [WorkspaceBody] = try memberships(of: user).compactMap { membership in
            try ring.verify(membership.rowCode, of: membership.content, scope: .system)
            guard let row = try workspace(membership.workspaceID), row.deletedAt == nil else { return nil }
            return WorkspaceBody(row, role: membership.role)
        }
        return bodies.filter(\.isPersonal) + bodies.filter { !$0.isPersonal }
    }
}

extension WorkspaceBody {
    init(_ row: WorkspaceRow, role: Role) {
        self.init(
            id: row.id.text,
            name: row.name,
            role: role,
            isPersonal: row.personalUserID != nil,
            createdAt: row.createdAt
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
internal import Sealing
internal import Storage
internal import VaultModel

// What the codes of the rows about people cover, as in `RowCodes.swift`.

extension AccountRow {
    var content: RowContent {
        RowContent("accounts")
            .adding(userID.text).adding(email).adding(passwordHash).adding(createdAt.milliseconds)
            .adding(changedAt.milliseconds)
    }

    func sealed(with ring: KeyRing) -> AccountRow {
        var row = self
        row.rowCode = ring.rowCode(for: content, scope: .system)
        return row
    }

    func verify(with ring: KeyRing) throws(SealingError) {
        try ring.verify(rowCode, of: content, scope: .system)
    }
}

extension SessionRow {
    /// How long a session lasts, and how long it lasts unused.
    static let lifetime: Duration = .seconds(30 * 86_400)
    static let idleLifetime: Duration = .seconds(7 * 86_400)

    var content: RowContent {
        RowContent("sessions")
            .adding(id.text).adding(userID.text).adding(digest).adding(optional: address)
            .adding(createdAt.milliseconds).adding(expiresAt.milliseconds).adding(optional: endedAt?.milliseconds)
    }

    func sealed(with ring: KeyRing) -> SessionRow {
        var row = self
        row.rowCode = ring.rowCode(for: content, scope: .system)
        return row
    }

    func verify(with ring: KeyRing) throws(SealingError) {
        try ring.verify(rowCode, of: content, scope: .system)
    }

    /// Checks that the row is genuine and the session not over.
    func check(with ring: KeyRing, at now: Timestamp) throws {
        try verify(with: ring)
        guard endedAt == nil, now < expiresAt, now < (lastUsedAt ?? createdAt) + Self.idleLifetime else {
            throw VaultError.token(.revoked)
        }
    }
}

extension InvitationRow {
    static let lifetime: Duration = .seconds(7 * 86_400)

    var content: RowContent {
        RowContent("invitations")
            .adding(workspaceID.text).adding(id.text).adding(email).adding(Int64(role.code)).adding(digest)
            .adding(invitedBy.text).adding(createdAt.milliseconds).adding(expiresAt.milliseconds)
            .adding(optional: endedAt?.milliseconds).adding(optional: endReason?.rawValue)
            .adding(optional: acceptedBy?.text)
    }

    func sealed(with ring: KeyRing) -> InvitationRow {
        var row = self
        row.rowCode = ring.rowCode(for: content, scope: .system)
        return row
    }

    func verify(with ring: KeyRing) throws(SealingError) {
        try ring.verify(rowCode, of: content, scope: .system)
    }

    var subject: AuditSubject {
        AuditSubject(kind: .invitation, id: id.text, name: email, version: nil)
    }
}

extension UserRow {
    var subject: AuditSubject {
        AuditSubject(kind: .user, id: id.text, name: name, version: nil)
    }
}

extension WorkspaceRow {
    var subject: AuditSubject {
        AuditSubject(kind: .workspace, id: id.text, name: name, version: nil)
    }
}

extension SQLConnection {
    /// The members of a workspace; throws when one was changed from outside.
    func verifiedMemberships(in workspace: WorkspaceID, ring: KeyRing) throws -> [MembershipRow] {
        let rows = try memberships(in: workspace)
        for row in rows { try ring.verify(row.rowCode, of: row.content, scope: .system) }
        return rows
    }

    /// The account of an address; throws when it was changed from outside.
    func verifiedAccount(email: EmailAddress, ring: KeyRing) throws -> AccountRow? {
        guard let row = try account(email: email) else { return nil }
        try row.verify(with: ring)
        return row
    }

    /// Makes `user` a member, with a salt for what will be sealed for the user there.
    func insertMember(_ user: UserID, role: Role, in workspace: WorkspaceID, ring: KeyRing, now: Timestamp) throws {
        try insertMembership(
            MembershipRow(workspaceID: workspace, userID: user, role: role, createdAt: now, rowCode: [])
                .sealed(with: ring)
        )
        // One is there already when entries that could not be opened were left behind at an earlier removal.
        if let salt = try ownerSalt(of: user, in: workspace) {
            try salt.scope.refuseDestroyed()
        } else {
            try insertOwnerSalt(OwnerSaltRow(workspaceID: workspace, userID: user, salt: OwnerScope.makeSalt()))
        }
    }

    /// Makes a workspace with `user` as its owner.
    func insertWorkspace(
        named name: String,
        ownedBy user: UserID,
        isPersonal: Bool,
        ring: KeyRing,
        now: Timestamp
    ) throws -> WorkspaceRow {
        let row = WorkspaceRow(
            id: WorkspaceID(at: now),
            name: name,
            personalUserID: isPersonal ? user : nil,
            revision: 1,
            createdAt: now
        )
        try insertWorkspace(row)
        try insertMember(user, role: .owner, in: row.id, ring: ring, now: now)
        return row
    }

    /// Makes a person with a personal workspace and records that there.
    func insertPerson(named name: String, trail: Trail, actor: AuditActor, ring: KeyRing, now: Timestamp) throws
        -> UserRow
    {
        let user = UserRow(id: UserID(at: now), name: name, createdAt: now, rowCode: []).sealed(with: ring)
        try insertUser(user)
        let workspace = try insertWorkspace(named: "personal", ownedBy: user.id, isPersonal: true, ring: ring, now: now)
        for event in [
            AuditEvent(action: .userCreate, subjects: [user.subject]),
            AuditEvent(action: .workspaceCreate, subjects: [workspace.subject]),
        ] {
            try trail.append(event, workspace: workspace.id, actor: actor, at: now)
        }
        return user
    }

    /// The workspace that `reference` names among those of `user`, by id first, then by name; the personal one without.
    func workspace(_ reference: String?, of user: UserID, ring: KeyRing) throws -> (WorkspaceRow, MembershipRow) {
        let found: WorkspaceRow?
        if let reference {
            if let id = WorkspaceID(reference) {
                found = try workspace(id)
            } else {
                let mine = try memberships(of: user).compactMap { try workspace($0.workspaceID) }
                let folded = reference.lowercased()
                let named = mine.filter { $0.name.lowercased() == folded }
                guard named.count <= 1 else {
                    throw VaultError.invalidField(
                        "Attache-Workspace",
                        reason: "several of your workspaces have that name; give the id"
                    )
                }
                found = named.first
            }
        } else {
            found = try personalWorkspace(of: user)
        }
        guard let found, found.deletedAt == nil,
            let membership = try verifiedMembership(of: user, in: found.id, ring: ring)
        else { throw VaultError.notFound(.workspace) }
        return (found, membership)
    }
}

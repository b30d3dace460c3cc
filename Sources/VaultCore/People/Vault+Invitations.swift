// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import AccessRules
internal import AuditTrail
internal import Sealing
internal import Storage
package import VaultModel

extension Vault {
    /// As many invitations as a workspace may have open.
    static let mostInvitations = 500

    package func invitations(by caller: Caller) async throws(VaultError) -> InvitationList {
        try await read(.invitationList, by: caller) { act in
            let rows = try act.connection.openInvitations(in: act.workspace)
            return InvitationList(invitations: try rows.map { try act.body(of: $0) })
        }
    }

    /// Invites somebody by address; the answer holds the token, which is stored nowhere.
    package func createInvitation(
        _ new: CreateInvitationBody,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> InvitationBody {
        try await write(.invitationCreate, by: caller, once: once) { act in
            let email = try emailAddress(new.email)
            let role = new.role ?? .member
            guard role <= act.member.role else { throw VaultError.denied(.invitationCreate) }
            guard try act.workspaceRow().personalUserID == nil else { throw VaultError.personalWorkspace }
            if let account = try act.connection.verifiedAccount(email: email, ring: act.ring),
                try act.connection.membership(of: account.userID, in: act.workspace) != nil
            {
                throw VaultError.alreadyMember(email: email.text)
            }
            let open = try act.connection.openInvitations(in: act.workspace)
            if let earlier = open.first(where: { $0.email == email.text }) {
                guard earlier.expiresAt <= act.now else { throw VaultError.alreadyInvited(email: email.text) }
                try act.cancel(earlier)
            }
            guard open.count < Self.mostInvitations else {
                throw VaultError.limitReached("a workspace has at most \(Self.mostInvitations) open invitations")
            }
            let token = BearerToken.mint(.invitation)
            let row = InvitationRow(
                id: InvitationID(at: act.now),
                workspaceID: act.workspace,
                email: email.text,
                role: role,
                digest: token.digest,
                invitedBy: act.member.user,
                createdAt: act.now,
                expiresAt: act.now + InvitationRow.lifetime,
                endedAt: nil,
                endReason: nil,
                acceptedBy: nil,
                rowCode: []
            ).sealed(with: act.ring)
            try act.connection.insertInvitation(row)
            return Done(
                try act.body(of: row, token: token.withText { String(decoding: $0, as: UTF8.self) }),
                act.event(.invitationCreate, row)
            )
        }
    }

    /// Gives an open invitation a new token and seven more days; the token before ends.
    ///
    /// Who renews it answers for it from then on.
    package func resendInvitation(
        _ reference: String,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> InvitationBody {
        try await write(.invitationResend, by: caller, once: once) { act in
            var row = try act.openInvitation(reference)
            guard row.role <= act.member.role else { throw VaultError.denied(.invitationResend) }
            let token = BearerToken.mint(.invitation)
            row.digest = token.digest
            row.invitedBy = act.member.user
            row.expiresAt = act.now + InvitationRow.lifetime
            row = row.sealed(with: act.ring)
            try act.connection.updateInvitation(row)
            return Done(
                try act.body(of: row, token: token.withText { String(decoding: $0, as: UTF8.self) }),
                act.event(.invitationResend, row)
            )
        }
    }

    package func cancelInvitation(_ reference: String, by caller: Caller) async throws(VaultError) {
        let _: Bool = try await write(.invitationCancel, by: caller) { act in
            let row = try act.openInvitation(reference)
            try act.cancel(row)
            return Done(true, act.event(.invitationCancel, row))
        }
    }

    /// Makes the holder of an invitation's token a member, and logs in.
    ///
    /// The invitation is for its address: where that has an account, the account's password is asked for; otherwise the
    /// password makes the account. The token works once. Who invited must still be one who could.
    package func acceptInvitation(
        _ body: AcceptInvitationBody,
        from address: IPAddress
    ) async throws(VaultError) -> LoggedInBody {
        let digest = try body.token.secret.bytes.withBytes { text throws(VaultError) in
            guard let bearer = try? BearerToken(parsing: text), bearer.kind == .invitation else {
                throw VaultError.invitationNotValid
            }
            return bearer.digest
        }
        let ring = ring
        let now = clock.now
        let requestID = Self.requestID
        let (email, account): (EmailAddress, AccountRow?)
        do {
            (email, account) = try await mappingErrors {
                try await engine.read { connection in
                    let row = try connection.validInvitation(digest, ring: ring, now: now)
                    guard let email = EmailAddress(row.email) else { throw VaultError.integrity(entry: nil) }
                    return (email, try connection.verifiedAccount(email: email, ring: ring))
                }
            }
        } catch .invitationNotValid {
            await recordRefusal(of: .invitationAccept, reason: "invitation")
            throw .invitationNotValid
        }
        let hash: PasswordHash?
        let name: String?
        if let account {
            try await verify(body.password.secret, of: account, email: email, from: address, at: now)
            (hash, name) = (nil, nil)
        } else {
            try checkStrength(of: body.password.secret, email: email)
            name = try displayName(body.name ?? email.name, field: "name").text
            hash = try await passwords.hash(body.password.secret)
        }
        return try await mappingErrors {
            try await engine.write { connection in
                var row = try connection.validInvitation(digest, ring: ring, now: now)
                let trail = Trail(connection: connection, ring: ring, requestID: requestID)
                let known = try connection.verifiedAccount(email: email, ring: ring)
                // Somebody else made the account in between: its password was not checked.
                guard (known?.userID == account?.userID) else { throw VaultError.invitationNotValid }
                let user: UserID
                if let known {
                    user = known.userID
                } else if let hash, let name {
                    user = try connection.insertPerson(named: name, trail: trail, actor: .server, ring: ring, now: now)
                        .id
                    try connection.insertAccount(
                        AccountRow(
                            userID: user,
                            email: email.text,
                            passwordHash: hash.bytes,
                            createdAt: now,
                            changedAt: now,
                            rowCode: []
                        ).sealed(with: ring)
                    )
                } else {
                    throw VaultError.invitationNotValid
                }
                if try connection.membership(of: user, in: row.workspaceID) == nil {
                    guard try connection.memberships(of: user).count < Self.mostWorkspaces else {
                        throw VaultError.limitReached(
                            "a person is a member of at most \(Self.mostWorkspaces) workspaces"
                        )
                    }
                    try connection.insertMember(user, role: row.role, in: row.workspaceID, ring: ring, now: now)
                }
                row.endedAt = now
                row.endReason = .accepted
                row.acceptedBy = user
                try connection.updateInvitation(row.sealed(with: ring))
                let session = try connection.insertSession(of: user, from: address, ring: ring, now: now)
                try trail.append(
                    AuditEvent(
                        action: .invitationAccept,
                        subjects: [row.subject],
                        details: [AuditDetail(key: "role", value: row.role.rawValue)]
                    ),
                    workspace: row.workspaceID,
                    actor: .user(user, session.row.id),
                    at: now
                )
                try connection.bumpRevision(of: row.workspaceID)
                return try connection.loggedIn(session, ring: ring)
            }
        }
    }
}

extension SQLConnection {
    /// The invitation of that digest if it still counts.
    fileprivate func validInvitation(_ digest: [UInt8], ring: KeyRing, now: Timestamp) throws -> InvitationRow {
        guard let row = try invitation(digest: digest) else { throw VaultError.invitationNotValid }
        try row.verify(with: ring)
        guard row.endedAt == nil, now < row.expiresAt,
            let inviter = try verifiedMembership(of: row.invitedBy, in: row.workspaceID, ring: ring),
            inviter.role.allows(.invitationCreate), row.role <= inviter.role
        else { throw VaultError.invitationNotValid }
        return row
    }
}

extension Act {
    func cancel(_ row: InvitationRow) throws {
        var row = row
        row.endedAt = now
        row.endReason = .cancelled
        try connection.updateInvitation(row.sealed(with: ring))
    }

    /// The open invitation that `reference` names, by id or address.
    fileprivate func openInvitation(_ reference: String) throws -> InvitationRow {
        let found: InvitationRow?
        if let id = InvitationID(reference) {
            found = try connection.invitation(id, in: workspace)
        } else {
            let email = EmailAddress(reference)?.text
            found = try connection.openInvitations(in: workspace).first { $0.email == email }
        }
        guard let found, found.endedAt == nil else { throw VaultError.notFound(.invitation) }
        try found.verify(with: ring)
        return found
    }

    fileprivate func event(_ action: Action, _ row: InvitationRow) -> AuditEvent {
        AuditEvent(
            action: action,
            subjects: [row.subject],
            details: [AuditDetail(key: "role", value: row.role.rawValue)]
        )
    }

    fileprivate func body(of row: InvitationRow, token: String? = nil) throws -> InvitationBody {
        InvitationBody(
            id: row.id.text,
            email: row.email,
            role: row.role,
            invitedBy: NamedBody(id: row.invitedBy.text, name: try user(row.invitedBy).name),
            createdAt: row.createdAt,
            expiresAt: row.expiresAt,
            isExpired: row.expiresAt <= now,
            token: token
        )
    }
}

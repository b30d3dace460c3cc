// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import AuditTrail
internal import Sealing
internal import Storage
package import VaultModel

extension Vault {
    package func members(by caller: Caller) async throws(VaultError) -> MemberList {
        try await read(.memberList, by: caller) { act in
            let rows = try act.connection.verifiedMemberships(in: act.workspace, ring: act.ring)
            return MemberList(members: try rows.map { try act.body(of: $0) })
        }
    }

    /// Gives a member another role, which holds from the next request of any session or token.
    ///
    /// Nobody gives, or takes away, a role above the own one; the last owner stays one.
    package func updateMember(
        _ reference: String,
        _ change: UpdateMemberBody,
        by caller: Caller
    ) async throws(VaultError) -> MemberBody {
        try await write(.memberUpdate, by: caller) { act in
            var row = try act.membership(reference)
            guard change.role <= act.member.role, row.role <= act.member.role else {
                throw VaultError.denied(.memberUpdate)
            }
            if row.role == .owner, change.role != .owner { try act.refuseWithoutOwner(besides: row.userID) }
            let old = row.role
            row.role = change.role
            row = row.sealed(with: act.ring)
            try act.connection.updateMembership(row)
            return Done(
                try act.body(of: row),
                AuditEvent(
                    action: .memberUpdate,
                    subjects: [try act.user(row.userID).subject],
                    details: [
                        AuditDetail(key: "from", value: old.rawValue),
                        AuditDetail(key: "to", value: change.role.rawValue),
                    ]
                )
            )
        }
    }

    /// Removes a member, or lets one leave, in one transaction.
    ///
    /// What is sealed for the member is sealed anew for who removes, or for the oldest other owner when the member
    /// leaves; the workspace keys and invitations that the member made end; the member's salt is destroyed. An entry
    /// that cannot be opened stays as it is, is named in the answer, and keeps the salt.
    package func removeMember(
        _ reference: String,
        by caller: Caller
    ) async throws(VaultError) -> RemovedMemberBody {
        let isLeaving = try await refersToCaller(reference, by: caller)
        let removed: RemovedMemberBody = try await write(isLeaving ? .memberLeave : .memberRemove, by: caller) { act in
            let row = try act.membership(reference)
            let isOneself = row.userID == act.member.user
            let leaves = isOneself && act.member.token == nil
            guard leaves == isLeaving else { throw VaultError.storage(.busy) }
            guard row.role <= act.member.role else { throw VaultError.denied(.memberRemove) }
            if row.role == .owner { try act.refuseWithoutOwner(besides: row.userID) }
            let heir = isOneself ? try act.oldestOwner(besides: row.userID) : act.member.user
            let body = try act.remove(row, heir: heir)
            return Done(
                body,
                AuditEvent(
                    action: leaves ? .memberLeave : .memberRemove,
                    subjects: [try act.user(row.userID).subject, try act.user(heir).subject],
                    details: body.auditDetails
                )
            )
        }
        // The salt is to be gone from the log as well.
        await eraseFromLog()
        return removed
    }

    /// Whether the member that `reference` names is the one who asks.
    ///
    /// Leaving takes no role. A key leaves for nobody.
    private func refersToCaller(_ reference: String, by caller: Caller) async throws(VaultError) -> Bool {
        try await read(.memberList, by: caller) { act in
            try act.member.token == nil && act.membership(reference).userID == act.member.user
        }
    }
}

extension RemovedMemberBody {
    var auditDetails: [AuditDetail] {
        [
            AuditDetail(key: "entries", value: String(entries)),
            AuditDetail(key: "keys", value: String(revokedKeys.count)),
            AuditDetail(key: "damaged", value: String(damaged.count)),
        ]
    }
}

extension Act {
    /// Takes a member out of the workspace: what is sealed for the member is sealed anew for `heir`, what the member
    /// made there to get in by ends.
    func remove(_ row: MembershipRow, heir: UserID) throws -> RemovedMemberBody {
        let user = try user(row.userID)
        let taken = try reseal(entriesOf: row.userID, for: heir)
        // Shown to the member once: they go on working, for their agents.
        let shown = try connection.openTokens(in: workspace).filter {
            $0.createdBy == row.userID && $0.kind == .gateway
        }
        let keys = try endKeys(madeBy: row.userID)
        try cancelInvitations(by: row.userID)
        try connection.deleteMembership(of: row.userID, in: workspace)
        if !taken.keepsSalt { try connection.deleteOwnerSalt(of: row.userID, in: workspace) }
        let agents = try Set(shown.compactMap(\.agentID)).sorted().compactMap {
            try connection.agent($0, in: workspace)
        }
        return RemovedMemberBody(
            id: row.userID.text,
            name: user.name,
            entries: taken.count,
            heir: NamedBody(id: heir.text, name: try self.user(heir).name),
            revokedKeys: keys.map { NamedBody(id: $0.id.text, name: $0.name) },
            agents: agents.map { NamedBody(id: $0.id.text, name: $0.name) },
            damaged: taken.damaged
        )
    }

    /// Ends every workspace key that a user made here, and returns them.
    func endKeys(madeBy user: UserID) throws -> [TokenRow] {
        let keys = try connection.openTokens(in: workspace).filter { $0.createdBy == user && $0.kind == .workspaceKey }
        for key in keys { try end(key, reason: .revoked) }
        return keys
    }

    func cancelInvitations(by user: UserID) throws {
        for invitation in try connection.openInvitations(in: workspace) where invitation.invitedBy == user {
            try cancel(invitation)
        }
    }

    /// The member that `reference` names: by the user's id, the address, or the name where only one has it.
    func membership(_ reference: String) throws -> MembershipRow {
        let rows = try connection.verifiedMemberships(in: workspace, ring: ring)
        if let id = UserID(reference) {
            guard let row = rows.first(where: { $0.userID == id }) else { throw VaultError.notFound(.member) }
            return row
        }
        if let email = EmailAddress(reference) {
            let account = try connection.verifiedAccount(email: email, ring: ring)
            guard let row = rows.first(where: { $0.userID == account?.userID }) else {
                throw VaultError.notFound(.member)
            }
            return row
        }
        let folded = reference.lowercased()
        let named = try rows.filter { try user($0.userID).name.lowercased() == folded }
        guard named.count == 1 else { throw VaultError.notFound(.member) }
        return named[0]
    }

    func user(_ id: UserID) throws -> UserRow {
        guard let row = try connection.user(id) else { throw VaultError.notFound(.user) }
        return row
    }

    func body(of row: MembershipRow) throws -> MemberBody {
        MemberBody(
            id: row.userID.text,
            name: try user(row.userID).name,
            email: try connection.account(of: row.userID)?.email,
            role: row.role,
            joinedAt: row.createdAt,
            entries: try connection.ownedEntries(of: row.userID, in: workspace).count { $0.deletedAt == nil }
        )
    }

    func refuseWithoutOwner(besides user: UserID) throws {
        let others = try connection.verifiedMemberships(in: workspace, ring: ring).filter { $0.userID != user }
        guard others.contains(where: { $0.role == .owner }) else { throw VaultError.lastOwner }
    }

    func oldestOwner(besides user: UserID) throws -> UserID {
        let others = try connection.verifiedMemberships(in: workspace, ring: ring).filter { $0.userID != user }
        guard let owner = others.first(where: { $0.role == .owner }) else { throw VaultError.lastOwner }
        return owner.userID
    }

    /// Hands everything that `old` owns to `new`: values, rows and attachments get codes and records of the new owner.
    fileprivate func reseal(entriesOf old: UserID, for new: UserID) throws -> HandedOver {
        let from = try connection.ownerScope(of: old, in: workspace)
        let to = try connection.ownerScope(of: new, in: workspace)
        var handed = HandedOver()
        // Of somebody whose keys were destroyed nothing is left to hand over, and the mark of it stays.
        guard !from.isDestroyed else {
            handed.keepsSalt = true
            return handed
        }
        try to.refuseDestroyed()
        for var row in try connection.ownedEntries(of: old, in: workspace) {
            let stored = try connection.entryValue(of: row.id, version: row.version, in: workspace)
            do {
                if row.deletedAt == nil {
                    try reseal(stored, of: row, from: from, to: to)
                } else {
                    try row.verify(with: ring, owner: from, readable: nil)
                }
            } catch VaultError.integrity, is SealingError {
                handed.damaged.append(row.name.text)
                handed.keepsSalt = true
                continue
            }
            for attachment in try connection.attachments(of: row.id, in: workspace) {
                // One that does not verify keeps its code, and is refused by the next start as before.
                guard (try? attachment.verify(with: ring, owner: from)) != nil else { continue }
                try connection.replaceRowCode(of: attachment, with: attachment.sealed(with: ring, owner: to).rowCode)
            }
            if let credential = try connection.credential(row.id, in: workspace)?.credential,
                (try? credential.verify(with: ring, owner: from)) != nil
            {
                try connection.replaceRowCode(of: credential, with: credential.sealed(with: ring, owner: to).rowCode)
            }
            row.ownerID = new
            row = row.sealed(with: ring, owner: to, readable: row.deletedAt == nil ? stored?.readable : nil)
            try connection.updateEntry(row)
            if row.deletedAt == nil { handed.count += 1 }
        }
        return handed
    }

    private func reseal(_ stored: EntryValueRow?, of row: EntryRow, from: OwnerScope, to: OwnerScope) throws {
        let value = try row.openValue(stored, owner: from, ring: ring).value
        guard let stored, stored.sealed != nil else { return }
        let context = RecordContext(scope: to, entry: row.id, version: row.version, kind: row.kind)
        let new = try ring.seal(value.bytes, as: context).bytes
        guard try connection.replaceSealed(of: stored, with: new) else { throw VaultError.storage(.busy) }
    }
}

/// What became of the entries of a member who is gone.
private struct HandedOver {
    /// How many live entries changed hands.
    var count = 0
    /// The names of those that could not be opened.
    var damaged: [String] = []
    /// Whether something is left that rests on the member's salt.
    var keepsSalt = false
}

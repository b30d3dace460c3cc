// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import AuditTrail
internal import Sealing
internal import Storage
package import VaultModel

extension Vault {
    /// Destroys a user's salts in every workspace, and with them everything that was ever sealed for that user.
    ///
    /// The user's entries are deleted and detached as well; the user's sessions, workspace keys and invitations end in
    /// the same transaction. What a copy of the database made before holds is beyond reach: such a copy has the salt too.
    package func shredUser(
        _ body: ShredUserBody,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> ShreddedBody {
        try await requireOperator(caller, .userShred)
        let shredded: ShreddedBody = try await write(.userShred, by: caller, once: once) { act in
            try act.connection.refuseDuringRotation()
            let user = try act.user(body.user)
            guard try act.connection.firstUser()?.id != user else { throw VaultError.keys(.isOperator) }
            let sessions = try act.endSessions(of: user)
            let keys = try act.endKeysAndInvitations(of: user)
            var entries = 0
            for salt in try act.connection.ownerSalts(of: user) {
                entries += try act.shred(salt)
                try act.connection.bumpRevision(of: salt.workspaceID)
            }
            return Done(
                ShreddedBody(userId: user.text, entries: entries, sessions: sessions, keys: keys),
                AuditEvent(
                    action: .userShred,
                    subjects: [AuditSubject(kind: .user, id: user.text)],
                    details: [
                        AuditDetail(key: "entries", value: String(entries)),
                        AuditDetail(key: "sessions", value: String(sessions)),
                        AuditDetail(key: "keys", value: String(keys)),
                    ]
                )
            )
        }
        // Salts and readable values are to be gone from the log as well.
        await eraseFromLog()
        return shredded
    }
}

extension Act {
    /// Ends the workspace keys that a user made, and cancels the invitations; returns how many keys it was.
    fileprivate func endKeysAndInvitations(of user: UserID) throws -> Int {
        var ended = 0
        for membership in try connection.memberships(of: user) {
            let inside = inside(membership.workspaceID, role: member.role)
            ended += try inside.endKeys(madeBy: user).count
            try inside.cancelInvitations(by: user)
        }
        return ended
    }

    /// Destroys the keys of one user in one workspace and everything that they sealed; returns how many entries it was.
    func shred(_ old: OwnerSaltRow) throws -> Int {
        guard !old.salt.isEmpty else { return 0 }
        let rows = try connection.ownedEntries(of: old.userID, in: old.workspaceID)
        for row in rows { try shred(row) }
        var salt = old
        salt.salt = []
        salt.previousSalt = nil
        try connection.updateOwnerSalt(salt)
        return rows.count
    }

    /// Leaves of an entry that it existed; nobody can vouch for the row any more.
    private func shred(_ old: EntryRow) throws {
        for attachment in try connection.attachments(of: old.id, in: old.workspaceID) {
            try connection.deleteAttachment(attachment.id, in: old.workspaceID)
        }
        try connection.destroyEntryValue(of: old.id, version: old.version, at: now, in: old.workspaceID)
        var row = old
        row.deletedAt = row.deletedAt ?? now
        row.updatedAt = now
        row.rowCode = []
        try connection.updateEntry(row)
        guard var credential = try connection.credential(old.id, in: old.workspaceID)?.credential else { return }
        credential.deletedAt = credential.deletedAt ?? now
        credential.rowCode = []
        try connection.updateCredential(credential)
    }
}

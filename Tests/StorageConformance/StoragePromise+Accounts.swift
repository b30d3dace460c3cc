// SPDX-License-Identifier: Apache-2.0

internal import Storage
internal import VaultModel

extension StoragePromise {
    static let accounts = [
        StoragePromise("an account is found by its user and its address, and neither has two") { engine in
            let vault = try await SampleVault.make(in: engine)
            var account = AccountRow(
                userID: vault.here.user.id,
                email: "ada@example.org",
                passwordHash: [1, 2],
                createdAt: .day(3),
                changedAt: .day(3),
                rowCode: [3]
            )
            let first = account
            try await engine.write { try $0.insertAccount(first) }
            account.passwordHash = [4]
            account.changedAt = .day(4)
            account.rowCode = [5]
            let second = account
            try await engine.write { try $0.updateAccount(second) }
            try await engine.read { connection in
                try expectEqual(try connection.account(of: vault.here.user.id), second)
                try expectEqual(try EmailAddress(second.email).flatMap { try connection.account(email: $0) }, second)
                try expectEqual(try connection.account(of: vault.elsewhere.user.id), nil)
                try expectEqual(try connection.allUsers(), [vault.here.user, vault.elsewhere.user])
            }
            try await expectConstraint(on: engine) { try $0.insertAccount(first) }
            var stolen = first
            stolen.userID = vault.elsewhere.user.id
            let other = stolen
            try await expectConstraint(on: engine) { try $0.insertAccount(other) }
        },
        StoragePromise("a session is found by its digest until it is forgotten, and ends once") { engine in
            let vault = try await SampleVault.make(in: engine)
            let user = vault.here.user.id
            let rows = [(Timestamp.day(3), [UInt8]([1])), (.day(4), [2])].map { time, digest in
                SessionRow(
                    id: SessionID(at: time),
                    userID: user,
                    digest: digest,
                    address: "192.0.2.7",
                    createdAt: time,
                    expiresAt: time,
                    endedAt: nil,
                    lastUsedAt: nil,
                    rowCode: [0]
                )
            }
            var used = rows[1]
            used.lastUsedAt = .day(5)
            used.endedAt = .day(6)
            let ended = used
            try await engine.write { connection in
                for row in rows { try connection.insertSession(row) }
                try expectEqual(try connection.openSessions(of: user), rows)
                try expectEqual(try connection.hasSession(of: user, from: "192.0.2.7", since: .day(4)), true)
                try expectEqual(try connection.hasSession(of: user, from: "192.0.2.7", since: .day(5)), false)
                try expectEqual(try connection.hasSession(of: user, from: "192.0.2.8", since: .day(3)), false)
                try connection.updateSession(ended)
                try expectEqual(try connection.openSessions(of: user), [rows[0]])
                try connection.deleteSessions(expiredBefore: .day(4))
                try expectEqual(try connection.session(digest: rows[0].digest), nil)
                try expectEqual(try connection.session(digest: ended.digest), ended)
                try expectEqual(try connection.session(ended.id), ended)
            }
            try await expectConstraint(on: engine) { try $0.insertSession(ended) }
        },
        StoragePromise("an address has one open invitation in a workspace") { engine in
            let vault = try await SampleVault.make(in: engine)
            let row = InvitationRow(
                id: InvitationID(at: .day(3)),
                workspaceID: vault.here.id,
                email: "ada@example.org",
                role: .admin,
                digest: [1],
                invitedBy: vault.here.user.id,
                createdAt: .day(3),
                expiresAt: .day(4),
                endedAt: nil,
                endReason: nil,
                acceptedBy: nil,
                rowCode: [2]
            )
            var changed = row
            changed.id = InvitationID(at: .day(5))
            changed.digest = [3]
            let second = changed
            try await engine.write { try $0.insertInvitation(row) }
            try await expectConstraint(on: engine) { try $0.insertInvitation(second) }
            changed = row
            changed.endedAt = .day(5)
            changed.endReason = .accepted
            changed.acceptedBy = vault.here.user.id
            let ended = changed
            try await engine.write { connection in
                try expectEqual(try connection.openInvitations(in: vault.here.id), [row])
                try expectEqual(try connection.openInvitations(in: vault.elsewhere.id), [])
                try connection.updateInvitation(ended)
                try expectEqual(try connection.openInvitations(in: vault.here.id), [])
                try expectEqual(try connection.invitation(digest: row.digest), ended)
                try expectEqual(try connection.invitation(row.id, in: vault.here.id), ended)
                try expectEqual(try connection.invitation(row.id, in: vault.elsewhere.id), nil)
                try connection.insertInvitation(second)
            }
        },
    ]
}

// SPDX-License-Identifier: Apache-2.0

import Sealing
import Storage
import TestSupport
import VaultModel

// The rows of a second user are made as the door makes them, which takes its own functions for row codes.
@testable import VaultCore

extension Vault {
    /// Puts a user into the operator's workspace with one secret that is the user's own.
    func addUser(_ name: String, secret: String) async throws -> (id: UserID, workspace: WorkspaceID) {
        let ring = ring
        let now = clock.now
        return try await engine.write { connection in
            guard let operatorID = try connection.firstUser()?.id,
                let workspace = try connection.personalWorkspace(of: operatorID)?.id
            else { throw VaultError.notFound(.workspace) }
            let user = UserRow(id: UserID(at: now), name: name, createdAt: now, rowCode: []).sealed(with: ring)
            try connection.insertUser(user)
            try connection.insertMembership(
                MembershipRow(workspaceID: workspace, userID: user.id, role: .member, createdAt: now, rowCode: [])
                    .sealed(with: ring)
            )
            let salt = OwnerSaltRow(workspaceID: workspace, userID: user.id, salt: OwnerScope.makeSalt())
            try connection.insertOwnerSalt(salt)
            let entry = EntryRow(
                id: EntryID(at: now),
                workspaceID: workspace,
                ownerID: user.id,
                name: try EnvironmentName(secret),
                kind: .secret,
                provider: nil,
                note: "",
                version: 1,
                createdAt: now,
                updatedAt: now,
                expiresAt: nil,
                deletedAt: nil,
                rowCode: []
            ).sealed(with: ring, owner: salt.scope, readable: nil)
            try connection.insertEntry(entry)
            let context = RecordContext(scope: salt.scope, entry: entry.id, version: 1, kind: .secret)
            try connection.insertEntryValue(
                EntryValueRow(
                    entryID: entry.id,
                    version: 1,
                    workspaceID: workspace,
                    sealed: try ring.seal(SecretBytes(copying: Array("a value".utf8)), as: context).bytes,
                    readable: nil,
                    createdAt: now,
                    createdBy: user.id,
                    destroyedAt: nil
                )
            )
            return (user.id, workspace)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import Storage
internal import VaultModel

extension StoragePromise {
    static let people = [
        StoragePromise("wraps of the key ring are kept by slot") { engine in
            let rings = [
                KeyRingRow(slot: 2, masterKeyID: "b", wrapped: [2, 0], createdAt: .day(2)),
                KeyRingRow(slot: 1, masterKeyID: "a", wrapped: [1], createdAt: .day(1)),
            ]
            try await engine.write { connection in for ring in rings { try connection.insertKeyRing(ring) } }
            try expectEqual(try await engine.read { try $0.keyRings() }, rings.reversed())
            try await expectConstraint(on: engine) { try $0.insertKeyRing(rings[0]) }
            try await engine.write { try $0.deleteKeyRing(slot: 1) }
            try expectEqual(try await engine.read { try $0.keyRings() }, [rings[0]])
        },
        StoragePromise("users and workspaces come back, the oldest first") { engine in
            try await engine.read { connection in
                try expectEqual(try connection.firstUser(), nil)
                try expectEqual(try connection.allWorkspaces(), [])
            }
            let vault = try await SampleVault.make(in: engine)
            try await engine.read { connection in
                try expectEqual(try connection.firstUser(), vault.here.user)
                try expectEqual(try connection.user(vault.elsewhere.user.id), vault.elsewhere.user)
                try expectEqual(
                    try connection.allWorkspaces(),
                    [vault.here.workspace, vault.elsewhere.workspace]
                )
                try expectEqual(try connection.workspace(vault.elsewhere.id), vault.elsewhere.workspace)
                for workspace in [vault.here, vault.elsewhere] {
                    try expectEqual(try connection.personalWorkspace(of: workspace.user.id), workspace.workspace)
                }
            }
        },
        StoragePromise("a workspace's revision counts the transactions that change it or its entries") { engine in
            let vault = try await SampleVault.make(in: engine)
            var entry = try vault.here.entry("API_KEY")
            let made = entry
            entry.note = "changed"
            let changed = entry
            let changes: [@Sendable (any SQLConnection) throws -> Void] = [
                { connection in
                    try connection.bumpRevision(of: vault.here.id)
                    try connection.bumpRevision(of: vault.here.id)
                },
                { connection in
                    try connection.insertEntry(made)
                    try connection.bumpRevision(of: vault.here.id)
                },
                { try $0.updateEntry(changed) },
            ]
            for (count, change) in changes.enumerated() {
                try await engine.write(change)
                try await engine.read { connection in
                    try expectEqual(try connection.revision(of: vault.here.id), Int64(count) + 2)
                    try expectEqual(try connection.revision(of: vault.elsewhere.id), 1)
                }
            }
        },
        StoragePromise("memberships and salts are seen in their workspace only") { engine in
            let vault = try await SampleVault.make(in: engine)
            let user = vault.here.user.id
            let salt = OwnerSaltRow(workspaceID: vault.here.id, userID: user, salt: [0, 1, 2])
            try await engine.write { try $0.insertOwnerSalt(salt) }
            try await engine.read { connection in
                try expectEqual(try connection.membership(of: user, in: vault.here.id), vault.here.membership)
                try expectEqual(try connection.memberships(in: vault.here.id), [vault.here.membership])
                try expectEqual(try connection.membership(of: user, in: vault.elsewhere.id), nil)
                try expectEqual(try connection.ownerSalt(of: user, in: vault.here.id), salt)
                try expectEqual(try connection.ownerSalts(in: vault.here.id), [salt])
                try expectEqual(try connection.ownerSalt(of: user, in: vault.elsewhere.id), nil)
                try expectEqual(try connection.ownerSalts(in: vault.elsewhere.id), [])
            }
            try await expectConstraint(on: engine) { try $0.insertMembership(vault.here.membership) }
            try await expectConstraint(on: engine) { try $0.insertOwnerSalt(salt) }
        },
    ]
}

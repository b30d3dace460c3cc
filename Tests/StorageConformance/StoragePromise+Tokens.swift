// SPDX-License-Identifier: Apache-2.0

internal import Storage
internal import VaultModel

extension StoragePromise {
    static let tokens = [
        StoragePromise("a token is found by its digest in any workspace, and by its id in its own") { engine in
            let vault = try await SampleVault.make(in: engine)
            try await engine.read { connection in
                for workspace in [vault.here, vault.elsewhere] {
                    try expectEqual(try connection.token(digest: workspace.token.digest), workspace.token)
                    try expectEqual(try connection.token(workspace.token.id, in: workspace.id), workspace.token)
                }
                try expectEqual(try connection.token(digest: [1]), nil)
                try expectEqual(try connection.token(vault.here.token.id, in: vault.elsewhere.id), nil)
                try expectEqual(try connection.tokens(of: vault.here.agent.id, in: vault.elsewhere.id), [])
            }
        },
        StoragePromise("tokens are listed by agent and by kind, ended ones too, oldest first") { engine in
            let vault = try await SampleVault.make(in: engine)
            let session = vault.here.token(kind: .session, at: .day(4))
            let key = vault.here.token(kind: .workspaceKey, at: .day(5))
            try await engine.write { connection in
                for token in [key, session] { try connection.insertToken(token) }
                try expectEqual(
                    try connection.tokens(of: vault.here.agent.id, in: vault.here.id),
                    [vault.here.token, session]
                )
                try expectEqual(try connection.tokens(kind: .workspaceKey, in: vault.here.id), [key])
                try expectEqual(try connection.tokens(kind: .workspaceKey, in: vault.elsewhere.id), [])
            }
        },
        StoragePromise("the end and the use of a token are written, and nothing else of it") { engine in
            let vault = try await SampleVault.make(in: engine)
            var token = vault.here.token
            token.expiresAt = .day(6)
            token.endedAt = .day(7)
            token.endReason = .rotated
            token.firstUsedAt = .day(3)
            token.lastUsedAt = .day(5)
            token.rowCode = [1]
            let ended = token
            token.kind = .workspaceKey
            token.role = .owner
            token.digest = [0]
            let altered = token
            try await engine.write { connection in
                try connection.updateToken(altered)
                try expectEqual(try connection.token(ended.id, in: vault.here.id), ended)
                var moved = ended
                moved.workspaceID = vault.elsewhere.id
                moved.endReason = .revoked
                try connection.updateToken(moved)
                try expectEqual(try connection.token(ended.id, in: vault.here.id), ended)
            }
        },
        StoragePromise("a digest is unique across workspaces, and a token's agent is of its workspace") { engine in
            let vault = try await SampleVault.make(in: engine)
            var same = vault.elsewhere.token(kind: .gateway)
            same.digest = vault.here.token.digest
            let sameDigest = same
            try await expectConstraint(on: engine) { try $0.insertToken(sameDigest) }
            var foreign = vault.here.token(kind: .gateway)
            foreign.agentID = vault.elsewhere.agent.id
            let foreignAgent = foreign
            try await expectConstraint(on: engine) { try $0.insertToken(foreignAgent) }
        },
    ]
}

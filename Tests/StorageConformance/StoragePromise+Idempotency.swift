// SPDX-License-Identifier: Apache-2.0

internal import Storage
internal import VaultModel

extension StoragePromise {
    static let idempotency = [
        StoragePromise("an answer is kept for its workspace, caller and key, once") { engine in
            let vault = try await SampleVault.make(in: engine)
            let row = answer(in: vault.here.id, key: "one", at: .day(3))
            try await engine.write { try $0.insertIdempotency(row) }
            try await engine.read { connection in
                try expectEqual(try connection.idempotency(vault.here.id, caller: "user", key: "one"), row)
                try expectEqual(try connection.idempotency(vault.here.id, caller: "user", key: "two"), nil)
                try expectEqual(try connection.idempotency(vault.here.id, caller: "other", key: "one"), nil)
                try expectEqual(try connection.idempotency(vault.elsewhere.id, caller: "user", key: "one"), nil)
            }
            try await expectConstraint(on: engine) { try $0.insertIdempotency(row) }
        },
        StoragePromise("answers go when they are old, and no sooner") { engine in
            let vault = try await SampleVault.make(in: engine)
            let rows = (3...5).map { answer(in: vault.here.id, key: "\($0)", at: .day($0)) }
            try await engine.write { connection in
                for row in rows { try connection.insertIdempotency(row) }
                try connection.deleteIdempotency(before: .day(4))
                let left = try rows.map { try connection.idempotency(vault.here.id, caller: "user", key: $0.key) }
                try expectEqual(left, [nil, rows[1], rows[2]])
            }
        },
    ]

    private static func answer(in workspace: WorkspaceID, key: String, at time: Timestamp) -> IdempotencyRow {
        IdempotencyRow(
            workspaceID: workspace,
            caller: "user",
            key: key,
            fingerprint: [1],
            reply: [2, 0],
            createdAt: time
        )
    }
}

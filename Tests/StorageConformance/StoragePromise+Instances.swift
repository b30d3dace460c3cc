// SPDX-License-Identifier: Apache-2.0

internal import Storage
internal import VaultModel

extension StoragePromise {
    static let instances = [
        StoragePromise("an instance is found by its start, and a start is recorded once") { engine in
            let vault = try await SampleVault.make(in: engine)
            let instance = vault.here.instance("start-one")
            try await engine.write { try $0.insertInstance(instance) }
            try await engine.read { connection in
                let agent = vault.here.agent.id
                try expectEqual(
                    try connection.instance(startID: "start-one", of: agent, in: vault.here.id),
                    instance
                )
                try expectEqual(try connection.instance(startID: "start-two", of: agent, in: vault.here.id), nil)
                try expectEqual(
                    try connection.instance(startID: "start-one", of: agent, in: vault.elsewhere.id),
                    nil
                )
            }
            try await expectConstraint(on: engine) { try $0.insertInstance(vault.here.instance("start-one")) }
        },
        StoragePromise("live instances come newest first, and end once") { engine in
            let vault = try await SampleVault.make(in: engine)
            var rows = (5...8).map { vault.here.instance("start-\($0)", at: .day($0)) }
            let made = rows
            try await engine.write { connection in
                for row in made { try connection.insertInstance(row) }
                try expectEqual(
                    try connection.liveInstances(of: vault.here.agent.id, in: vault.here.id),
                    made.reversed()
                )
                try connection.endInstance(made[1].id, at: .day(9), reason: .replaced, in: vault.here.id)
                try connection.endInstance(made[1].id, at: .day(10), reason: .ended, in: vault.here.id)
                try connection.endInstance(made[2].id, at: .day(9), reason: .surplus, in: vault.elsewhere.id)
            }
            rows[1].endedAt = .day(9)
            rows[1].endReason = .replaced
            let left = rows
            try await engine.read { connection in
                let live = [left[3], left[2], left[0]]
                try expectEqual(try connection.liveInstances(of: vault.here.agent.id, in: vault.here.id), live)
                try expectEqual(try connection.liveInstances(in: vault.here.id), live)
                try expectEqual(try connection.liveInstances(in: vault.elsewhere.id), [])
                try expectEqual(try connection.liveInstances(of: vault.here.agent.id, in: vault.elsewhere.id), [])
                try expectEqual(
                    try connection.instance(startID: "start-6", of: vault.here.agent.id, in: vault.here.id),
                    left[1]
                )
            }
        },
        StoragePromise("a repeated start writes its receipt and lives again") { engine in
            let vault = try await SampleVault.make(in: engine)
            var instance = vault.here.instance("start-one")
            let made = instance
            instance.receipt = [1, 0, 2]
            instance.endedAt = .day(9)
            instance.endReason = .ended
            let changed = instance
            try await engine.write { connection in
                try connection.insertInstance(made)
                try connection.updateInstance(changed)
                func found() throws -> InstanceRow? {
                    try connection.instance(startID: made.startID, of: made.agentID, in: vault.here.id)
                }
                try expectEqual(try found(), changed)
                try connection.updateInstance(made)
                try expectEqual(try found(), made)
                var moved = changed
                moved.workspaceID = vault.elsewhere.id
                try connection.updateInstance(moved)
                try expectEqual(try found(), made)
            }
        },
        StoragePromise("pages of starts go back in time") { engine in
            let vault = try await SampleVault.make(in: engine)
            let rows = (1...7).map { vault.here.instance("start-\($0)", at: .day($0)) }
            try await engine.write { connection in for row in rows { try connection.insertInstance(row) } }
            try await engine.read { connection in
                let agent = vault.here.agent.id
                let first = try connection.instances(of: agent, in: vault.here.id, limit: 4)
                let second = try connection.instances(of: agent, in: vault.here.id, before: first.last?.id, limit: 4)
                try expectEqual(first + second, rows.reversed())
                try expectEqual(try connection.instances(of: agent, in: vault.elsewhere.id, limit: 4), [])
            }
        },
        StoragePromise("an instance belongs to an agent and a token of its workspace") { engine in
            let vault = try await SampleVault.make(in: engine)
            var row = vault.here.instance("start-one")
            row.tokenID = vault.elsewhere.token.id
            let foreignToken = row
            try await expectConstraint(on: engine) { try $0.insertInstance(foreignToken) }
            row = vault.here.instance("start-one")
            row.agentID = vault.elsewhere.agent.id
            let foreignAgent = row
            try await expectConstraint(on: engine) { try $0.insertInstance(foreignAgent) }
        },
    ]
}

// SPDX-License-Identifier: Apache-2.0

internal import Storage
internal import VaultModel

extension StoragePromise {
    static let agents = [
        StoragePromise("an agent comes back with every column, and so does every change") { engine in
            let vault = try await SampleVault.make(in: engine)
            var agent = vault.here.agent("Nightly Æbot")
            let made = agent
            try await engine.write { try $0.insertAgent(made) }
            try expectEqual(try await engine.read { try $0.agent(made.id, in: vault.here.id) }, made)
            agent.name = "Daily"
            agent.foldedName = "daily"
            agent.replicas = 7
            agent.allowedNames = "LD_PRELOAD PATH"
            agent.deletedAt = .day(9)
            agent.rowCode = []
            let changed = agent
            try await engine.write { try $0.updateAgent(changed) }
            try expectEqual(try await engine.read { try $0.agent(made.id, in: vault.here.id) }, changed)
        },
        StoragePromise("a live agent's name is unique ignoring case, and free again after a delete") { engine in
            let vault = try await SampleVault.make(in: engine)
            let same = vault.here.agent("BUILDER")
            try await expectConstraint(on: engine) { try $0.insertAgent(same) }
            try await engine.write { connection in
                try expectEqual(
                    try connection.liveAgent(foldedName: "builder", in: vault.here.id),
                    vault.here.agent
                )
                var deleted = vault.here.agent
                deleted.deletedAt = .day(9)
                try connection.updateAgent(deleted)
                try connection.insertAgent(same)
                try expectEqual(try connection.liveAgent(foldedName: "builder", in: vault.here.id), same)
                try expectEqual(try connection.liveAgentCount(in: vault.here.id), 1)
            }
        },
        StoragePromise("no statement on agents reaches into another workspace") { engine in
            let vault = try await SampleVault.make(in: engine)
            try await engine.write { connection in
                try expectEqual(try connection.agent(vault.here.agent.id, in: vault.elsewhere.id), nil)
                try expectEqual(
                    try connection.liveAgents(in: vault.elsewhere.id, limit: 10),
                    [vault.elsewhere.agent]
                )
                var moved = vault.here.agent
                moved.workspaceID = vault.elsewhere.id
                moved.replicas = 9
                try connection.updateAgent(moved)
                try expectEqual(try connection.agent(vault.here.agent.id, in: vault.here.id), vault.here.agent)
            }
        },
        StoragePromise("pages and searches of agents follow their making") { engine in
            let vault = try await SampleVault.make(in: engine)
            let rows = (3...9).map { vault.here.agent("Robot \($0)", at: .day($0)) }
            try await engine.write { connection in for row in rows.reversed() { try connection.insertAgent(row) } }
            try await engine.read { connection in
                let workspace = vault.here.id
                try expectEqual(
                    try connection.liveAgents(in: workspace, limit: 3),
                    [vault.here.agent] + rows.prefix(2)
                )
                try expectEqual(
                    try connection.liveAgents(in: workspace, after: rows[1].id, limit: 100),
                    Array(rows[2...])
                )
                try expectEqual(try connection.liveAgents(in: workspace, limit: 100, matching: "OBOT"), rows)
                try expectEqual(try connection.liveAgents(in: workspace, limit: 100, matching: "r_b"), [])
            }
        },
    ]
}

// SPDX-License-Identifier: Apache-2.0

internal import Storage
internal import VaultModel

extension SampleWorkspace {
    fileprivate func container(_ id: String, standingFor token: TokenRow) -> ContainerRow {
        ContainerRow(
            tokenID: token.id,
            workspaceID: self.id,
            agentID: agent.id,
            container: id,
            pid: 7,
            processStart: 70,
            boot: "boot",
            cgroup: "4:pids:/docker/\(id)",
            registeredAt: .day(5)
        )
    }
}

extension StoragePromise {
    static let containers = [
        StoragePromise("one container of an id lives, and the next one may when it has ended") { engine in
            let vault = try await SampleVault.make(in: engine)
            let first = vault.here.token(kind: .container, at: .day(5))
            let second = vault.here.token(kind: .container, at: .day(6))
            let row = vault.here.container("c1", standingFor: first)
            try await engine.write { connection in
                try connection.insertToken(first)
                try connection.insertToken(second)
                try connection.insertContainer(row)
            }
            let next = vault.here.container("c1", standingFor: second)
            try await expectConstraint(on: engine) { try $0.insertContainer(next) }
            try await engine.write { connection in
                try connection.endContainer(row, at: .day(7))
                try expectEqual(try connection.liveContainer("c1"), nil)
                try connection.insertContainer(next)
            }
            try await engine.read { connection in
                try expectEqual(try connection.liveContainer("c1"), next)
                try expectEqual(try connection.liveContainers(), [next])
                try expectEqual(try connection.liveContainers(in: vault.here.id), [next])
                try expectEqual(try connection.liveContainers(in: vault.elsewhere.id), [])
            }
        },
        StoragePromise("the end of a container ends what runs in it and nothing else") { engine in
            let vault = try await SampleVault.make(in: engine)
            let token = vault.here.token(kind: .container, at: .day(5))
            let row = vault.here.container("c1", standingFor: token)
            var inside = vault.here.instance("start-in", replica: "in")
            inside.tokenID = token.id
            inside.container = "c1"
            let outside = vault.here.instance("start-out", replica: "out", at: .day(6))
            let within = inside
            try await engine.write { connection in
                try connection.insertToken(token)
                try connection.insertContainer(row)
                try connection.insertInstance(within)
                try connection.insertInstance(outside)
                // Neither a start of the same replica elsewhere nor too many of them ends what an engine vouches for.
                var same = outside
                same.replica = "in"
                try connection.endInstances(replacedBy: same, at: .day(7))
                try connection.endInstances(of: vault.here.agent.id, beyond: 1, at: .day(7), in: vault.here.id)
                try expectEqual(
                    try connection.liveInstances(of: vault.here.agent.id, in: vault.here.id).count,
                    2
                )
                try connection.endContainer(row, at: .day(8))
                try connection.endContainer(row, at: .day(9))
            }
            try await engine.read { connection in
                try expectEqual(
                    try connection.liveInstances(of: vault.here.agent.id, in: vault.here.id),
                    [outside]
                )
                let ended = try connection.instance(within.id, in: vault.here.id)
                try expectEqual(ended?.endedAt, .day(8))
                try expectEqual(ended?.endReason, .ended)
                try expectEqual(ended?.container, "c1")
            }
        },
    ]
}

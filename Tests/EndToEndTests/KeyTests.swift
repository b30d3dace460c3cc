// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import TestSupport
import Testing

/// The operator's procedures for keys, through the built program.
struct KeyTests {
    @Test func theMasterKeyIsReplacedWhileTheServerRuns() async throws {
        let server = try await RunningServer.start()
        let token = try await server.agentWithToken()
        let old = try #require(try await server.keys().masterKeys.first?.id)
        let newFile = server.directory.appending("key/new.key")

        let added = try await server.attache("keys", "rotate-master", "--new-key-file", newFile, "--json")
        #expect(added.status == 0, "\(added.errors)")
        let both = try added.json(KeysBody.self)
        #expect(both.masterKeys.count == 2)

        let tooEarly = try await server.attache("keys", "rotate-master", "--drop", old, "--json")
        #expect(tooEarly.status == 1)
        #expect(tooEarly.errors.contains("keys_conflict"))

        try FileManager.default.removeItem(atPath: server.keyFile)
        try FileManager.default.moveItem(atPath: newFile, toPath: server.keyFile)
        let dropped = try await server.attache("keys", "rotate-master", "--drop", old)
        #expect(dropped.status == 0, "\(dropped.errors)")
        #expect(try await server.keys().masterKeys.map(\.inKeyFile) == [true])

        server.signal(SIGKILL)
        _ = await server.waitForExit()
        let restarted = try await RunningServer.start(in: server.directory)
        let run = try await restarted.exec(token: token, ["/bin/sh", "-c", "printf %s \"$API_TOKEN\""])
        #expect(run.output == "the value", "\(run.errors)")
    }

    @Test func theEpochRotatesToItsEndThoughTheServerIsKilledAgainAndAgain() async throws {
        var server = try await RunningServer.start()
        let names = (0..<40).map { "SECRET_\($0)" }
        let file = names.map { "\($0)=value of \($0)\n" }.joined()
        let path = server.directory.appending("many.env")
        try file.write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try await server.attache("secrets", "import", path, "--kind", "secret").status == 0)
        #expect(try await server.attache("keys", "rotate-epoch", "--no-wait").status == 0)
        for _ in 0..<6 {
            server.signal(SIGKILL)
            _ = await server.waitForExit()
            server = try await RunningServer.start(in: server.directory)
        }
        #expect(try await server.endOfRotation().phase == "done")
        #expect(try await server.keys().epochs.map(\.state) == ["retired", "active"])
        let verified = try await server.attache("keys", "verify", "--json")
        #expect(verified.status == 0, "\(verified.output)")
        #expect(try verified.json(VerificationBody.self).records >= 40)
    }

    @Test func oneUsersKeysAreReplacedAndTheRightOnesAreRefusedToOthers() async throws {
        let server = try await RunningServer.start()
        _ = try await server.agentWithToken()
        let rotated = try await server.attache("keys", "rotate-user", "operator", "--json")
        #expect(rotated.status == 0, "\(rotated.errors)")
        #expect(try rotated.json(RotationBody.self).phase == "done")
        #expect(try await server.attache("keys", "verify").status == 0)
        let key = try #require(server.workspaceKey)
        let refused = try await server.attache("keys", "status", "--json", environment: ["ATTACHE_API_KEY": key])
        #expect(refused.status == 1)
        #expect(refused.errors.contains("forbidden"))
        let nobody = try await server.attache("keys", "rotate-user", "nobody", "--json")
        #expect(nobody.errors.contains("not_found"))
    }
}

extension RunningServer {
    /// Makes an agent that is given `API_TOKEN`, and returns its gateway token.
    func agentWithToken() async throws -> String {
        let created = try await attache("secrets", "create", "API_TOKEN", input: Array("the value".utf8))
        try #require(created.status == 0, "\(created.errors)")
        return try await createAgent("bot", with: ["API_TOKEN"])
    }

    func keys() async throws -> KeysBody {
        try await attache("keys", "status", "--json").json(KeysBody.self)
    }

    /// The last rotation, once it has ended.
    func endOfRotation() async throws -> RotationBody {
        if let rotation = try await keys().rotation, rotation.endedAt != nil { return rotation }
        // It was under way with this server running, so that this server's log tells its end.
        try await waitUntilLogged("rotation of keys ended")
        return try #require(try await keys().rotation)
    }
}

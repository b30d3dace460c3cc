// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import TestSupport
import Testing

/// The operator's procedures for backups, through the built program.
struct BackupTests {
    @Test func aBackupThatWasMadeUnderLoadIsRestoredAndServes() async throws {
        let server = try await RunningServer.start()
        let token = try await server.agentWithToken()
        let load = Task {
            var acknowledged: [String] = []
            while !Task.isCancelled {
                let name = "LOAD_\(acknowledged.count)"
                let made = try await server.attache("secrets", "create", name, input: Array("v".utf8))
                if made.status == 0 { acknowledged.append(name) }
            }
            return acknowledged
        }
        let made = try await server.attache("backup", "create", "--json")
        load.cancel()
        #expect(made.status == 0, "\(made.errors)")
        let backup = try made.json(BackupBody.self)
        #expect(try await load.value.isEmpty == false)
        let listed = try await server.attache("backup", "list", "--json").json(BackupList.self)
        #expect(listed.backups == [backup])

        let path = "\(listed.folder)/\(backup.name)"
        let verified = try await server.attache(
            "backup",
            "verify",
            path,
            "--master-key-file",
            server.keyFile,
            "--json"
        )
        #expect(verified.status == 0, "\(verified.errors)")

        let elsewhere = try TemporaryDirectory()
        let restored = try await server.attache(
            "backup",
            "restore",
            path,
            "--data",
            elsewhere.appending("data"),
            "--master-key-file",
            server.keyFile
        )
        #expect(restored.status == 0, "\(restored.errors)")
        try FileManager.default.createDirectory(
            atPath: elsewhere.appending("key"),
            withIntermediateDirectories: false
        )
        try FileManager.default.copyItem(atPath: server.keyFile, toPath: elsewhere.appending("key/master.key"))
        let second = try await RunningServer.start(in: elsewhere)
        let run = try await second.exec(token: token, ["/bin/sh", "-c", "printf %s \"$API_TOKEN\""])
        #expect(run.output == "the value", "\(run.errors)")
        #expect(try await second.attache("keys", "verify").status == 0)
        #expect(try await second.attache("audit", "verify").status == 0)
    }

    @Test func aWrongKeyAndAFolderThatIsNotEmptyAreRefusedAndNothingIsWritten() async throws {
        let server = try await RunningServer.start()
        #expect(try await server.attache("backup", "create").status == 0)
        let folder = "\(server.data)/backups"
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first)
        let otherKey = server.directory.appending("key/other.key")
        _ = FileManager.default.createFile(
            atPath: otherKey,
            contents: Data((String(repeating: "ab", count: 32) + "\n").utf8),
            attributes: [.posixPermissions: 0o600]
        )
        let target = server.directory.appending("restored")
        let wrong = try await server.attache(
            "backup",
            "restore",
            "\(folder)/\(name)",
            "--data",
            target,
            "--master-key-file",
            otherKey
        )
        #expect(wrong.status == 78)
        #expect(wrong.errors.contains("opens under master key"))
        #expect(!FileManager.default.fileExists(atPath: target))

        let occupied = try await server.attache(
            "backup",
            "restore",
            "\(folder)/\(name)",
            "--data",
            server.data,
            "--master-key-file",
            server.keyFile
        )
        #expect(occupied.status == 1)
        #expect(occupied.errors.contains("not empty"))
    }

    @Test func aDrillProvesTheNewestBackupAndFailsWhenThereIsNoneOrItIsTooOld() async throws {
        let server = try await RunningServer.start()
        let folder = "\(server.data)/backups"
        let variables = ["ATTACHE_BACKUPS_FOLDER": folder, "ATTACHE_MASTER_KEY_FILE": server.keyFile]
        let none = try await server.attache("backup", "drill", environment: variables)
        #expect(none.status == 1)
        #expect(none.errors.contains("there is no backup"))
        let created = try await server.attache("backup", "create")
        #expect(created.status == 0, "\(created.errors)")
        let good = try await server.attache("backup", "drill", "--max-age", "1h", "--json", environment: variables)
        #expect(good.status == 0, "\(good.errors)")
        #expect(good.output.contains(#""intact":true"#))
        let old = try await server.attache("backup", "drill", "--max-age", "0s", environment: variables)
        #expect(old.status == 1)
        #expect(old.errors.contains("was made"))
    }

    @Test func aServerMakesItsFirstScheduledBackupAtOnce() async throws {
        let server = try await RunningServer.start(extraArguments: ["--backups-every", "24", "--backups-keep", "3"])
        try await server.waitUntilLogged("backup was made")
        let list = try await server.attache("backup", "list", "--json").json(BackupList.self)
        #expect(list.backups.count == 1)
    }
}

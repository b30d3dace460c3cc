// SPDX-License-Identifier: Apache-2.0

import APITypes
import BackupArchive
import Foundation
import Sealing
import Storage
import TestSupport
import Testing
import VaultCore
import VaultModel

struct BackupTests {
    @Test func aRestoredBackupDeliversWhatWasThere() async throws {
        let scene = try await Scene.make()
        let file = try await scene.test.backUp()
        let target = try TemporaryDirectory()
        let (manifest, findings) = try await scene.test.offline(file).restore(to: target.path)
        #expect(manifest.masterKeyIds == [scene.test.master.id.text])
        #expect(findings.problems == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: target.path) == ["attache.db"])
        let restored = try await Scene(test: scene.test.opening(target), agent: scene.agent)
        try await restored.checkAll()
        let page = try await restored.test.vault.audit(PageRequest(limit: 10), by: restored.test.localOperator)
        #expect(page.entries.map(\.action).contains("backup.restore"))
    }

    @Test func aBackupIsOfOneMomentThoughWritesGoOn() async throws {
        let scene = try await Scene.make()
        let test = scene.test
        let writers = Task {
            var count = 0
            while !Task.isCancelled {
                try await test.create("WRITTEN_\(count)", "value \(count)")
                count += 1
            }
            return count
        }
        var files: [BackupFile] = []
        for _ in 0..<3 { files.append(try await test.backUp()) }
        writers.cancel()
        let written = try await writers.value
        #expect(written > 0)
        for file in files {
            let work = try TemporaryDirectory()
            let (_, findings) = try await test.offline(file).verify(in: work.path)
            #expect(findings.problems == [])
            #expect(try FileManager.default.contentsOfDirectory(atPath: work.path) == [])
        }
    }

    @Test func theManifestAnchorsTheTrail() async throws {
        let scene = try await Scene.make()
        let manifest = try await scene.test.backUp().manifest()
        let workspace = try await scene.test.vault.status(by: scene.test.localOperator).workspace.id
        let chain = try #require(manifest.chains.first { $0.chain == workspace })
        let found = try await scene.test.vault.verifyAudit(
            anchors: [try #require(chain.checkpoint)],
            by: scene.test.localOperator
        )
        #expect(found.intact && found.anchors == 1)
    }

    @Test func aWrongKeyIsRefusedBeforeAnythingIsWritten() async throws {
        let scene = try await Scene.make()
        let file = try await scene.test.backUp()
        let other = MasterKey.generate()
        let target = try TemporaryDirectory()
        let missing = target.appending("missing")
        let refusal = BackupError.wrongMasterKey(needed: [scene.test.master.id.text], given: other.id.text)
        let backup = OfflineBackup(file: file, master: other, version: "test")
        await #expect(throws: refusal) { _ = try await backup.restore(to: missing) }
        await #expect(throws: refusal) { _ = try await backup.verify(in: target.path) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: target.path) == [])
    }

    @Test func onlyAnEmptyFolderIsRestoredInto() async throws {
        let scene = try await Scene.make()
        let file = try await scene.test.backUp()
        let target = try TemporaryDirectory()
        try Data("mine".utf8).write(to: URL(fileURLWithPath: target.appending("file")))
        await #expect(throws: BackupError.notEmpty) { _ = try await scene.test.offline(file).restore(to: target.path) }
        await #expect(throws: BackupError.notEmpty) {
            _ = try await scene.test.offline(file).restore(to: scene.test.directory.path)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: target.path) == ["file"])
    }

    @Test func whatARestoreThatWasCutOffLeftIsInNobodysWay() async throws {
        let scene = try await Scene.make()
        let file = try await scene.test.backUp()
        let target = try TemporaryDirectory()
        let left = target.appending(".restoring")
        try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: false)
        for place in ["\(left)/attache.db", target.appending(".restored")] {
            try Data("half a database".utf8).write(to: URL(fileURLWithPath: place))
        }
        _ = try await scene.test.offline(file).restore(to: target.path)
        try await Scene(test: scene.test.opening(target), agent: scene.agent).checkAll()
    }

    @Test func aFlippedBitInTheDatabaseOfABackupIsFound() async throws {
        let scene = try await Scene.make()
        let file = try await scene.test.backUp()
        let manifest = try file.manifest()
        let whole = try [UInt8](Data(contentsOf: URL(fileURLWithPath: file.path)))
        let start = try manifestEnd(of: file) + 512
        let directory = try TemporaryDirectory()
        let damaged = BackupFile(path: directory.appending("damaged.tar"))
        for _ in 0..<40 {
            var bytes = whole
            bytes[Int.random(in: start..<(start + Int(manifest.databaseBytes)))] ^= 1 << UInt8.random(in: 0..<8)
            try Data(bytes).write(to: URL(fileURLWithPath: damaged.path))
            await #expect(throws: BackupError.damaged("the database is not the one that the manifest describes")) {
                _ = try await scene.test.offline(damaged).verify(in: directory.path)
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["damaged.tar"])
    }

    @Test(arguments: [1, 512, 4_096, 100_000])
    func aBackupThatIsCutOffIsRefused(bytes: Int) async throws {
        let scene = try await Scene.make()
        let file = try await scene.test.backUp()
        let whole = try Data(contentsOf: URL(fileURLWithPath: file.path))
        let directory = try TemporaryDirectory()
        let cut = BackupFile(path: directory.appending("cut.tar"))
        try whole.prefix(bytes).write(to: URL(fileURLWithPath: cut.path))
        await #expect(throws: BackupError.self) { _ = try await scene.test.offline(cut).verify(in: directory.path) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["cut.tar"])
    }

    @Test func aManifestThatWasWrittenAnewWithoutTheKeyIsFound() async throws {
        let scene = try await Scene.make()
        let file = try await scene.test.backUp()
        var manifest = try file.manifest()
        let directory = try TemporaryDirectory()
        _ = try extractedDatabase(of: file, to: directory.appending("attache.db"))
        manifest.chains.removeAll()
        let forged = BackupFile(path: directory.appending("forged.tar"))
        var writer = try ArchiveWriter(creating: forged.path)
        try writer.add(BackupManifest.fileName, [UInt8](JSONEncoder().encode(manifest)), seconds: 0)
        try writer.add(BackupManifest.databaseName, copying: directory.appending("attache.db"), seconds: 0)
        try writer.finish()
        await #expect(throws: BackupError.damaged("the manifest was changed")) {
            _ = try await scene.test.offline(forged).verify(in: directory.path)
        }
    }

    @Test func aBackupIsMadeInTheMidstOfARotation() async throws {
        let scene = try await Scene.make()
        _ = try await scene.begin("epoch")
        var step = 0
        while try await scene.test.vault.advanceRotation() != nil {
            step += 1
            guard step.isMultiple(of: 2) else { continue }
            let work = try TemporaryDirectory()
            let (_, findings) = try await scene.test.offline(scene.test.backUp()).verify(in: work.path)
            #expect(findings.problems == [])
        }
        #expect(step > 8)
    }

    @Test func theOldestBackupsAreForgottenAndOtherFilesAreLeftAlone() async throws {
        let scene = try await Scene.make()
        let test = scene.test
        let store = BackupStore(in: test.directory.appending("kept"), keep: 2, of: test.vault)
        var ids: [String] = []
        for _ in 0..<4 {
            test.clock.advance(by: .seconds(60))
            ids.append(try await test.backUp(with: store))
            try Data("mine".utf8).write(to: URL(fileURLWithPath: "\(store.folder)/attache-mine.tar"))
        }
        let list = try await store.list(by: test.localOperator)
        #expect(list.backups.map(\.id) == Array(ids.suffix(2)))
        #expect(FileManager.default.fileExists(atPath: "\(store.folder)/attache-mine.tar"))
    }

    @Test func oneBackupIsMadeAtATime() async throws {
        let scene = try await Scene.make()
        let store = scene.test.backups
        let once = Once(key: "k", request: [])
        let first = try await store.begin(by: scene.test.localOperator, once: once)
        await #expect(throws: VaultError.keys(.backupUnderWay)) {
            _ = try await store.begin(by: scene.test.localOperator)
        }
        #expect(await store.make(first.id) == nil)
        #expect(try await store.begin(by: scene.test.localOperator, once: once) == first)
        #expect(try await store.list(by: scene.test.localOperator).running == nil)
    }

    @Test func whatABackupThatWasCutOffLeftIsRemovedByTheNextOne() async throws {
        let scene = try await Scene.make()
        let store = scene.test.backups
        try FileManager.default.createDirectory(atPath: store.folder, withIntermediateDirectories: true)
        try Data("half".utf8).write(to: URL(fileURLWithPath: "\(store.folder)/.attache-x.tar.part"))
        _ = try await scene.test.backUp(with: store)
        let names = try FileManager.default.contentsOfDirectory(atPath: store.folder)
        #expect(names.count == 1 && names.allSatisfy { $0.hasPrefix("attache-") })
    }

    @Test func nothingInABackupIsReadableButVariablesAndNames() async throws {
        let scene = try await Scene.make()
        try await scene.test.create("CANARY", "canary-6f1d2c9b8a7e")
        let file = try await scene.test.backUp()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: file.path))
        #expect(bytes.range(of: Data("canary-6f1d2c9b8a7e".utf8)) == nil)
        var status = stat()
        #expect(stat(file.path, &status) == 0 && status.st_mode & 0o777 == 0o600)
    }
}

extension BackupTests {
    private func extractedDatabase(of file: BackupFile, to path: String) throws -> Int64 {
        var reader = try ArchiveReader(opening: file.path)
        _ = try reader.next(BackupManifest.fileName)
        _ = try reader.bytes(upTo: 1 << 20)
        let size = try reader.next(BackupManifest.databaseName)
        try reader.extract(to: path) { _ in }
        return size
    }

    /// Where the manifest ends in the archive, rounded up to its blocks.
    private func manifestEnd(of file: BackupFile) throws -> Int {
        var reader = try ArchiveReader(opening: file.path)
        let size = try reader.next(BackupManifest.fileName)
        return 512 + (Int(size) + 511) / 512 * 512
    }
}

extension TestVault {
    func backUp(with store: BackupStore? = nil) async throws -> String {
        let store = store ?? backups
        let begun = try await store.begin(by: localOperator)
        let failure = await store.make(begun.id)
        #expect(failure == nil)
        return begun.id
    }

    func backUp() async throws -> BackupFile {
        let store = backups
        let id = try await backUp(with: store)
        let made = try await store.list(by: localOperator).backups.first { $0.id == id }
        return BackupFile(path: "\(store.folder)/\(try #require(made).name)")
    }

    func offline(_ file: BackupFile) -> OfflineBackup {
        OfflineBackup(file: file, master: master, version: "test", clock: clock)
    }
}

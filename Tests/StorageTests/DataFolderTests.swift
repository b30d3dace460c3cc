// SPDX-License-Identifier: Apache-2.0

import Foundation
import Storage
import StorageConformance
import TestSupport
import Testing

struct DataFolderTests {
    @Test func whatIsMadeIsTheOwnersAlone() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.appending("var/data")
        let engine = try await SQLiteEngine.open(at: path)
        _ = try await SampleVault.make(in: engine)
        #expect(try mode(of: directory.appending("var")) == 0o700)
        #expect(try mode(of: path) == 0o700)
        #expect(try contents(of: path).keys.sorted() == ["attache.db", "attache.db-shm", "attache.db-wal"])
        for name in ["attache.db", "attache.db-shm", "attache.db-wal", "attache.lock"] {
            #expect(try mode(of: "\(path)/\(name)") == 0o600)
        }
        try await engine.close()
    }

    @Test func aFolderInUseIsRefusedToASecondServer() async throws {
        let directory = try TemporaryDirectory()
        let engine = try await SQLiteEngine.open(at: directory.path)
        let before = try contents(of: directory.path)
        #expect(throws: StorageFailure.locked) { try DataFolder(claiming: directory.path) }
        await #expect(throws: StorageFailure.locked) { try await SQLiteEngine.open(at: directory.path) }
        #expect(try contents(of: directory.path) == before)
        try await engine.close()
        try await SQLiteEngine.open(at: directory.path).close()
    }

    @Test func aFolderTakesOneEngineAtATime() async throws {
        let directory = try TemporaryDirectory()
        let folder = try DataFolder(claiming: directory.path)
        let engine = try await SQLiteEngine.open(folder)
        await #expect(throws: StorageFailure.locked) { try await SQLiteEngine.open(folder) }
        try await engine.close()
        let again = try await SQLiteEngine.open(folder)
        #expect(throws: StorageFailure.locked) { try DataFolder(claiming: directory.path) }
        try await again.close()
    }

    @Test func anEmptyFolderHoldsNothing() throws {
        let directory = try TemporaryDirectory()
        let folder = try DataFolder(claiming: directory.path)
        #expect(try folder.inspect() == nil)
        #expect(try contents(of: directory.path) == [:])
    }

    @Test(arguments: ["data", "with blank", "50% ?mode=rw#x", "späť"])
    func aLookIntoAClosedDatabaseChangesNoByte(name: String) async throws {
        let directory = try TemporaryDirectory()
        let path = directory.appending(name)
        let ring = KeyRingRow(slot: 1, masterKeyID: "a", wrapped: [1, 2], createdAt: .day(1))
        let engine = try await SQLiteEngine.open(at: path)
        try await engine.write { try $0.insertKeyRing(ring) }
        try await engine.close()

        let before = try contents(of: path)
        let found = try #require(try DataFolder(claiming: path).inspect())
        #expect(found.schemaVersion == SQLiteEngine.schemaVersion)
        #expect(found.keyRings == [ring])
        #expect(!found.isEmpty)
        #expect(try contents(of: path) == before)
    }

    @Test func aLookIntoADatabaseOfAKilledServerReadsTheLogAndChangesNoByte() async throws {
        let directory = try TemporaryDirectory()
        let path = try await copyOfARunningDatabase(in: directory)
        let before = try contents(of: path)
        #expect(before["attache.db-wal"]?.isEmpty == false)

        let folder = try DataFolder(claiming: path)
        #expect(try folder.inspect()?.keyRings.map(\.slot) == [1, 2])
        #expect(try contents(of: path) == before)

        let engine = try await SQLiteEngine.open(folder)
        #expect(try await engine.read { try $0.keyRings() }.map(\.slot) == [1, 2])
        try await engine.close()
    }

    @Test func aFirstStartThatWasCutShortIsSeenAsEmpty() async throws {
        let directory = try TemporaryDirectory()
        try await SQLiteEngine.open(at: directory.path).close()
        let found = try #require(try DataFolder(claiming: directory.path).inspect())
        #expect(found.schemaVersion == SQLiteEngine.schemaVersion)
        #expect(found.isEmpty)
    }

    @Test func aNewerSchemaIsRefusedAndTheFilesStayAsTheyAre() async throws {
        let directory = try TemporaryDirectory()
        let engine = try await SQLiteEngine.open(at: directory.path)
        _ = try await engine.write { connection in
            try connection.execute("INSERT INTO schema_migrations (version, applied_at) VALUES (99, 0)", [])
        }
        try await engine.close()
        let before = try contents(of: directory.path)
        let newer = StorageFailure.newerSchema(found: 99, known: SQLiteEngine.schemaVersion)
        #expect(throws: newer) { try DataFolder(claiming: directory.path).inspect() }
        await #expect(throws: newer) { try await SQLiteEngine.open(at: directory.path) }
        #expect(try contents(of: directory.path) == before)
    }

    @Test func openingAgainTakesNoStepTwice() async throws {
        let directory = try TemporaryDirectory()
        let engine = try await SQLiteEngine.open(at: directory.path)
        let select = "SELECT version, applied_at FROM schema_migrations"
        let steps = try await engine.read { try $0.query(select, []) }
        #expect(Int64(steps.count) == SQLiteEngine.schemaVersion)
        try await engine.close()
        let again = try await SQLiteEngine.open(at: directory.path)
        #expect(try await again.read { try $0.query(select, []) } == steps)
        try await again.close()
    }

    @Test func aFileThatIsNoDatabaseIsRefusedAndKept() async throws {
        let directory = try TemporaryDirectory()
        let bytes = Data(repeating: 0x41, count: 8192)
        try bytes.write(to: URL(fileURLWithPath: directory.appending("attache.db")))
        await #expect(throws: StorageFailure.corrupt) { try await SQLiteEngine.open(at: directory.path) }
        #expect(try contents(of: directory.path) == ["attache.db": bytes])
    }

    @Test func aDatabaseOfAnotherProgramIsRefusedAndKept() async throws {
        let directory = try TemporaryDirectory()
        let engine = try await SQLiteEngine.open(at: directory.path)
        _ = try await engine.write { try $0.execute("ALTER TABLE schema_migrations RENAME TO other", []) }
        try await engine.close()
        let before = try contents(of: directory.path)
        await #expect(throws: StorageFailure.corrupt) { try await SQLiteEngine.open(at: directory.path) }
        #expect(try contents(of: directory.path) == before)
    }

    @Test func aDamagedPageIsFoundAtStartAndTheFilesStayAsTheyAre() async throws {
        let directory = try TemporaryDirectory()
        let engine = try await SQLiteEngine.open(at: directory.path)
        _ = try await SampleVault.make(in: engine)
        try await engine.close()
        let file = URL(fileURLWithPath: directory.appending("attache.db"))
        var bytes = try Data(contentsOf: file)
        // The header of a b-tree page in the middle (sqlite.org/fileformat2.html §1.6).
        let page = bytes.count / 4096 / 2 * 4096
        bytes.replaceSubrange(page..<(page + 64), with: Data(repeating: 0xEE, count: 64))
        try bytes.write(to: file)
        let before = try contents(of: directory.path)
        await #expect(throws: StorageFailure.corrupt) { try await SQLiteEngine.open(at: directory.path) }
        #expect(try contents(of: directory.path) == before)
    }

    @Test func aPathThatIsAFileIsRefused() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.appending("file")
        try Data().write(to: URL(fileURLWithPath: path))
        await #expect(throws: StorageFailure.self) { try await SQLiteEngine.open(at: path) }
    }

    @Test func aLockThatIsASymbolicLinkIsRefused() throws {
        let directory = try TemporaryDirectory()
        let target = directory.appending("target")
        let path = directory.appending("data")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(atPath: "\(path)/attache.lock", withDestinationPath: target)
        #expect(throws: StorageFailure.unavailable) { try DataFolder(claiming: path) }
        #expect(!FileManager.default.fileExists(atPath: target))
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "needs the right to mount a file system"))
    func aReadOnlyFolderIsRefusedAndKept() async throws {
        let disk = try SmallDisk(kibibytes: 2048)
        let engine = try await SQLiteEngine.open(at: disk.path)
        _ = try await SampleVault.make(in: engine)
        try await engine.close()
        try disk.makeReadOnly()
        let before = try contents(of: disk.path)
        await #expect(throws: StorageFailure.readOnly) { try await SQLiteEngine.open(at: disk.path) }
        #expect(try contents(of: disk.path) == before)
    }

    @Test(.disabled(if: geteuid() == 0, "root may write everywhere"))
    func aFolderWithoutWritePermissionIsRefused() async throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: directory.path)
        await #expect(throws: StorageFailure.readOnly) { try await SQLiteEngine.open(at: directory.path) }
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: directory.path)
    }

    /// What a server that is killed leaves behind: the database with its log, of which nothing was checkpointed.
    private func copyOfARunningDatabase(in directory: TemporaryDirectory) async throws -> String {
        let engine = try await SQLiteEngine.open(at: directory.appending("running"))
        for slot in Int64(1)...2 {
            let ring = KeyRingRow(slot: slot, masterKeyID: "a", wrapped: [1], createdAt: .day(1))
            try await engine.write { try $0.insertKeyRing(ring) }
        }
        let copy = directory.appending("copy")
        try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: false)
        for name in ["attache.db", "attache.db-wal"] {
            try FileManager.default.copyItem(
                atPath: "\(directory.appending("running"))/\(name)",
                toPath: "\(copy)/\(name)"
            )
        }
        try await engine.close()
        return copy
    }
}

// SPDX-License-Identifier: Apache-2.0

import Storage
import StorageConformance
import TestSupport
import Testing

@Suite(.enabled(if: SmallDisk.isAvailable, "needs the right to mount a file system"))
struct FullDiskTests {
    @Test func aFullDiskRefusesWritesKeepsWhatWasAcknowledgedAndRecovers() async throws {
        let disk = try SmallDisk(kibibytes: 4096)
        let engine = try await SQLiteEngine.open(at: disk.path)
        let vault = try await SampleVault.make(in: engine)
        try disk.fill(leaving: 256 * 1024)

        var acknowledged: Int64 = 0
        await #expect(throws: StorageFailure.full) {
            while acknowledged < 1_000 {
                let link = Self.link(acknowledged + 1)
                try await engine.write { try $0.appendAuditEntry(link) }
                acknowledged += 1
            }
        }
        #expect(acknowledged > 0)
        #expect(!engine.hasFailed)
        #expect(try await engine.read { try $0.auditEntryCount("here") } == Int(acknowledged))
        #expect(try await engine.read { try $0.workspace(vault.here.id) } == vault.here.workspace)

        disk.clear()
        let next = Self.link(acknowledged + 1)
        try await engine.write { try $0.appendAuditEntry(next) }
        try await engine.checkpoint()
        try await engine.close()

        let again = try await SQLiteEngine.open(at: disk.path)
        let links = try await again.read { try $0.auditEntries("here", from: 1, limit: 1_000) }
        #expect(links == (1...(acknowledged + 1)).map(Self.link))
        try await again.close()
    }

    @Test func concurrentWritesOnAFullDiskAreEachAcknowledgedOrAbsent() async throws {
        let disk = try SmallDisk(kibibytes: 4096)
        let engine = try await SQLiteEngine.open(at: disk.path)
        try disk.fill(leaving: 512 * 1024)
        let acknowledged = try await withThrowingTaskGroup(of: Int64?.self) { group in
            for number in Int64(1)...200 {
                group.addTask {
                    do {
                        let link = Self.link(number)
                        try await engine.write { try $0.appendAuditEntry(link) }
                        return number
                    } catch StorageFailure.full {
                        return nil
                    }
                }
            }
            return try await group.reduce(into: Set()) { if let number = $1 { $0.insert(number) } }
        }
        #expect(acknowledged.count < 200)
        disk.clear()
        let found = try await engine.read { try $0.auditEntries("here", from: 1, limit: 1_000) }
        #expect(Set(found.map(\.sequence)) == acknowledged)
        try await engine.close()
    }

    @Test func aCheckpointWithoutRoomIsRefusedAndWritingGoesOn() async throws {
        let disk = try SmallDisk(kibibytes: 4096)
        let engine = try await SQLiteEngine.open(at: disk.path)
        let vault = try await SampleVault.make(in: engine)
        try await engine.checkpoint()
        for number in Int64(1)...20 {
            let link = Self.link(number)
            try await engine.write { try $0.appendAuditEntry(link) }
        }
        try disk.fill()
        await #expect(throws: StorageFailure.full) { try await engine.checkpoint() }
        disk.clear()
        try await engine.write { try $0.bumpRevision(of: vault.here.id) }
        try await engine.checkpoint()
        #expect(try await engine.read { try $0.auditEntryCount("here") } == 20)
        try await engine.close()
    }

    @Test func openingOnAFullDiskFailsAndLeavesTheDataAsItIs() async throws {
        let disk = try SmallDisk(kibibytes: 4096)
        let engine = try await SQLiteEngine.open(at: disk.path)
        let vault = try await SampleVault.make(in: engine)
        try await engine.close()
        try disk.fill()
        let before = try contents(of: disk.path)["attache.db"]
        await #expect(throws: StorageFailure.full) { try await SQLiteEngine.open(at: disk.path) }
        #expect(try contents(of: disk.path)["attache.db"] == before)

        disk.clear()
        let again = try await SQLiteEngine.open(at: disk.path)
        #expect(try await again.read { try $0.workspace(vault.here.id) } == vault.here.workspace)
        try await again.close()
    }

    @Test func aFirstStartOnAFullDiskFailsAndSucceedsLater() async throws {
        let disk = try SmallDisk(kibibytes: 2048)
        try disk.fill()
        await #expect(throws: StorageFailure.full) { try await SQLiteEngine.open(at: disk.path) }
        disk.clear()
        let engine = try await SQLiteEngine.open(at: disk.path)
        _ = try await SampleVault.make(in: engine)
        try await engine.close()
    }

    private static func link(_ sequence: Int64) -> AuditEntryRow {
        AuditEntryRow(
            chain: "here",
            sequence: sequence,
            epoch: 1,
            at: .day(1),
            action: "entry.create",
            subject: nil,
            entry: [UInt8](repeating: UInt8(truncatingIfNeeded: sequence), count: 10_000),
            code: []
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Storage
import StorageConformance
import TestSupport
import Testing

struct GroupCommitTests {
    @Test func aWriteReturnsAfterItsFsync() async throws {
        let directory = try TemporaryDirectory()
        let watch = try SyncWatch(below: directory.path)
        let engine = try await SQLiteEngine.open(at: directory.path)
        let vault = try await SampleVault.make(in: engine)
        for _ in 0..<20 {
            let before = watch.count
            try await engine.write { try $0.bumpRevision(of: vault.here.id) }
            #expect(watch.count > before)
        }
        try await engine.close()
    }

    @Test func concurrentWritesShareTransactionsAndTheirFsync() async throws {
        let directory = try TemporaryDirectory()
        let watch = try SyncWatch(below: directory.path)
        let engine = try await SQLiteEngine.open(at: directory.path)
        let vault = try await SampleVault.make(in: engine)
        let commitsBefore = engine.commitCount
        let writesBefore = engine.writeCount
        let syncsBefore = watch.count
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<32 {
                group.addTask {
                    for _ in 0..<25 { try await engine.write { try $0.bumpRevision(of: vault.here.id) } }
                }
            }
            try await group.waitForAll()
        }
        let commits = engine.commitCount - commitsBefore
        let syncs = watch.count - syncsBefore
        #expect(engine.writeCount - writesBefore == 800)
        #expect(try await engine.read { try $0.revision(of: vault.here.id) } == 1 + Int64(commits))
        #expect(syncs >= commits)
        #expect(syncs < 800)
        #expect(commits < 800)
        try await engine.close()
    }

    @Test func aFailedFsyncEndsWritingForGoodAndLosesNothingAcknowledged() async throws {
        let directory = try TemporaryDirectory()
        let watch = try SyncWatch(below: directory.path)
        let engine = try await SQLiteEngine.open(at: directory.path)
        let vault = try await SampleVault.make(in: engine)
        watch.failAll(with: EIO)
        await #expect(throws: StorageFailure.unavailable) {
            try await engine.write { try $0.bumpRevision(of: vault.here.id) }
        }
        #expect(engine.hasFailed)
        watch.letThrough()
        // Trying again could succeed without the pages that the kernel dropped.
        await #expect(throws: StorageFailure.unavailable) {
            try await engine.write { try $0.bumpRevision(of: vault.here.id) }
        }
        #expect(try await engine.read { try $0.revision(of: vault.here.id) } == 1)
        try await engine.close()

        let again = try await SQLiteEngine.open(at: directory.path)
        try await again.write { try $0.bumpRevision(of: vault.here.id) }
        #expect(try await again.read { try $0.workspace(vault.elsewhere.id) } == vault.elsewhere.workspace)
        try await again.close()
    }

    @Test func everyWriteOfAGroupWhoseFsyncFailsIsRefusedEvenOneThatThrew() async throws {
        let directory = try TemporaryDirectory()
        let watch = try SyncWatch(below: directory.path)
        let engine = try await SQLiteEngine.open(at: directory.path)
        let vault = try await SampleVault.make(in: engine)
        watch.failAll(with: EIO)
        let asked = DispatchSemaphore(value: 0)
        let outcomes = await withTaskGroup(of: StorageFailure?.self) { group in
            // Changes nothing, so it needs no fsync; meanwhile the others gather.
            await withCheckedContinuation { begun in
                group.addTask {
                    await failure {
                        try await engine.write { _ in
                            begun.resume()
                            for _ in 0..<40 { #expect(asked.wait(timeout: .now() + 10) == .success) }
                        }
                    }
                }
            }
            for number in 0..<40 {
                group.addTask {
                    await failure {
                        asked.signal()
                        try await engine.write { connection in
                            try connection.bumpRevision(of: vault.here.id)
                            // Told to the caller, it would speak of rows that are not there.
                            if !number.isMultiple(of: 4) { throw StorageFailure.corrupt }
                        }
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == nil } == 1)
        #expect(outcomes.count { $0 == .unavailable } == 40)
        try await engine.close()
    }

    @Test func aFailedFsyncOfACheckpointEndsWritingToo() async throws {
        let directory = try TemporaryDirectory()
        let watch = try SyncWatch(below: directory.path)
        let engine = try await SQLiteEngine.open(at: directory.path)
        let vault = try await SampleVault.make(in: engine)
        watch.failAll(with: EIO)
        await #expect(throws: StorageFailure.unavailable) { try await engine.checkpoint() }
        watch.letThrough()
        await #expect(throws: StorageFailure.unavailable) {
            try await engine.write { try $0.bumpRevision(of: vault.here.id) }
        }
        try await engine.close()
    }

    @Test func closingFinishesTheWritesThatWereAskedBefore() async throws {
        let directory = try TemporaryDirectory()
        let engine = try await SQLiteEngine.open(at: directory.path)
        _ = try await SampleVault.make(in: engine)
        let acknowledged = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    if number == 100 { try? await engine.close() }
                    do {
                        try await engine.write { connection in
                            let last = try connection.auditHead("here")?.sequence ?? 0
                            let head = AuditHeadRow(chain: "here", sequence: last + 1, epoch: 1, code: [], headCode: [])
                            try connection.setAuditHead(head)
                        }
                        return true
                    } catch {
                        return false
                    }
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        let again = try await SQLiteEngine.open(at: directory.path)
        #expect(try await again.read { try $0.auditHead("here")?.sequence } == Int64(acknowledged))
        try await again.close()
    }

    @Test func theLogStaysBoundedUnderManyWrites() async throws {
        let directory = try TemporaryDirectory()
        let engine = try await SQLiteEngine.open(at: directory.path)
        let vault = try await SampleVault.make(in: engine)
        let page = [UInt8](repeating: 7, count: 64 * 1024)
        for number in 1...300 {
            let link = AuditEntryRow(
                chain: "here",
                sequence: Int64(number),
                epoch: 1,
                at: .day(1),
                action: "entry.create",
                subject: nil,
                entry: page,
                code: []
            )
            try await engine.write { try $0.appendAuditEntry(link) }
        }
        let log = try #require(try contents(of: directory.path)["attache.db-wal"])
        // 19 MB were written; the log starts again once 4 MB of it are in the database.
        #expect(log.count < 8 * 1024 * 1024)
        #expect(try await engine.read { try $0.workspace(vault.here.id) } != nil)
        try await engine.close()
    }
}

/// How `act` failed; nil when it did not.
private func failure(of act: () async throws -> Void) async -> StorageFailure? {
    do {
        try await act()
        return nil
    } catch {
        return error as? StorageFailure
    }
}

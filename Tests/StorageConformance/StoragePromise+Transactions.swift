// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Storage
internal import Synchronization
internal import VaultModel

extension StoragePromise {
    static let transactions = [
        StoragePromise("what an append returned from is read by whoever comes next, and kept when it is synchronized") {
            engine in
            let vault = try await SampleVault.make(in: engine)
            let entry = try vault.here.entry("API_KEY")
            try await engine.append { try $0.insertEntry(entry) }
            let found = try await engine.read { try $0.entry(entry.id, in: vault.here.id) }
            try expectEqual(found, entry)
            try await engine.synchronize()
        },
        StoragePromise("kept writes are counted before their caller is told, appends and what is undone are not") {
            engine in
            let vault = try await SampleVault.make(in: engine)
            let entries = try (0..<3).map { try vault.here.entry("NAME_\($0)") }
            let before = engine.writes
            try await engine.append { try $0.insertEntry(entries[0]) }
            try expectEqual(engine.writes, before)
            try? await engine.write { connection in
                try connection.insertEntry(entries[1])
                throw OwnError.thrown
            }
            try expectEqual(engine.writes, before)
            try await engine.write { try $0.insertEntry(entries[2]) }
            try expectEqual(engine.writes, before + 1)
        },
        StoragePromise("what a write returned from is read by whoever comes next") { engine in
            let vault = try await SampleVault.make(in: engine)
            let found = try await engine.read { try $0.workspace(vault.here.id) }
            try expectEqual(found, vault.here.workspace)
        },
        StoragePromise("a throwing body undoes what it did and its error comes back unchanged") { engine in
            let vault = try await SampleVault.make(in: engine)
            let entry = try vault.here.entry("API_KEY")
            do {
                try await engine.write { connection in
                    try connection.insertEntry(entry)
                    throw OwnError.thrown
                }
                try expect(false)
            } catch OwnError.thrown {}
            try await engine.read { connection in
                try expectEqual(try connection.entry(entry.id, in: vault.here.id), nil)
            }
        },
        StoragePromise("of concurrent writes those that throw undo nothing of the others") { engine in
            let vault = try await SampleVault.make(in: engine)
            let entries = try (0..<60).map { try vault.here.entry("NAME_\($0)") }
            let kept = try await withThrowingTaskGroup(of: EntryID?.self) { group in
                for (index, entry) in entries.enumerated() {
                    group.addTask {
                        do {
                            try await engine.write { connection in
                                try connection.insertEntry(entry)
                                if index.isMultiple(of: 3) { throw OwnError.thrown }
                            }
                            return entry.id
                        } catch OwnError.thrown {
                            return nil
                        }
                    }
                }
                var kept: Set<EntryID> = []
                for try await id in group { if let id { kept.insert(id) } }
                return kept
            }
            try expectEqual(kept.count, 40)
            let found = try await engine.read { try $0.liveEntries(in: vault.here.id, limit: 100) }
            try expectEqual(Set(found.map(\.id)), kept)
        },
        StoragePromise("of concurrent inserts of one name exactly one wins") { engine in
            let vault = try await SampleVault.make(in: engine)
            let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        let entry = try vault.here.entry("API_KEY")
                        do {
                            try await engine.write { try $0.insertEntry(entry) }
                            return true
                        } catch StorageFailure.constraint {
                            return false
                        }
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            try expectEqual(winners, 1)
        },
        StoragePromise("a write whose statement failed is not kept, even if its body goes on") { engine in
            let vault = try await SampleVault.make(in: engine)
            let entry = try vault.here.entry("API_KEY")
            do {
                try await engine.write { connection in
                    try connection.insertEntry(entry)
                    try? connection.insertEntry(entry)
                    try? connection.bumpRevision(of: vault.here.id)
                }
                try expect(false)
            } catch StorageFailure.constraint {}
            try await engine.read { connection in
                try expectEqual(try connection.liveEntryCount(in: vault.here.id), 0)
                try expectEqual(try connection.revision(of: vault.here.id), 1)
            }
        },
        StoragePromise("a read sees one point in time, whatever is written meanwhile") { engine in
            let vault = try await SampleVault.make(in: engine)
            let entry = try vault.here.entry("API_KEY")
            let hasLooked = DispatchSemaphore(value: 0)
            let isWritten = DispatchSemaphore(value: 0)
            async let counts = engine.read { connection in
                let before = try connection.liveEntryCount(in: vault.here.id)
                hasLooked.signal()
                guard isWritten.wait(timeout: .now() + 10) == .success else { throw OwnError.timedOut }
                return [before, try connection.liveEntryCount(in: vault.here.id)]
            }
            try await until(hasLooked)
            try await engine.write { try $0.insertEntry(entry) }
            isWritten.signal()
            try expectEqual(try await counts, [0, 0])
            try expectEqual(try await engine.read { try $0.liveEntryCount(in: vault.here.id) }, 1)
        },
        StoragePromise("cancelling the caller's task does not undo or stop its write") { engine in
            let vault = try await SampleVault.make(in: engine)
            let entry = try vault.here.entry("API_KEY")
            let hasBegun = DispatchSemaphore(value: 0)
            let isCancelled = DispatchSemaphore(value: 0)
            let write = Task {
                try await engine.write { connection in
                    hasBegun.signal()
                    guard isCancelled.wait(timeout: .now() + 10) == .success else { throw OwnError.timedOut }
                    try connection.insertEntry(entry)
                }
            }
            try await until(hasBegun)
            write.cancel()
            isCancelled.signal()
            try await write.value
            try expectEqual(try await engine.read { try $0.liveEntryCount(in: vault.here.id) }, 1)
        },
        StoragePromise("every value comes back as it was bound") { engine in
            let values: [SQLValue] = [
                .null, .integer(.min), .integer(.max), .integer(0), .text(""), .text("Ünïcödé 👩‍🚀 '; DROP TABLE users"),
                .blob([]), .blob([0, 255, 0]), .blob([UInt8](repeating: 0xA5, count: 1 << 20)),
            ]
            let rows = try await engine.write { connection in
                try connection.execute(
                    "CREATE TABLE anything (id BIGINT, n BIGINT, t TEXT, b \(connection.blobType))",
                    []
                )
                for (id, value) in values.enumerated() {
                    let column =
                        switch value {
                        case .null, .integer: "n"
                        case .text: "t"
                        case .blob: "b"
                        }
                    let insert = "INSERT INTO anything (id, \(column)) VALUES ($1, $2)"
                    try expectEqual(try connection.execute(insert, [.integer(Int64(id)), value]), 1)
                }
                return try connection.query("SELECT n, t, b FROM anything ORDER BY id", [])
            }
            for (row, value) in zip(rows, values) {
                try expectEqual(row.values.first { $0 != .null } ?? .null, value)
            }
            try expectEqual(rows.count, values.count)
        },
        StoragePromise("a checkpoint loses nothing") { engine in
            let vault = try await SampleVault.make(in: engine)
            try await engine.checkpoint()
            try expectEqual(try await engine.read { try $0.user(vault.here.user.id) }, vault.here.user)
        },
        StoragePromise("a closed store takes no call") { engine in
            try await engine.close()
            for call in [
                { try await engine.write { _ = try $0.keyRings() } },
                { _ = try await engine.read { try $0.keyRings() } }, { try await engine.checkpoint() },
            ] as [() async throws -> Void] {
                do {
                    try await call()
                    try expect(false)
                } catch StorageFailure.unavailable {}
            }
        },
    ]
}

private enum OwnError: Error {
    case thrown
    case timedOut
}

/// Waits on a thread of its own, so that the cooperative pool is not blocked.
private func until(_ semaphore: DispatchSemaphore) async throws {
    let result = await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(returning: semaphore.wait(timeout: .now() + 10)) }
    }
    guard result == .success else { throw OwnError.timedOut }
}

// SPDX-License-Identifier: Apache-2.0

import GRDB
import StorageConformance
import Synchronization
import TestSupport
import Testing
import VaultModel

@testable import Storage

/// Searches go by names in memory; nobody may tell from an answer.
struct EntryNameTests {
    /// A vault whose names are known to the test too.
    private final class Scene {
        let directory: TemporaryDirectory
        let engine: SQLiteEngine
        let vault: SampleVault
        var random = RandomNumbers(seed: 7)
        var live: [EntryRow] = []

        init() async throws {
            directory = try TemporaryDirectory()
            engine = try await SQLiteEngine.open(at: directory.path)
            vault = try await SampleVault.make(in: engine)
        }

        /// Names of few letters, so that short needles hit many and long ones few.
        func randomName() -> String {
            let letters = Array("abAB_1k")
            let length = Int.random(in: 1...14, using: &random)
            let name = String((0..<length).map { _ in letters.randomElement(using: &random) ?? "a" })
            return "\(name.first?.isNumber == true ? "_" : "")\(name)"
        }

        func add(_ count: Int) async throws {
            var rows: [EntryRow] = []
            var names = Set(live.map(\.name.text))
            while rows.count < count {
                let name = randomName()
                guard names.insert(name).inserted else { continue }
                var row = try vault.here.entry(
                    name,
                    kind: [.secret, .variable].randomElement(using: &random) ?? .secret,
                    at: .day(Int64.random(in: 3...5, using: &random))
                )
                row.expiresAt = Bool.random(using: &random) ? .day(9) : nil
                rows.append(row)
            }
            let made = rows
            try await engine.write { connection in for row in made { try connection.insertEntry(row) } }
            live = (live + rows).sorted { $0.id < $1.id }
        }

        /// Renames, deletes or turns into the other kind.
        func change() async throws {
            let index = Int.random(in: live.indices, using: &random)
            var row = live[index]
            switch Int.random(in: 0..<3, using: &random) {
            case 0:
                var name = randomName()
                while live.contains(where: { $0.name.text == name }) { name = randomName() }
                row.name = try EnvironmentName(name)
            case 1: row.deletedAt = .day(6)
            default: row.kind = row.kind == .secret ? .variable : .secret
            }
            let changed = row
            try await engine.write { try $0.updateEntry(changed) }
            if row.deletedAt == nil { live[index] = row } else { live.remove(at: index) }
        }

        /// What the rows themselves say, without any search.
        func scan(_ needle: String, kind: EntryKind?, after: EntryID?, expiring: Bool, limit: Int) -> [EntryRow] {
            let folded = needle.lowercased()
            let found = live.filter { row in
                (folded.isEmpty || row.name.text.lowercased().contains(folded)) && (kind == nil || row.kind == kind)
                    && after.map { row.id > $0 } != false && (!expiring || row.expiresAt != nil)
            }
            return Array(found.prefix(limit))
        }

        func search(
            _ needle: String,
            kind: EntryKind?,
            after: EntryID?,
            expiring: Bool,
            limit: Int
        ) async throws -> [EntryRow] {
            let workspace = vault.here.id
            return try await engine.read { connection in
                try connection.liveEntries(
                    in: workspace,
                    after: after,
                    limit: limit,
                    matching: needle,
                    kind: kind,
                    expiringBefore: expiring ? .day(10) : nil
                )
            }
        }
    }

    @Test func aSearchOverRandomNamesAnswersAsAScanOfThemWould() async throws {
        let scene = try await Scene()
        try await scene.add(1_500)
        var needles = ["", "a", "_", "%", "1", "zz", "AB", "k", "\u{212A}", "a\u{0}b", "ä", "b\n", "aB1", "__a"]
        needles += (0..<60).map { _ in String(scene.randomName().prefix(6)) }
        for needle in needles where !needle.contains("\u{0}") {
            for kind in [nil, .secret, EntryKind.variable] {
                let after = Bool.random(using: &scene.random) ? scene.live.randomElement(using: &scene.random)?.id : nil
                let expiring = Bool.random(using: &scene.random)
                let limit = [1, 7, 101, 2_000].randomElement(using: &scene.random) ?? 7
                let found = try await scene.search(needle, kind: kind, after: after, expiring: expiring, limit: limit)
                let expected = scene.scan(needle, kind: kind, after: after, expiring: expiring, limit: limit)
                #expect(found == expected, "\(needle) \(String(describing: kind))")
            }
            try await scene.change()
            if Int.random(in: 0..<8, using: &scene.random) == 0 { try await scene.add(40) }
        }
    }

    @Test func namesOfSeveralBlocksStayInOrderThroughEveryChange() throws {
        var random = RandomNumbers(seed: 3)
        var names = EntryNames()
        var expected: [EntryID: EntryName] = [:]
        let ids = (0..<3_000).map { EntryID(at: .day(Int64($0 % 28))) }
        for _ in 0..<9_000 {
            guard let id = ids.randomElement(using: &random) else { continue }
            if Int.random(in: 0..<3, using: &random) == 0 {
                names.remove(id)
                expected[id] = nil
            } else {
                let name = EntryName(id: id, kind: .secret, folded: "n\(Int.random(in: 0..<50, using: &random))x")
                names.set(name)
                expected[id] = name
            }
        }
        let sorted = expected.values.sorted { $0.id < $1.id }
        let all = try #require(EntryNames.needle("N"))
        #expect(names.ids(containing: all, kind: nil, after: nil, limit: 9_999) == sorted.map(\.id))
        #expect(names.size == sorted.reduce(0) { $0 + $1.folded.utf8.count + 42 })
        for (number, start) in [(7, 0), (12, 1_000), (49, 1_900)] {
            let needle = try #require(EntryNames.needle("n\(number)X"))
            let rest = sorted[(start + 1)...].filter { $0.folded == "n\(number)x" }.map(\.id)
            #expect(names.ids(containing: needle, kind: nil, after: sorted[start].id, limit: 9_999) == rest)
        }
        for id in ids { names.remove(id) }
        #expect(names.size == 0)
        #expect(names.ids(containing: all, kind: nil, after: nil, limit: 1) == [])
    }

    @Test func whatAWriteThatWasUndoneHadChangedIsFoundAsItWas() async throws {
        let scene = try await Scene()
        try await scene.add(20)
        var renamed = try #require(scene.live.first)
        let before = renamed
        renamed.name = try EnvironmentName("COMPLETELY_DIFFERENT")
        let (row, workspace) = (renamed, scene.vault.here.id)
        #expect(try await scene.search("different", kind: nil, after: nil, expiring: false, limit: 9) == [])
        await #expect(throws: StorageFailure.busy) {
            try await scene.engine.write { connection in
                try connection.updateEntry(row)
                // A search inside the transaction sees what the transaction has done.
                #expect(try connection.liveEntries(in: workspace, limit: 9, matching: "different") == [row])
                throw StorageFailure.busy
            }
        }
        #expect(try await scene.search("different", kind: nil, after: nil, expiring: false, limit: 9) == [])
        let found = try await scene.search(before.name.text, kind: nil, after: nil, expiring: false, limit: 99)
        #expect(found.contains(before))
        // The next write has the revision that the one that was undone would have had.
        try await scene.add(1)
        let added = try #require(scene.live.first { !found.contains($0) && $0.id != before.id })
        #expect(
            try await scene.search(added.name.text, kind: nil, after: nil, expiring: false, limit: 99)
                == scene.scan(added.name.text, kind: nil, after: nil, expiring: false, limit: 99)
        )
    }

    @Test func searchesDuringWritesSeeEveryEntryThatWasThereBefore() async throws {
        let scene = try await Scene()
        let (engine, here) = (scene.engine, scene.vault.here)
        let count = 300
        try await withThrowingTaskGroup(of: Void.self) { group in
            let written = Progress()
            group.addTask {
                for number in 0..<count {
                    let row = try here.entry("ROUND_\(number)_END")
                    try await engine.write { try $0.insertEntry(row) }
                    written.reach(number + 1)
                }
            }
            for _ in 0..<3 {
                group.addTask {
                    while written.count < count {
                        let least = written.count
                        let found = try await engine.read {
                            try $0.liveEntries(in: here.id, limit: 999, matching: "round_")
                        }
                        #expect(found.count >= least)
                        #expect(found.map(\.name.text) == (0..<found.count).map { "ROUND_\($0)_END" })
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func whatAnotherProgramRenamedIsNotInventedAndIsFoundAfterTheNextChange() async throws {
        let scene = try await Scene()
        try await scene.add(5)
        let victim = try #require(scene.live.first)
        _ = try await scene.search("x", kind: nil, after: nil, expiring: false, limit: 9)
        let database = try DatabaseQueue(path: scene.directory.appending("attache.db"))
        try await database.write {
            try $0.execute(sql: "UPDATE entries SET name = 'XFILE' WHERE id = ?", arguments: [victim.id.text])
        }
        try database.close()
        let old = try await scene.search(victim.name.text, kind: nil, after: nil, expiring: false, limit: 99)
        #expect(!old.contains { $0.id == victim.id })
        try await scene.add(1)
        let new = try await scene.search("xfile", kind: nil, after: nil, expiring: false, limit: 9)
        #expect(new.map(\.id) == [victim.id])
    }

    @Test func whatWasForgottenOrLeftOutIsReadAnew() {
        var changes = EntryChanges()
        let ids = (0..<5).map { EntryID(at: .day($0)) }
        #expect(changes.ids(after: 0, through: 1) == nil)
        changes.note([], at: 8)
        changes.note([ids[0]], at: 8)
        changes.note([ids[1], ids[2]], at: 9)
        #expect(changes.ids(after: 7, through: 9) == [ids[0], ids[1], ids[2]])
        #expect(changes.ids(after: 8, through: 9) == [ids[1], ids[2]])
        #expect(changes.ids(after: 6, through: 9) == nil)
        #expect(changes.ids(after: 8, through: 10) == nil)
        // Undone, and done by somebody else.
        changes.note([ids[3]], at: 9)
        #expect(changes.ids(after: 8, through: 9) == [ids[1], ids[2], ids[3]])
        // Revision 10 raised elsewhere.
        changes.note([ids[4]], at: 11)
        #expect(changes.ids(after: 8, through: 11) == nil)
        #expect(changes.ids(after: 10, through: 11) == [ids[4]])
        for revision in 12..<Int64(EntryChanges.most.revisions + 20) { changes.note([], at: revision) }
        #expect(changes.ids(after: 10, through: 11) == nil)
        let last = Int64(EntryChanges.most.revisions + 19)
        #expect(changes.ids(after: last - 100, through: last) == [])
        changes.note(Array(repeating: ids[0], count: EntryChanges.most.ids + 1), at: last + 1)
        #expect(changes.ids(after: last, through: last + 1) == nil)
    }
}

/// How far the writer has come.
private final class Progress: Sendable {
    private let reached = Mutex(0)

    var count: Int { reached.withLock { $0 } }

    func reach(_ count: Int) { reached.withLock { $0 = count } }
}

/// The same numbers in every run (SplitMix64).
private struct RandomNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

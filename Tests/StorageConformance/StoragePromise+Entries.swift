// SPDX-License-Identifier: Apache-2.0

internal import Storage
internal import VaultModel

extension StoragePromise {
    static let entries = [
        StoragePromise("an entry comes back with every column, and so does every change") { engine in
            let vault = try await SampleVault.make(in: engine)
            var entry = try vault.here.entry("API_KEY", kind: .secret, provider: "anthropic")
            entry.expiresAt = .day(9)
            let made = entry
            try await engine.write { try $0.insertEntry(made) }
            try expectEqual(try await engine.read { try $0.entry(made.id, in: vault.here.id) }, made)

            entry.name = try EnvironmentName("OTHER_KEY")
            entry.kind = .variable
            entry.provider = nil
            entry.note = ""
            entry.version = 2
            entry.updatedAt = .day(7)
            entry.expiresAt = nil
            entry.deletedAt = .day(8)
            entry.rowCode = [0]
            entry.ownerID = vault.elsewhere.user.id
            let changed = entry
            try await engine.write { try $0.updateEntry(changed) }
            try expectEqual(try await engine.read { try $0.entry(made.id, in: vault.here.id) }, changed)
        },
        StoragePromise("a live name is unique in its workspace, and free again after a delete") { engine in
            let vault = try await SampleVault.make(in: engine)
            var entry = try vault.here.entry("API_KEY")
            let first = entry
            let second = try vault.here.entry("API_KEY")
            let foreign = try vault.elsewhere.entry("API_KEY")
            let otherCase = try vault.here.entry("api_key")
            try await engine.write { connection in
                try connection.insertEntry(first)
                try connection.insertEntry(foreign)
                try connection.insertEntry(otherCase)
            }
            try await expectConstraint(on: engine) { try $0.insertEntry(second) }
            entry.deletedAt = .day(5)
            let deleted = entry
            try await engine.write { connection in
                try connection.updateEntry(deleted)
                try connection.insertEntry(second)
            }
            try await engine.read { connection in
                try expectEqual(try connection.liveEntry(named: second.name, in: vault.here.id), second)
                try expectEqual(try connection.liveEntryCount(in: vault.here.id), 2)
                try expectEqual(try connection.entry(first.id, in: vault.here.id), deleted)
            }
            // Bringing the deleted one back would make two.
            try await expectConstraint(on: engine) { try $0.updateEntry(first) }
        },
        StoragePromise("no statement on entries reaches into another workspace") { engine in
            let vault = try await SampleVault.make(in: engine)
            let entry = try vault.here.entry("API_KEY")
            let value = vault.here.value(of: entry)
            try await engine.write { connection in
                try connection.insertEntry(entry)
                try connection.insertEntryValue(value)
            }
            try await engine.write { connection in
                let other = vault.elsewhere.id
                try expectEqual(try connection.entry(entry.id, in: other), nil)
                try expectEqual(try connection.liveEntry(named: entry.name, in: other), nil)
                try expectEqual(try connection.liveEntries(in: other, limit: 10), [])
                try expectEqual(try connection.liveEntryCount(in: other), 0)
                try expectEqual(try connection.entryValue(of: entry.id, version: 1, in: other), nil)
                try expectEqual(try connection.entryValues(of: entry, limit: 10, in: other), [])
                try connection.destroyEntryValue(of: entry.id, version: 1, at: .day(9), in: other)
                var moved = entry
                moved.workspaceID = other
                moved.note = "changed"
                try connection.updateEntry(moved)
                try expectEqual(try connection.entry(entry.id, in: vault.here.id), entry)
                try expectEqual(try connection.entryValue(of: entry.id, version: 1, in: vault.here.id), value)
            }
            var stray = vault.elsewhere.value(of: entry, version: 2)
            stray.workspaceID = vault.elsewhere.id
            let strayValue = stray
            try await expectConstraint(on: engine) { try $0.insertEntryValue(strayValue) }
        },
        StoragePromise("pages of entries follow each other without a gap or a repetition") { engine in
            let vault = try await SampleVault.make(in: engine)
            let rows = try (1...25).map { try vault.here.entry("NAME_\($0)", at: .day(Int64($0))) }
            try await engine.write { connection in for row in rows.shuffled() { try connection.insertEntry(row) } }
            try await engine.read { connection in
                var found: [EntryRow] = []
                var sizes: [Int] = []
                repeat {
                    let page = try connection.liveEntries(in: vault.here.id, after: found.last?.id, limit: 10)
                    found += page
                    sizes.append(page.count)
                } while sizes.last == 10
                try expectEqual(found, rows)
                try expectEqual(sizes, [10, 10, 5])
            }
        },
        StoragePromise("a search finds a part of a name in any case, and takes no sign for a wildcard") { engine in
            let vault = try await SampleVault.make(in: engine)
            let rows = try [
                vault.here.entry("OPENAI_API_KEY", at: .day(3)),
                vault.here.entry("openaiXapi", kind: .variable, at: .day(4)),
                vault.here.entry("REGION", kind: .variable, at: .day(5)),
            ]
            try await engine.write { connection in for row in rows { try connection.insertEntry(row) } }
            try await engine.read { connection in
                func names(_ matching: String?, _ kind: EntryKind? = nil) throws -> [String] {
                    try connection.liveEntries(in: vault.here.id, limit: 10, matching: matching, kind: kind)
                        .map(\.name.text)
                }
                try expectEqual(try names("openai"), ["OPENAI_API_KEY", "openaiXapi"])
                try expectEqual(try names("Openai_Api"), ["OPENAI_API_KEY"])
                try expectEqual(try names("openai", .variable), ["openaiXapi"])
                try expectEqual(try names(nil, .variable), ["openaiXapi", "REGION"])
                try expectEqual(try names(""), ["OPENAI_API_KEY", "openaiXapi", "REGION"])
                for sign in ["%", "!", "!_", "\\", "'", "ä"] { try expectEqual(try names(sign), []) }
            }
        },
        StoragePromise("a destroyed value keeps its place in the history and nothing else") { engine in
            let vault = try await SampleVault.make(in: engine)
            var changing = try vault.here.entry("API_KEY")
            changing.version = 2
            let entry = changing
            var first = vault.here.value(of: entry, version: 1)
            var second = vault.here.value(of: entry, version: 2, sealed: nil)
            // An empty value is a value.
            second.readable = []
            let made = [first, second]
            try await engine.write { connection in
                try connection.insertEntry(entry)
                for value in made { try connection.insertEntryValue(value) }
                try expectEqual(try connection.entryValues(of: entry, limit: 10, in: vault.here.id), made.reversed())
                try connection.destroyEntryValue(of: entry.id, version: 1, at: .day(6), in: vault.here.id)
            }
            first.sealed = nil
            first.destroyedAt = .day(6)
            let left = [first, second]
            try await engine.read { connection in
                let values = try connection.entryValues(of: entry, limit: 2, in: vault.here.id)
                try expectEqual(values, left.reversed())
                try expectEqual(try connection.entryValues(of: entry, limit: 1, in: vault.here.id), [left[1]])
                for before: Int64 in [2, 1, 0, .min] {
                    let older = try connection.entryValues(of: entry, before: before, limit: 2, in: vault.here.id)
                    try expectEqual(older, before == 2 ? [left[0]] : [])
                }
                try expectEqual(try connection.entryValue(of: entry.id, version: 1, in: vault.here.id), left[0])
            }
        },
        StoragePromise("a version is written once, and never both sealed and readable") { engine in
            let vault = try await SampleVault.make(in: engine)
            let entry = try vault.here.entry("API_KEY")
            let value = vault.here.value(of: entry)
            try await engine.write { connection in
                try connection.insertEntry(entry)
                try connection.insertEntryValue(value)
            }
            try await expectConstraint(on: engine) { try $0.insertEntryValue(value) }
            var both = vault.here.value(of: entry, version: 2)
            both.readable = [1]
            let sealedAndReadable = both
            try await expectConstraint(on: engine) { try $0.insertEntryValue(sealedAndReadable) }
        },
    ]
}

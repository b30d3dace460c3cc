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
                try expectEqual(try connection.entryVersions(of: entry.id, limit: 10, in: other), [])
                var strange = value
                strange.workspaceID = other
                try expectEqual(try connection.replaceEntryValue(with: strange, evenReadable: true), false)
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
        StoragePromise("a value that was replaced or destroyed keeps its place in the history and nothing else") {
            engine in
            let vault = try await SampleVault.make(in: engine)
            let entry = try vault.here.entry("API_KEY")
            let other = try vault.here.entry("OTHER_KEY")
            var values = (1...4).map { vault.here.value(of: entry, version: $0) }
            // An empty value is a value.
            (values[3].sealed, values[3].readable) = (nil, [])
            for index in values.indices { values[index].createdAt = .day(Int64(index) + 3) }
            let made = values
            let here = vault.here.id
            try await engine.write { connection in
                for entry in [entry, other] { try connection.insertEntry(entry) }
                let empty = try connection.replaceEntryValue(with: made[0], evenReadable: true)
                try expectEqual(empty, false)
                try connection.insertEntryValue(made[0])
                try connection.insertEntryValue(vault.here.value(of: other))
                for value in made.dropFirst() {
                    try expectEqual(try connection.replaceEntryValue(with: value, evenReadable: false), true)
                    let next = vault.here.value(of: other, version: value.version)
                    try expectEqual(try connection.replaceEntryValue(with: next, evenReadable: true), true)
                }
                let fifth = vault.here.value(of: entry, version: 5)
                try expectEqual(try connection.replaceEntryValue(with: fifth, evenReadable: false), false)
                try expectEqual(try connection.entryValue(of: entry.id, version: 4, in: here), made[3])
                try connection.destroyEntryValue(of: entry.id, version: 4, at: .day(9), in: here)
            }
            try await engine.read { connection in
                func versions(before: Int64? = nil, limit: Int = 10) throws -> [EntryVersionRow] {
                    try connection.entryVersions(of: entry.id, before: before, limit: limit, in: here)
                }
                var last = made[3]
                (last.readable, last.destroyedAt) = (nil, .day(9))
                try expectEqual(try connection.entryValue(of: entry.id, version: 4, in: here), last)
                try expectEqual(try connection.entryValue(of: entry.id, version: 3, in: here), nil)
                try expectEqual(try versions().map(\.version), [4, 3, 2, 1])
                try expectEqual(try versions().map(\.createdAt), [.day(6), .day(5), .day(4), .day(3)])
                try expectEqual(try versions().map(\.destroyedAt), [.day(9), .day(6), .day(5), .day(4)])
                try expectEqual(Set(try versions().map(\.createdBy)), [vault.here.user.id])
                try expectEqual(try versions(before: 4, limit: 2).map(\.version), [3, 2])
                for before: Int64 in [1, 0, .min] { try expectEqual(try versions(before: before), []) }
                try expectEqual(try versions(limit: 0), [])
                let elsewhere = try connection.entryVersions(of: entry.id, limit: 10, in: vault.elsewhere.id)
                try expectEqual(elsewhere, [])
                let others = try connection.entryVersions(of: other.id, limit: 10, in: here)
                try expectEqual(others.map(\.version), [4, 3, 2, 1])
            }
        },
        StoragePromise("a history that leads in a circle ends") { engine in
            let vault = try await SampleVault.make(in: engine)
            let entry = try vault.here.entry("API_KEY")
            try await engine.write { connection in
                try connection.insertEntry(entry)
                try connection.insertEntryValue(vault.here.value(of: entry))
                for version: Int64 in 2...3 {
                    let value = vault.here.value(of: entry, version: version)
                    _ = try connection.replaceEntryValue(with: value, evenReadable: false)
                }
                try connection.execute("UPDATE entry_history SET previous = (SELECT max(place) FROM entry_history)", [])
            }
            let versions = try await engine.read {
                try $0.entryVersions(of: entry.id, before: 1, limit: 10, in: vault.here.id)
            }
            try expectEqual(versions, [])
        },
        StoragePromise("a value is written once, and never both sealed and readable") { engine in
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
            try await expectConstraint(on: engine) {
                _ = try $0.replaceEntryValue(with: sealedAndReadable, evenReadable: true)
            }
        },
    ]
}

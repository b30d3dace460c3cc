// SPDX-License-Identifier: Apache-2.0

internal import Storage
internal import VaultModel

extension StoragePromise {
    static let credentials = [
        StoragePromise("a credential comes back with every column, and so does every change") { engine in
            let vault = try await SampleVault.make(in: engine)
            let entry = try vault.here.entry("API_KEY", kind: .credential, provider: "fal")
            var credential = vault.here.credential(of: entry)
            credential.header = "authorization"
            credential.prefix = "Key "
            let made = credential
            try await engine.write { connection in
                try connection.insertEntry(entry)
                try connection.insertCredential(made)
            }
            let found = try await engine.read { try $0.credential(entry.id, in: vault.here.id) }
            try expectEqual(found?.credential, made)
            try expectEqual(found?.entry, entry)

            credential.name = "Other"
            credential.foldedName = "other"
            credential.scheme = .queryParameter
            credential.header = nil
            credential.prefix = nil
            credential.parameter = "key"
            credential.hosts = ""
            credential.rotationPriority = 7
            credential.response = .statusOnly
            credential.deletedAt = .day(8)
            credential.rowCode = [0]
            let changed = credential
            try await engine.write { try $0.updateCredential(changed) }
            try expectEqual(
                try await engine.read { try $0.credential(entry.id, in: vault.here.id) }?.credential,
                changed
            )
        },
        StoragePromise("a credential's name is unique while it lives, its variable is not") { engine in
            let vault = try await SampleVault.make(in: engine)
            let entries = try (0..<3).map { _ in try vault.here.entry("API_KEY", kind: .credential) }
            let secret = try vault.here.entry("API_KEY")
            let first = vault.here.credential(of: entries[0])
            let second = vault.here.credential(of: entries[1], "Second")
            let third = vault.here.credential(of: entries[2])
            try await engine.write { connection in
                for entry in entries + [secret] { try connection.insertEntry(entry) }
                try connection.insertCredential(first)
                try connection.insertCredential(second)
            }
            try await expectConstraint(on: engine) { try $0.insertCredential(third) }
            try await engine.read { connection in
                try expectEqual(
                    try connection.credentials(in: vault.here.id, limit: 9).map(\.credential),
                    [first, second]
                )
                let page = try connection.credentials(in: vault.here.id, after: first.entryID, limit: 9)
                try expectEqual(page.map(\.credential), [second])
                let matching = try connection.credentials(in: vault.here.id, limit: 9, matching: "SEC")
                try expectEqual(matching.map(\.credential), [second])
                try expectEqual(try connection.liveCredentialCount(in: vault.here.id), 2)
                // What is a name and a value stays apart.
                try expectEqual(try connection.liveEntries(in: vault.here.id, limit: 9), [secret])
                try expectEqual(try connection.liveEntry(named: secret.name, in: vault.here.id), secret)
                try expectEqual(try connection.liveEntryCount(in: vault.here.id), 1)
            }
            var deleted = first
            deleted.deletedAt = .day(8)
            let gone = deleted
            try await engine.write { connection in
                try connection.updateCredential(gone)
                try connection.insertCredential(third)
            }
            let found = try await engine.read { try $0.liveCredential(foldedName: "sample", in: vault.here.id) }
            try expectEqual(found?.credential, third)
            try await engine.read { connection in
                let past = try connection.credentials(in: vault.here.id, areDeleted: true, limit: 9)
                try expectEqual(past.map(\.credential), [gone])
                let live = try connection.credentials(in: vault.here.id, limit: 9)
                try expectEqual(live.map(\.credential), [second, third])
                try expectEqual(try connection.credentials(in: vault.elsewhere.id, areDeleted: true, limit: 9), [])
            }
        },
        StoragePromise(
            "the credentials of a provider come by priority, then by age, those of others and deleted ones not"
        ) {
            engine in
            let vault = try await SampleVault.make(in: engine)
            let priorities: [Int64] = [1, 0, 1, 0, 0]
            let entries = try priorities.indices.map { index in
                try vault.here.entry("API_KEY", kind: .credential, provider: index == 4 ? "fal" : "openai")
            }
            var rows: [CredentialRow] = []
            for (index, entry) in entries.enumerated() {
                var row = vault.here.credential(of: entry, "key \(index)")
                row.rotationPriority = priorities[index]
                row.deletedAt = index == 3 ? .day(8) : nil
                rows.append(row)
            }
            let made = rows
            try await engine.write { connection in
                for entry in entries { try connection.insertEntry(entry) }
                for row in made { try connection.insertCredential(row) }
            }
            guard let provider = ProviderID("openai") else { return }
            try await engine.read { connection in
                let found = try connection.liveCredentials(of: provider, in: vault.here.id).map(\.credential.name)
                try expectEqual(found, ["key 1", "key 0", "key 2"])
                try expectEqual(try connection.liveCredentials(of: provider, in: vault.elsewhere.id), [])
            }
        },
        StoragePromise("no statement on credentials reaches into another workspace") { engine in
            let vault = try await SampleVault.make(in: engine)
            let entry = try vault.here.entry("API_KEY", kind: .credential)
            let credential = vault.here.credential(of: entry)
            try await engine.write { connection in
                try connection.insertEntry(entry)
                try connection.insertCredential(credential)
            }
            var foreign = credential
            foreign.workspaceID = vault.elsewhere.id
            foreign.hosts = "evil.test"
            let changed = foreign
            try await engine.write { try $0.updateCredential(changed) }
            try await engine.read { connection in
                try expectEqual(try connection.credential(entry.id, in: vault.elsewhere.id), nil)
                try expectEqual(try connection.liveCredential(foldedName: "sample", in: vault.elsewhere.id), nil)
                try expectEqual(try connection.credentials(in: vault.elsewhere.id, limit: 9), [])
                try expectEqual(try connection.liveCredentialCount(in: vault.elsewhere.id), 0)
                try expectEqual(try connection.credential(entry.id, in: vault.here.id)?.credential, credential)
            }
        },
    ]
}

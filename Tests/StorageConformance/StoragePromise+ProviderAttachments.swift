// SPDX-License-Identifier: Apache-2.0

internal import Storage
internal import VaultModel

extension StoragePromise {
    static let providerAttachments = [
        StoragePromise("a provider is attached to an agent once, comes back with every column, and goes") { engine in
            let vault = try await SampleVault.make(in: engine)
            guard let row = vault.here.providerAttachment("openai"), let other = vault.here.providerAttachment("fal"),
                let again = vault.here.providerAttachment("openai")
            else { return }
            try await engine.write { connection in
                try connection.insertProviderAttachment(row)
                try connection.insertProviderAttachment(other)
            }
            try await expectConstraint(on: engine) { try $0.insertProviderAttachment(again) }
            let agent = vault.here.agent.id
            try await engine.read { connection in
                try expectEqual(try connection.providerAttachments(of: agent, in: vault.here.id), [other, row])
                try expectEqual(
                    try connection.providerAttachment(of: row.provider, on: agent, in: vault.here.id),
                    row
                )
                let given = try connection.attachedVersions(of: agent, in: vault.here.id)
                try expectEqual(given.map(\.name), ["fal", "openai"])
                try expectEqual(given.map(\.entry.text), [other.id.text, row.id.text])
            }
            try await engine.write { try $0.deleteProviderAttachment(row.id, in: vault.here.id) }
            try expectEqual(
                try await engine.read { try $0.providerAttachments(of: agent, in: vault.here.id) },
                [other]
            )
        },
        StoragePromise("no statement on attached providers reaches into another workspace") { engine in
            let vault = try await SampleVault.make(in: engine)
            guard let row = vault.here.providerAttachment("openai") else { return }
            try await engine.write { connection in
                try connection.insertProviderAttachment(row)
                try connection.deleteProviderAttachment(row.id, in: vault.elsewhere.id)
            }
            let agent = vault.here.agent.id
            try await engine.read { connection in
                try expectEqual(try connection.providerAttachments(of: agent, in: vault.elsewhere.id), [])
                try expectEqual(
                    try connection.providerAttachment(of: row.provider, on: agent, in: vault.elsewhere.id),
                    nil
                )
                try expectEqual(try connection.providerAttachments(of: agent, in: vault.here.id), [row])
            }
        },
    ]
}

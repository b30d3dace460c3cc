// SPDX-License-Identifier: Apache-2.0

internal import Storage
internal import VaultModel

extension StoragePromise {
    static let attachments = [
        StoragePromise("an attachment is found from its agent, its entry and both") { engine in
            let vault = try await SampleVault.make(in: engine)
            let entry = try vault.here.entry("API_KEY", provider: "anthropic")
            let attachment = vault.here.attachment(of: entry)
            try await engine.write { connection in
                try connection.insertEntry(entry)
                try connection.insertAttachment(attachment)
            }
            try await engine.write { connection in
                let agent = vault.here.agent.id
                let workspace = vault.here.id
                try expectEqual(try connection.attachments(of: agent, in: workspace), [attachment])
                try expectEqual(try connection.attachments(of: entry.id, in: workspace), [attachment])
                try expectEqual(try connection.attachment(of: entry.id, on: agent, in: workspace), attachment)
                try expectEqual(try connection.attachmentCount(in: workspace), 1)
                try expectEqual(try connection.attachmentCounts(in: workspace), [entry.id: 1])
                try expectEqual(try connection.attachedAgents(in: workspace), [entry.id: [agent]])
                try connection.deleteAttachment(attachment.id, in: workspace)
                try expectEqual(try connection.attachmentCount(in: workspace), 0)
                try expectEqual(try connection.attachedAgents(in: workspace), [:])
            }
        },
        StoragePromise("an agent holds an entry once, and one entry of a provider") { engine in
            let vault = try await SampleVault.make(in: engine)
            let first = try vault.here.entry("FIRST_KEY", provider: "anthropic")
            let second = try vault.here.entry("SECOND_KEY", provider: "anthropic")
            let plain = try vault.here.entry("PLAIN")
            let other = try vault.here.entry("OTHER")
            let secondAgent = vault.here.agent("Second")
            try await engine.write { connection in
                for entry in [first, second, plain, other] { try connection.insertEntry(entry) }
                try connection.insertAgent(secondAgent)
                // Entries without a provider do not stand in each other's way.
                for entry in [first, plain, other] { try connection.insertAttachment(vault.here.attachment(of: entry)) }
                try connection.insertAttachment(vault.here.attachment(of: second, to: secondAgent))
                try connection.insertAttachment(vault.here.attachment(of: plain, to: secondAgent))
                try expectEqual(try connection.attachmentCounts(in: vault.here.id)[plain.id], 2)
            }
            try await expectConstraint(on: engine) { try $0.insertAttachment(vault.here.attachment(of: plain)) }
            try await expectConstraint(on: engine) { try $0.insertAttachment(vault.here.attachment(of: second)) }
        },
        StoragePromise("nothing attaches across workspaces, and no statement reaches across") { engine in
            let vault = try await SampleVault.make(in: engine)
            let entry = try vault.here.entry("API_KEY")
            let foreign = try vault.elsewhere.entry("API_KEY")
            let attachment = vault.here.attachment(of: entry)
            try await engine.write { connection in
                try connection.insertEntry(entry)
                try connection.insertEntry(foreign)
                try connection.insertAttachment(attachment)
            }
            try await engine.write { connection in
                let other = vault.elsewhere.id
                let agent = vault.here.agent.id
                try expectEqual(try connection.attachments(of: agent, in: other), [])
                try expectEqual(try connection.attachments(of: entry.id, in: other), [])
                try expectEqual(try connection.attachment(of: entry.id, on: agent, in: other), nil)
                try expectEqual(try connection.attachmentCount(in: other), 0)
                try expectEqual(try connection.attachmentCounts(in: other), [:])
                try expectEqual(try connection.attachedAgents(in: other), [:])
                try expectEqual(try connection.attachedEntries(of: agent, in: other), [])
                try connection.deleteAttachment(attachment.id, in: other)
                try expectEqual(try connection.attachmentCount(in: vault.here.id), 1)
            }
            try await expectConstraint(on: engine) { try $0.insertAttachment(vault.here.attachment(of: foreign)) }
            try await expectConstraint(on: engine) { connection in
                try connection.insertAttachment(vault.here.attachment(of: entry, to: vault.elsewhere.agent))
            }
        },
        StoragePromise("a start gets each attached entry with the value of its current version, by name") { engine in
            let vault = try await SampleVault.make(in: engine)
            var renewed = try vault.here.entry("B_KEY")
            renewed.version = 2
            let entries = [try vault.here.entry("C_KEY"), renewed, try vault.here.entry("A_KEY")]
            let unattached = try vault.here.entry("D_KEY")
            let values = entries.map { vault.here.value(of: $0, version: $0.version, sealed: Array($0.name.text.utf8)) }
            let attachments = entries.map { vault.here.attachment(of: $0) }
            try await engine.write { connection in
                for entry in entries + [unattached] { try connection.insertEntry(entry) }
                try connection.insertEntryValue(vault.here.value(of: entries[1], version: 1, sealed: [1]))
                for value in values where try !connection.replaceEntryValue(with: value, evenReadable: false) {
                    try connection.insertEntryValue(value)
                }
                for attachment in attachments { try connection.insertAttachment(attachment) }
            }
            let found = try await engine.read { try $0.attachedEntries(of: vault.here.agent.id, in: vault.here.id) }
            try expectEqual(
                found,
                [2, 1, 0].map { AttachedEntryRow(attachment: attachments[$0], entry: entries[$0], value: values[$0]) }
            )
        },
        StoragePromise("an attached entry whose value is missing is still listed") { engine in
            let vault = try await SampleVault.make(in: engine)
            let entry = try vault.here.entry("API_KEY")
            let attachment = vault.here.attachment(of: entry)
            try await engine.write { connection in
                try connection.insertEntry(entry)
                try connection.insertAttachment(attachment)
            }
            let found = try await engine.read { try $0.attachedEntries(of: vault.here.agent.id, in: vault.here.id) }
            try expectEqual(found, [AttachedEntryRow(attachment: attachment, entry: entry, value: nil)])
        },
    ]
}

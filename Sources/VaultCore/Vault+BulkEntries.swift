// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import AuditTrail
internal import Storage
package import VaultModel

extension Vault {
    /// Lists the versions of an entry, newest first: who wrote each and when, never a value.
    ///
    /// A deleted entry still shows its history by its id.
    package func versions(
        of reference: String,
        _ page: PageRequest,
        by caller: Caller
    ) async throws(VaultError) -> SecretVersionPage {
        let before = try page.sequenceCursor()
        return try await read(.entryList, by: caller) { act in
            var entry = try EntryID(reference).flatMap { try act.connection.entry($0, in: act.workspace)?.id }
            if entry == nil { entry = try act.liveEntry(reference).id }
            guard let entry else { throw VaultError.notFound(.entry) }
            let rows = try act.connection.entryVersions(
                of: entry,
                before: before,
                limit: page.limit + 1,
                in: act.workspace
            )
            var names: [UserID: String] = [:]
            let versions = try rows.prefix(page.limit).map { row in
                let name = try names[row.createdBy] ?? act.connection.user(row.createdBy)?.name ?? ""
                names[row.createdBy] = name
                return SecretVersionBody(
                    version: row.version,
                    createdAt: row.createdAt,
                    createdBy: NamedBody(id: row.createdBy.text, name: name),
                    destroyedAt: row.destroyedAt
                )
            }
            let next = rows.count > page.limit ? versions.last.map { String($0.version) } : nil
            return SecretVersionPage(versions: versions, nextCursor: next)
        }
    }

    /// Deletes, annotates, renames, attaches or detaches several entries, each checked as if it were alone: all of them,
    /// or none.
    ///
    /// What is in the way is told for every one of them. Entries that are renamed may take each other's names.
    package func bulk(
        _ body: BulkSecretsBody,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> BulkDoneBody {
        guard (1...500).contains(body.secretIds.count) else {
            throw .invalidField("secretIds", reason: "1 to 500 ids or names")
        }
        let change = UpdateSecretBody(provider: body.provider, note: body.note, expiresAt: body.expiresAt)
        let isEmpty = change.provider == nil && change.note == nil && change.expiresAt == nil
        switch body.action {
        case .attach, .detach:
            guard isEmpty else {
                throw .invalidField("action", reason: "\(body.action) takes agents, and no provider, note or time")
            }
        case .delete, .annotate, .rename:
            guard body.agents == nil else { throw .invalidField("agents", reason: "only with attach and detach") }
        }
        guard body.names == nil || body.action == .rename else {
            throw .invalidField("names", reason: "only with rename")
        }
        switch body.action {
        case .attach:
            return try await changeAttachments(body, as: .attach, by: caller, once: once) { act, rows, agent in
                _ = try act.attach(rows, to: agent)
            }
        case .detach:
            return try await changeAttachments(body, as: .detach, by: caller, once: once) { act, rows, agent in
                try act.detach(rows, from: agent)
            }
        case .delete:
            guard isEmpty else {
                throw .invalidField("action", reason: "what is deleted takes no provider, note or time")
            }
            let done: Deleted = try await write(.entryDelete, by: caller, once: once) { act in
                let rows = try act.distinctEntries(body.secretIds)
                try act.refuseAttached(rows)
                for row in rows { try act.destroyEntry(row) }
                return Done(
                    Deleted(
                        body: BulkDoneBody(secrets: rows.map { NamedBody(id: $0.id.text, name: $0.name.text) }),
                        wasReadable: rows.contains { $0.kind == .variable }
                    ),
                    events: rows.map { AuditEvent(action: .entryDelete, subjects: [$0.subject]) }
                )
            }
            if done.wasReadable { await eraseFromLog() }
            return done.body
        case .annotate:
            guard !isEmpty else {
                throw .invalidField("action", reason: "annotate takes at least one of provider, note and expiresAt")
            }
            return try await write(.entryUpdate, by: caller, once: once) { act in
                let rows = try act.distinctEntries(body.secretIds).map { try act.updateEntry($0, change).row }
                return Done(
                    BulkDoneBody(secrets: rows.map { NamedBody(id: $0.id.text, name: $0.name.text) }),
                    events: rows.map { AuditEvent(action: .entryUpdate, subjects: [$0.subject]) }
                )
            }
        case .rename:
            guard isEmpty else {
                throw .invalidField("action", reason: "what is renamed takes no provider, note or time")
            }
            return try await rename(body, by: caller, once: once)
        }
    }
}

extension Vault {
    private func rename(
        _ body: BulkSecretsBody,
        by caller: Caller,
        once: Once?
    ) async throws(VaultError) -> BulkDoneBody {
        guard let texts = body.names, texts.count == body.secretIds.count else {
            throw .invalidField("names", reason: "a new name for each of secretIds, in their order")
        }
        let names = try texts.map { text throws(VaultError) in try environmentName(text, field: "names") }
        return try await write(.entryUpdate, by: caller, once: once) { act in
            let rows = try act.distinctEntries(body.secretIds)
            let renamed = try EntryRenaming(zip(rows, names).map { ($0, $1) }, act: act).carryOut()
            return Done(
                BulkDoneBody(secrets: renamed.map { NamedBody(id: $0.id.text, name: $0.name.text) }),
                events: renamed.map { AuditEvent(action: .entryUpdate, subjects: [$0.subject]) }
            )
        }
    }

    /// Does `change` for each agent; what is in the way is told for all of them.
    private func changeAttachments(
        _ body: BulkSecretsBody,
        as action: Action,
        by caller: Caller,
        once: Once?,
        _ change: @escaping @Sendable (Act, [EntryRow], AgentRow) throws -> Void
    ) async throws(VaultError) -> BulkDoneBody {
        guard let references = body.agents, (1...100).contains(references.count) else {
            throw .invalidField("agents", reason: "1 to 100 ids or names")
        }
        return try await write(action, by: caller, once: once) { act in
            let rows = try act.distinctEntries(body.secretIds)
            let agents = try references.map { try act.liveAgent($0) }
            guard Set(agents.map(\.id)).count == agents.count else {
                throw VaultError.invalidField("agents", reason: "each agent is named once")
            }
            var conflicts: [ConflictBody] = []
            for agent in agents {
                do {
                    try change(act, rows, agent)
                } catch VaultError.conflicts(let found) {
                    conflicts += found.map {
                        ConflictBody(code: $0.code, name: $0.name, with: $0.with, agent: agent.name)
                    }
                }
            }
            guard conflicts.isEmpty else { throw VaultError.conflicts(conflicts) }
            return Done(
                BulkDoneBody(secrets: rows.map { NamedBody(id: $0.id.text, name: $0.name.text) }),
                events: agents.map { AuditEvent(action: action, subjects: [$0.subject] + rows.map(\.subject)) }
            )
        }
    }
}

private struct Deleted: Codable, Sendable {
    var body: BulkDoneBody
    var wasReadable: Bool
}

extension Act {
    /// The live entries that `references` name; one that is named twice is refused.
    fileprivate func distinctEntries(_ references: [String]) throws -> [EntryRow] {
        var seen: Set<EntryID> = []
        return try references.map { reference in
            let row = try liveEntry(reference)
            guard seen.insert(row.id).inserted else {
                throw VaultError.invalidField("secretIds", reason: "each entry is named once")
            }
            return row
        }
    }

    fileprivate func detach(_ rows: [EntryRow], from agent: AgentRow) throws {
        var conflicts: [ConflictBody] = []
        for row in rows {
            if let attachment = try connection.attachment(of: row.id, on: agent.id, in: workspace) {
                try connection.deleteAttachment(attachment.id, in: workspace)
            } else {
                conflicts.append(ConflictBody(code: .notFound, name: row.name.text))
            }
        }
        guard conflicts.isEmpty else { throw VaultError.conflicts(conflicts) }
    }

    fileprivate func refuseAttached(_ rows: [EntryRow]) throws {
        var conflicts: [ConflictBody] = []
        for row in rows {
            let holders = try agents(holding: connection.attachments(of: row.id, in: workspace))
            conflicts += holders.map { ConflictBody(code: .stillAttached, name: row.name.text, with: $0.name) }
        }
        guard conflicts.isEmpty else { throw VaultError.conflicts(conflicts) }
    }
}

// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import AccessRules
internal import Sealing
internal import Storage
package import VaultModel

extension Vault {
    /// Lists live entries, oldest first, with the values of variables and the masks of secrets.
    package func secrets(
        _ page: PageRequest,
        kind: EntryKind? = nil,
        expiringBefore: Timestamp? = nil,
        unusedSince: Timestamp? = nil,
        by caller: Caller
    ) async throws(VaultError) -> SecretPage {
        try await read(.entryList, by: caller) { act in
            let rows = try act.connection.liveEntries(
                in: act.workspace,
                after: try page.idCursor(),
                limit: page.limit + 1,
                matching: page.matching,
                kind: kind,
                expiringBefore: expiringBefore,
                unusedSince: unusedSince
            )
            let secrets = try act.bodies(of: rows.prefix(page.limit))
            return SecretPage(secrets: secrets, nextCursor: rows.count > page.limit ? secrets.last?.id : nil)
        }
    }

    /// Shows one entry; `reference` is its id or name.
    package func secret(_ reference: String, by caller: Caller) async throws(VaultError) -> SecretBody {
        try await read(.entryList, by: caller) { act in try act.body(of: act.liveEntry(reference)) }
    }

    /// Makes an entry at version 1.
    package func createSecret(
        _ new: CreateSecretBody,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> SecretBody {
        try await write(.entryCreate, by: caller, once: once) { act in
            let written = try act.insertEntry(new)
            return Done(
                try act.body(of: written),
                AuditEvent(action: .entryCreate, subjects: [written.row.subject])
            )
        }
    }

    /// Changes an entry; a new value makes the next version and destroys the one before.
    ///
    /// With `ifVersion`, refused unless the entry is at that version. Nothing reaches a running agent before its next
    /// start.
    package func updateSecret(
        _ reference: String,
        _ change: UpdateSecretBody,
        ifVersion: Int64? = nil,
        by caller: Caller
    ) async throws(VaultError) -> SecretBody {
        let updated: Updated = try await write(.entryUpdate, by: caller) { act in
            let old = try act.liveEntry(reference)
            if let ifVersion, old.version != ifVersion { throw VaultError.versionMismatch(current: old.version) }
            let written = try act.updateEntry(old, change)
            return Done(
                Updated(body: try act.body(of: written), erasedReadable: old.kind == .variable),
                AuditEvent(action: .entryUpdate, subjects: [written.row.subject])
            )
        }
        if updated.erasedReadable { await eraseFromLog() }
        return updated.body
    }

    /// Deletes an entry that no agent holds: the row stays for the audit trail, the value is destroyed.
    package func deleteSecret(_ reference: String, by caller: Caller) async throws(VaultError) {
        let wasReadable: Bool = try await write(.entryDelete, by: caller) { act in
            let row = try act.liveEntry(reference)
            let holders = try act.connection.attachments(of: row.id, in: act.workspace)
            guard holders.isEmpty else {
                throw VaultError.stillAttached(entry: row.name.text, agents: try act.agents(holding: holders))
            }
            try act.destroyEntry(row)
            return Done(
                row.kind == .variable,
                AuditEvent(action: .entryDelete, subjects: [row.subject])
            )
        }
        if wasReadable { await eraseFromLog() }
    }

    /// Removes erased plaintext of variables from the database's write-ahead log.
    ///
    /// The change itself is committed; when a reader holds the log, the next checkpoint does it.
    func eraseFromLog() async {
        try? await engine.checkpoint()
    }
}

private struct Updated: Codable, Sendable {
    var body: SecretBody
    var erasedReadable: Bool
}

/// An entry as it is now.
struct WrittenEntry {
    let row: EntryRow
    /// Its value, where that was written or read on the way.
    let value: EntryValueRow?
    /// Of a value that was just written.
    var preview: ValuePreview?
}

extension Act {
    /// Writes a new entry and its first value, after every check.
    func insertEntry(_ new: CreateSecretBody) throws -> WrittenEntry {
        guard new.kind != .credential else {
            throw VaultError.invalidField("kind", reason: "a credential is made at /api/v1/credentials")
        }
        let name = try environmentName(new.name, field: "name")
        try refuseDangerous(name)
        try check(new.value.secret, for: name)
        guard try connection.liveEntry(named: name, in: workspace) == nil else {
            throw VaultError.conflicts([ConflictBody(code: .duplicateName, name: name.text)])
        }
        let owner = try connection.ownerScope(of: member.user, in: workspace)
        try owner.refuseDestroyed()
        let id = EntryID(at: now)
        let stored = try StoredValue(
            new.value.secret.bytes,
            of: id,
            version: 1,
            kind: new.kind,
            owner: owner,
            act: self
        )
        let row = EntryRow(
            id: id,
            workspaceID: workspace,
            ownerID: member.user,
            name: name,
            kind: new.kind,
            provider: try providerID(new.provider),
            note: try note(new.note),
            version: 1,
            createdAt: now,
            updatedAt: now,
            expiresAt: try new.expiresAt.map { try future($0) },
            deletedAt: nil,
            rowCode: []
        ).sealed(with: ring, owner: owner, readable: stored.readable)
        try connection.insertEntry(row)
        try connection.insertEntryValue(stored.row)
        return WrittenEntry(row: row, value: stored.row, preview: stored.preview)
    }

    /// Applies `change` to `old`.
    func updateEntry(_ old: EntryRow, _ change: UpdateSecretBody) throws -> WrittenEntry {
        let owner = try connection.ownerScope(of: old.ownerID, in: workspace)
        // A new value takes the place of a variable's, whatever that is by now.
        let isReplaced = change.value != nil && old.kind == .variable
        var stored =
            change.value != nil ? nil : try connection.entryValue(of: old.id, version: old.version, in: workspace)
        var row = old
        if let text = change.name { row.name = try renamed(old, to: text) }
        if let kind = change.kind {
            guard AttachmentRules.kindMayChange(from: old.kind, to: kind) else {
                throw VaultError.kindIsFinal(name: old.name.text)
            }
            row.kind = kind
        }
        if change.provider != nil || change.cleared.contains(.provider) {
            row.provider = try providerID(change.provider)
            try refuseSecondProvider(of: row, insteadOf: old.provider)
        }
        if change.note != nil || change.cleared.contains(.note) { row.note = try note(change.note) }
        if let expiresAt = change.expiresAt {
            row.expiresAt = try future(expiresAt)
        } else if change.cleared.contains(.expiresAt) || change.value != nil && old.hasExpired(at: now) {
            // A new value has not expired because the old one had.
            row.expiresAt = nil
        }
        row.updatedAt = now
        var preview: ValuePreview?

        // Nothing may vouch for a row that something else has changed. A variable's value is part of what is checked,
        // so one that was damaged can still be written anew.
        if !isReplaced {
            try old.verifyForChange(with: ring, owner: owner, readable: stored?.readable)
        }
        if change.value != nil || row.kind != old.kind {
            // A changed kind stores the value anew, which needs the old one; a new value does not, so that a damaged
            // entry can be written again.
            let value = try change.value?.secret ?? old.openValue(stored, owner: owner, ring: ring).value
            try check(value, for: row.name)
            row.version = old.version + 1
            let new = try StoredValue(
                value.bytes,
                of: old.id,
                version: row.version,
                kind: row.kind,
                owner: owner,
                act: self
            )
            try replaceValue(of: old, with: new.row)
            stored = new.row
            preview = new.preview
        }
        row = row.sealed(with: ring, owner: owner, readable: stored?.readable)
        // Whoever renames several has moved their names out of each other's way.
        try connection.updateEntry(row, insteadOf: change.name == nil ? old : nil)
        return WrittenEntry(row: row, value: stored, preview: preview)
    }

    /// Writes the next version; a value that is missing can be written again.
    ///
    /// Throws where the value of a secret has been made readable, which its code would have told of.
    private func replaceValue(of old: EntryRow, with new: EntryValueRow) throws {
        guard try !connection.replaceEntryValue(with: new, evenReadable: old.kind == .variable) else { return }
        do {
            try connection.insertEntryValue(new)
        } catch .constraint {
            throw VaultError.integrity(entry: old.name.text)
        }
    }

    /// Destroys the value and takes the name out of use.
    @discardableResult
    func destroyEntry(_ old: EntryRow) throws -> EntryRow {
        let owner = try connection.ownerScope(of: old.ownerID, in: workspace)
        var row = old
        row.deletedAt = now
        row.updatedAt = now
        row = row.sealed(with: ring, owner: owner, readable: nil)
        try connection.destroyEntryValue(of: old.id, version: old.version, at: now, in: workspace)
        try connection.updateEntry(row)
        return row
    }

    func body(of row: EntryRow) throws -> SecretBody { try body(of: WrittenEntry(row: row, value: nil)) }

    func body(of entry: WrittenEntry) throws -> SecretBody {
        let bodies = try bodies(of: CollectionOfOne(entry.row), knowing: entry)
        guard let body = bodies.first else { throw VaultError.notFound(.entry) }
        return body
    }

    /// What lists show of `rows`, in their order; `written` is the only one, with what is known of it.
    func bodies(
        of rows: some Collection<EntryRow>,
        knowing written: WrittenEntry? = nil
    ) throws -> [SecretBody] {
        let details = try connection.details(of: rows, knowing: written?.value, in: workspace)
        var owners: [UserID: OwnerScope] = [:]
        return try rows.map { row in
            let owner = try owners[row.ownerID] ?? connection.ownerScope(of: row.ownerID, in: workspace)
            owners[row.ownerID] = owner
            return body(of: row, owner: owner, details: details, knowing: written)
        }
    }

    private func body(
        of row: EntryRow,
        owner: OwnerScope,
        details: EntryPageDetails,
        knowing written: WrittenEntry?
    ) -> SecretBody {
        var body = SecretBody(
            id: row.id.text,
            name: row.name.text,
            kind: row.kind,
            version: row.version,
            value: nil,
            mask: nil,
            provider: row.provider?.text,
            note: row.note,
            createdAt: row.createdAt,
            updatedAt: row.updatedAt,
            expiresAt: row.expiresAt,
            agents: details.attachmentCounts[row.id] ?? 0,
            intact: true
        )
        body.lastUsedAt = details.lastUses[row.id]
        body.expiry = ExpiryState(of: row.expiresAt, at: now, reminders: reminders)
        guard let preview = written?.preview ?? preview(of: row, written, owner: owner, details) else {
            body.intact = false
            return body
        }
        body.empty = preview.isEmpty
        switch row.kind {
        case .secret, .credential: body.mask = preview.mask.text
        case .variable: body.value = details.values[row.id]?.readable.map { String(decoding: $0, as: UTF8.self) }
        }
        return body
    }

    /// Opens the value to see what may be shown of it; nil where it or its row is not what was written.
    private func preview(
        of row: EntryRow,
        _ written: WrittenEntry?,
        owner: OwnerScope,
        _ details: EntryPageDetails
    ) -> ValuePreview? {
        let value = details.values[row.id]
        // A row that was written just now has not been changed by anybody since its code was made.
        let isChecked = written?.value != nil
        let opened =
            isChecked
            ? try? row.openWithMask(value, owner: owner, ring: ring)
            : try? row.openValue(value, owner: owner, ring: ring)
        return opened.map { ValuePreview(isEmpty: $0.value.bytes.isEmpty, mask: $0.mask) }
    }

    func agents(holding attachments: [AttachmentRow]) throws -> [NamedBody] {
        try attachments.compactMap { try connection.agent($0.agentID, in: workspace) }
            .map { NamedBody(id: $0.id.text, name: $0.name) }
    }

    func check(_ value: SharedSecret, for name: EnvironmentName) throws(VaultError) {
        do {
            try EnvironmentValue.check(name: name, value: value.bytes)
        } catch {
            switch error {
            case .containsNUL:
                throw .invalidValue(field: "value", reason: "a value has no NUL: no process could receive it")
            case .tooLong:
                throw .invalidValue(
                    field: "value",
                    reason: "name, = and value have at most 131,071 bytes together, the kernel's limit"
                )
            }
        }
    }

    /// Refuses a name that changes how a process is loaded, unless an agent of the workspace allows it by name.
    func refuseDangerous(_ name: EnvironmentName) throws {
        guard name.isDangerous, try !isAllowedSomewhere(name) else { return }
        throw VaultError.invalidName(
            field: "name",
            reason: "this name changes how a process is loaded; an agent can allow it with allowedNames"
        )
    }

    private func renamed(_ old: EntryRow, to text: String) throws -> EnvironmentName {
        let name = try environmentName(text, field: "name")
        guard name != old.name else { return name }
        try refuseDangerous(name)
        let conflicts = try EntryRenaming([(old, name)], act: self).conflicts()
        guard conflicts.isEmpty else { throw VaultError.conflicts(conflicts) }
        // The kernel counts the name too.
        let owner = try connection.ownerScope(of: old.ownerID, in: workspace)
        let stored = try connection.entryValue(of: old.id, version: old.version, in: workspace)
        try check(try old.openValue(stored, owner: owner, ring: ring).value, for: name)
        return name
    }

    /// Refuses a provider that some agent holding this entry already has a credential of.
    private func refuseSecondProvider(of row: EntryRow, insteadOf old: ProviderID?) throws {
        guard row.provider != old else { return }
        let owner = try connection.ownerScope(of: row.ownerID, in: workspace)
        for attachment in try connection.attachments(of: row.id, in: workspace) {
            let others = try connection.attachments(of: attachment.agentID, in: workspace)
            if let provider = row.provider,
                try others.contains(where: { $0.provider == provider && $0.entryID != row.id })
                    || connection.providerAttachment(of: provider, on: attachment.agentID, in: workspace) != nil
            {
                throw VaultError.conflicts([ConflictBody(code: .duplicateProvider, name: row.name.text)])
            }
            var changed = attachment
            changed.provider = row.provider
            try connection.deleteAttachment(attachment.id, in: workspace)
            try connection.insertAttachment(changed.sealed(with: ring, owner: owner))
        }
    }
}

extension EntryRow {
    fileprivate func verifyForChange(
        with ring: KeyRing,
        owner: OwnerScope,
        readable: [UInt8]?
    ) throws(VaultError) {
        do {
            try verify(with: ring, owner: owner, readable: readable)
        } catch {
            throw .integrity(entry: name.text)
        }
    }
}

extension PageRequest {
    /// The cursor of a list that goes by id.
    func idCursor<Subject>() throws(VaultError) -> Identifier<Subject>? {
        guard let cursor else { return nil }
        guard let id = Identifier<Subject>(cursor) else { throw .invalidCursor }
        return id
    }
}

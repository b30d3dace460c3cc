// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import AuditTrail
internal import ProxyRules
internal import Sealing
internal import Storage
package import VaultModel

extension Vault {
    /// Lists live credentials, or those that were revoked or deleted, oldest first, never a value.
    package func credentials(
        _ page: PageRequest,
        areRevoked: Bool = false,
        by caller: Caller
    ) async throws(VaultError) -> CredentialPage {
        try await read(.credentialList, by: caller) { act in
            let rows = try act.connection.credentials(
                in: act.workspace,
                areDeleted: areRevoked,
                after: try page.idCursor(),
                limit: page.limit + 1,
                matching: page.matching
            )
            let credentials = try act.bodies(ofCredentials: rows.prefix(page.limit))
            return CredentialPage(
                credentials: credentials,
                nextCursor: rows.count > page.limit ? credentials.last?.id : nil
            )
        }
    }

    /// Shows one credential; `reference` is its id or its name, ignoring case.
    package func credential(_ reference: String, by caller: Caller) async throws(VaultError) -> CredentialBody {
        try await read(.credentialList, by: caller) { act in
            try act.body(of: act.liveCredential(reference))
        }
    }

    /// Makes a credential at version 1; a value that could not be injected or kept out of answers is refused.
    package func createCredential(
        _ new: CreateCredentialBody,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> CredentialBody {
        let plan = try CredentialPlan(new)
        let standard = settings.plan
        return try await write(.credentialCreate, by: caller, once: once) { act in
            try act.refuse(more: "credentials", than: act.plan(unlessTold: standard).limits.credentials) {
                try act.connection.liveCredentialCount(in: act.workspace)
            }
            let row = try act.insertCredential(plan)
            return Done(
                try act.body(of: row),
                AuditEvent(action: .credentialCreate, subjects: [row.subject], details: row.hostDetails)
            )
        }
    }

    /// Changes a credential; a new value makes the next version and destroys the one before.
    ///
    /// A change of hosts says in the audit trail what they are now.
    package func updateCredential(
        _ reference: String,
        _ change: UpdateCredentialBody,
        ifVersion: Int64? = nil,
        by caller: Caller
    ) async throws(VaultError) -> CredentialBody {
        let hosts = try change.hosts.map { hosts throws(VaultError) in try CredentialPlan.rules(hosts) }
        let priority = try change.rotationPriority.map { number throws(VaultError) in
            try CredentialPlan.priority(number)
        }
        return try await write(.credentialUpdate, by: caller) { act in
            let old = try act.liveCredential(reference)
            if let ifVersion, old.entry.version != ifVersion {
                throw VaultError.versionMismatch(current: old.entry.version)
            }
            var row = old
            let owner = try act.connection.ownerScope(of: old.entry.ownerID, in: act.workspace)
            try row.credential.verify(with: act.ring, owner: owner)
            if let text = change.name {
                let name = try displayName(text, field: "name")
                if name.folded != row.credential.foldedName { try act.refuseTaken(name) }
                row.credential.name = name.text
                row.credential.foldedName = name.folded
            }
            if let hosts { row.credential.hosts = hosts }
            if let priority { row.credential.rotationPriority = priority }
            if let response = change.response { row.credential.response = response == .full ? nil : response }
            let value = try change.value.map { value in
                try CredentialPlan.checked(
                    value,
                    for: row.credential.presentation(),
                    of: row.entry.provider,
                    hosts: row.credential.hosts
                )
            }
            row.entry = try act.updateEntry(
                old.entry,
                UpdateSecretBody(value: value.map(SecretText.init), note: change.note, expiresAt: change.expiresAt)
            ).row
            row.credential = row.credential.sealed(with: act.ring, owner: owner)
            try act.connection.updateCredential(row.credential)
            return Done(
                try act.body(of: row),
                AuditEvent(
                    action: .credentialUpdate,
                    subjects: [row.subject],
                    details: row.details(of: change)
                )
            )
        }
    }

    /// Deletes a credential that no agent holds: the row stays for the audit trail, the value is destroyed.
    package func deleteCredential(_ reference: String, by caller: Caller) async throws(VaultError) {
        let _: Bool = try await write(.credentialDelete, by: caller) { act in
            let row = try act.destroyCredential(reference)
            return Done(true, AuditEvent(action: .credentialDelete, subjects: [row.subject]))
        }
    }

    /// Ends a credential that no agent holds, as its deletion does, and says when; an agent that its provider is attached
    /// to uses the next one from the next call on.
    package func revokeCredential(
        _ reference: String,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> CredentialBody {
        try await write(.credentialRevoke, by: caller, once: once) { act in
            let row = try act.destroyCredential(reference)
            return Done(try act.body(of: row), AuditEvent(action: .credentialRevoke, subjects: [row.subject]))
        }
    }

    /// Attaches a credential to an agent; with delivery `proxy` the answer has the token, which is not shown again.
    package func attachCredential(
        _ body: AttachCredentialBody,
        to reference: String,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> AttachedCredentialBody {
        try await write(.attach, by: caller, once: once) { act in
            let agent = try act.liveAgent(reference)
            let row = try act.liveCredential(body.credentialId)
            let delivery = body.delivery ?? .proxy
            _ = try act.attach([row.entry], to: agent, by: delivery)
            let token = delivery == .proxy ? try act.mintProxyToken(for: agent, row) : nil
            return Done(
                AttachedCredentialBody(
                    agentId: agent.id.text,
                    credentialId: row.entry.id.text,
                    delivery: delivery,
                    proxyToken: token
                ),
                AuditEvent(
                    action: .attach,
                    subjects: [agent.subject, row.subject],
                    details: [AuditDetail(key: "delivery", value: delivery.rawValue)]
                )
            )
        }
    }

    /// Gives an agent a new token for a credential; the old one keeps working until the grace ends.
    package func rotateProxyToken(
        of credential: String,
        on reference: String,
        _ body: RotateGatewayTokenBody,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> RotatedProxyTokenBody {
        let grace = try body.grace()
        return try await write(.proxyTokenRotate, by: caller, once: once) { act in
            let agent = try act.liveAgent(reference)
            let row = try act.liveCredential(credential)
            guard let found = try act.connection.attachment(of: row.entry.id, on: agent.id, in: act.workspace),
                found.delivery == .proxy
            else { throw VaultError.notFound(.attachment) }
            let end = try act.retire(act.proxyTokens(of: agent, row), body, grace: grace)
            return Done(
                RotatedProxyTokenBody(
                    proxyToken: try act.mintProxyToken(for: agent, row),
                    agentId: agent.id.text,
                    credentialId: row.entry.id.text,
                    previousExpiresAt: end
                ),
                AuditEvent(
                    action: .proxyTokenRotate,
                    subjects: [agent.subject, row.subject],
                    details: [AuditDetail(key: "revoke", value: body.revoke == true ? "yes" : "no")]
                )
            )
        }
    }

    /// Takes a credential away from an agent: its proxy tokens end now, running instances keep a variable until their
    /// next start.
    package func detachCredential(
        _ credential: String,
        from reference: String,
        by caller: Caller
    ) async throws(VaultError) {
        let _: Bool = try await write(.detach, by: caller) { act in
            let agent = try act.liveAgent(reference)
            let row = try act.liveCredential(credential)
            let found = try act.connection.attachment(of: row.entry.id, on: agent.id, in: act.workspace)
            guard let found else { throw VaultError.notFound(.attachment) }
            try act.connection.deleteAttachment(found.id, in: act.workspace)
            for token in try act.proxyTokens(of: agent, row) { try act.end(token, reason: .revoked) }
            return Done(true, AuditEvent(action: .detach, subjects: [agent.subject, row.subject]))
        }
    }
}

extension Act {
    func mintProxyToken(for agent: AgentRow, _ row: CredentialEntryRow) throws -> String {
        try mintToken(.proxy, as: .proxy, name: row.credential.name, agent: agent.id, entry: row.entry.id).text
    }

    /// The tokens of an agent for a credential that have not ended.
    func proxyTokens(of agent: AgentRow, _ row: CredentialEntryRow) throws -> [TokenRow] {
        try connection.tokens(of: agent.id, in: workspace)
            .filter { $0.kind == .proxy && $0.entryID == row.entry.id && $0.endedAt == nil }
    }

    /// The live credential that `reference` names: by id first, then by name, ignoring case.
    func liveCredential(_ reference: String) throws -> CredentialEntryRow {
        var found: CredentialEntryRow?
        if let id = EntryID(reference) {
            found = try connection.credential(id, in: workspace)
        } else if let name = DisplayName(reference) {
            found = try connection.liveCredential(foldedName: name.folded, in: workspace)
        }
        guard let found, found.credential.deletedAt == nil, found.entry.deletedAt == nil else {
            throw VaultError.notFound(.credential)
        }
        return found
    }

    /// Destroys the value of a credential that no agent holds; its row stays, and is live no more.
    fileprivate func destroyCredential(_ reference: String) throws -> CredentialEntryRow {
        var row = try liveCredential(reference)
        let holders = try connection.attachments(of: row.entry.id, in: workspace)
        guard holders.isEmpty else {
            throw VaultError.stillAttached(entry: row.credential.name, agents: try agents(holding: holders))
        }
        let owner = try connection.ownerScope(of: row.entry.ownerID, in: workspace)
        row.entry = try destroyEntry(row.entry)
        row.credential.deletedAt = now
        row.credential = row.credential.sealed(with: ring, owner: owner)
        try connection.updateCredential(row.credential)
        return row
    }

    func refuseTaken(_ name: DisplayName) throws {
        guard try connection.liveCredential(foldedName: name.folded, in: workspace) == nil else {
            throw VaultError.conflicts([ConflictBody(code: .duplicateName, name: name.text)])
        }
    }

    func insertCredential(_ plan: CredentialPlan) throws -> CredentialEntryRow {
        try refuseTaken(plan.name)
        try refuseDangerous(plan.environmentName)
        let owner = try connection.ownerScope(of: member.user, in: workspace)
        let id = EntryID(at: now)
        let stored = try StoredValue(
            plan.value.bytes,
            of: id,
            version: 1,
            kind: .credential,
            owner: owner,
            act: self
        )
        let entry = EntryRow(
            id: id,
            workspaceID: workspace,
            ownerID: member.user,
            name: plan.environmentName,
            kind: .credential,
            provider: plan.provider,
            note: plan.note,
            version: 1,
            createdAt: now,
            updatedAt: now,
            expiresAt: try plan.expiresAt.map { try future($0) },
            deletedAt: nil,
            rowCode: []
        ).sealed(with: ring, owner: owner, readable: nil)
        let credential = CredentialRow(
            entryID: id,
            workspaceID: workspace,
            name: plan.name.text,
            foldedName: plan.name.folded,
            scheme: plan.presentation.scheme,
            header: plan.presentation.header,
            prefix: plan.presentation.prefix.isEmpty ? nil : plan.presentation.prefix,
            parameter: plan.presentation.parameter,
            hosts: plan.hosts,
            rotationPriority: plan.rotationPriority,
            response: plan.response,
            deletedAt: nil,
            rowCode: []
        ).sealed(with: ring, owner: owner)
        try connection.insertEntry(entry)
        try connection.insertEntryValue(stored.row)
        try connection.insertCredential(credential)
        return CredentialEntryRow(credential: credential, entry: entry)
    }

    func body(of row: CredentialEntryRow) throws -> CredentialBody {
        guard let body = try bodies(ofCredentials: CollectionOfOne(row)).first else {
            throw VaultError.notFound(.credential)
        }
        return body
    }

    func bodies(ofCredentials rows: some Collection<CredentialEntryRow>) throws -> [CredentialBody] {
        let entries = try bodies(of: rows.map(\.entry))
        return try zip(rows, entries).map { row, entry in
            let owner = try connection.ownerScope(of: row.entry.ownerID, in: workspace)
            let isRevoked = row.credential.deletedAt != nil
            // Of what was revoked there is no value to be opened.
            let isEntryIntact =
                isRevoked ? (try? row.entry.verify(with: ring, owner: owner, readable: nil)) != nil : entry.intact
            let isIntact = (try? row.credential.verify(with: ring, owner: owner)) != nil && isEntryIntact
            return CredentialBody(
                id: entry.id,
                name: row.credential.name,
                type: row.credential.scheme,
                version: entry.version,
                mask: isIntact ? entry.mask : nil,
                provider: entry.provider,
                environmentName: entry.name,
                header: row.credential.header,
                prefix: row.credential.prefix,
                parameter: row.credential.parameter,
                hosts: row.credential.effectiveHosts(of: row.entry.provider),
                rotationPriority: row.credential.rotationPriority,
                response: row.credential.response,
                note: entry.note,
                createdAt: entry.createdAt,
                updatedAt: entry.updatedAt,
                expiresAt: entry.expiresAt,
                revokedAt: row.credential.deletedAt,
                agents: entry.agents,
                intact: isIntact
            )
        }
    }
}

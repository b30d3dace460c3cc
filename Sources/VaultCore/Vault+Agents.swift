// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import AccessRules
internal import AuditTrail
internal import Sealing
internal import Storage
package import VaultModel

extension Vault {
    /// Lists live agents, oldest first, without what is attached to them.
    package func agents(_ page: PageRequest, by caller: Caller) async throws(VaultError) -> AgentPage {
        try await read(.agentList, by: caller) { act in
            let rows = try act.connection.liveAgents(
                in: act.workspace,
                after: try page.idCursor(),
                limit: page.limit + 1,
                matching: page.matching
            )
            let agents = try rows.prefix(page.limit).map { row in
                try act.body(
                    of: row,
                    instances: act.connection.liveInstances(of: row.id, in: act.workspace).count,
                    secrets: nil
                )
            }
            return AgentPage(agents: agents, nextCursor: rows.count > page.limit ? agents.last?.id : nil)
        }
    }

    /// Shows an agent with what is attached and whether its instances hold the current versions.
    package func agent(_ reference: String, by caller: Caller) async throws(VaultError) -> AgentBody {
        try await read(.agentList, by: caller) { act in try act.fullBody(of: act.liveAgent(reference)) }
    }

    /// Makes an agent with its gateway token, and attaches what is named in the same transaction.
    package func createAgent(
        _ new: CreateAgentBody,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> AgentBody {
        let standard = settings.plan
        return try await write(.agentCreate, by: caller, once: once) { act in
            try act.refuse(more: "agents", than: act.plan(unlessTold: standard).limits.agents) {
                try act.connection.liveAgentCount(in: act.workspace)
            }
            let name = try act.freeAgentName(new.name)
            let agent = AgentRow(
                id: AgentID(at: act.now),
                workspaceID: act.workspace,
                name: name.text,
                foldedName: name.folded,
                replicas: try replicas(new.replicas ?? 1),
                allowedNames: try allowedNames(new.allowedNames ?? []),
                createdAt: act.now,
                deletedAt: nil,
                rowCode: []
            ).sealed(with: act.ring)
            try act.connection.insertAgent(agent)
            var events = [AuditEvent(action: .agentCreate, subjects: [agent.subject])]
            if let references = new.secretIds, !references.isEmpty {
                let attached = try act.attach(references, to: agent)
                events.append(AuditEvent(action: .attach, subjects: [agent.subject] + attached.map(\.subject)))
            }
            var tokens: [ProxyTokenBody] = []
            for reference in try bounded(new.credentialIds, field: "credentialIds") {
                let row = try act.liveCredential(reference)
                _ = try act.attach([row.entry], to: agent, by: .proxy)
                let token = try act.mintProxyToken(for: agent, row)
                tokens.append(ProxyTokenBody(credentialId: row.entry.id.text, proxyToken: token))
                events.append(AuditEvent(action: .attach, subjects: [agent.subject, row.subject]))
            }
            for text in try bounded(new.providers, field: "providers") {
                guard let provider = try providerID(text) else { continue }
                try act.attach(provider, to: agent)
                let token = try act.mintProxyToken(for: agent, provider)
                tokens.append(ProxyTokenBody(provider: provider.text, proxyToken: token))
                events.append(AuditEvent(action: .attach, subjects: [agent.subject, provider.subject]))
            }
            let token = try act.mintGatewayToken(for: agent)
            var body = try act.fullBody(of: agent)
            body.gatewayToken = token
            body.proxyTokens = tokens.isEmpty ? nil : tokens
            return Done(body, events: events)
        }
    }

    /// Changes an agent's name, replicas or allowed names.
    package func updateAgent(
        _ reference: String,
        _ change: UpdateAgentBody,
        by caller: Caller
    ) async throws(VaultError) -> AgentBody {
        try await write(.agentUpdate, by: caller) { act in
            var agent = try act.liveAgent(reference)
            if let text = change.name, text != agent.name {
                let name = try displayName(text, field: "name")
                if name.folded != agent.foldedName { _ = try act.freeAgentName(text) }
                agent.name = name.text
                agent.foldedName = name.folded
            }
            if let count = change.replicas { agent.replicas = try replicas(count) }
            if let names = change.allowedNames { agent.allowedNames = try allowedNames(names) }
            agent = agent.sealed(with: act.ring)
            try act.connection.updateAgent(agent)
            return Done(try act.fullBody(of: agent), AuditEvent(action: .agentUpdate, subjects: [agent.subject]))
        }
    }

    /// Deletes an agent: its tokens end, its attachments go, its instances are no longer counted.
    package func deleteAgent(_ reference: String, by caller: Caller) async throws(VaultError) {
        let _: Bool = try await write(.agentDelete, by: caller) { act in
            var agent = try act.liveAgent(reference)
            for attachment in try act.connection.attachments(of: agent.id, in: act.workspace) {
                try act.connection.deleteAttachment(attachment.id, in: act.workspace)
            }
            for attachment in try act.connection.providerAttachments(of: agent.id, in: act.workspace) {
                try act.connection.deleteProviderAttachment(attachment.id, in: act.workspace)
            }
            for token in try act.connection.tokens(of: agent.id, in: act.workspace) where token.endedAt == nil {
                try act.end(token, reason: .revoked)
            }
            for container in try act.connection.liveContainers(in: act.workspace) where container.agentID == agent.id {
                try act.connection.endContainer(container, at: act.now)
            }
            for instance in try act.connection.liveInstances(of: agent.id, in: act.workspace) {
                try act.connection.endInstance(instance.id, at: act.now, reason: .ended, in: act.workspace)
            }
            agent.deletedAt = act.now
            agent = agent.sealed(with: act.ring)
            try act.connection.updateAgent(agent)
            return Done(true, AuditEvent(action: .agentDelete, subjects: [agent.subject]))
        }
    }

    /// Lists what is attached to an agent, and what its live instances still hold after a detach.
    package func attachedSecrets(
        of reference: String,
        by caller: Caller
    ) async throws(VaultError) -> AttachedSecretList {
        try await read(.agentList, by: caller) { act in
            let agent = try act.liveAgent(reference)
            let live = try act.connection.liveInstances(of: agent.id, in: act.workspace)
            return AttachedSecretList(secrets: try act.attachedBodies(of: agent, live: live))
        }
    }

    /// Attaches entries to an agent: all of them, or none and every conflict named.
    package func attach(
        _ body: AttachBody,
        to reference: String,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> AttachedBody {
        try await write(.attach, by: caller, once: once) { act in
            let agent = try act.liveAgent(reference)
            let attached = try act.attach(body.secretIds, to: agent)
            return Done(
                AttachedBody(attached: attached.map { NamedBody(id: $0.id.text, name: $0.name.text) }),
                AuditEvent(action: .attach, subjects: [agent.subject] + attached.map(\.subject))
            )
        }
    }

    /// Takes an entry away from an agent; running instances keep it until their next start.
    package func detach(
        _ entryReference: String,
        from reference: String,
        by caller: Caller
    ) async throws(VaultError) {
        let _: Bool = try await write(.detach, by: caller) { act in
            let agent = try act.liveAgent(reference)
            let entry = try act.liveEntry(entryReference)
            guard
                let attachment = try act.connection.attachment(of: entry.id, on: agent.id, in: act.workspace)
            else { throw VaultError.notFound(.attachment) }
            try act.connection.deleteAttachment(attachment.id, in: act.workspace)
            return Done(true, AuditEvent(action: .detach, subjects: [agent.subject, entry.subject]))
        }
    }

    /// Lists an agent's starts and what each was given, newest first.
    package func instances(
        of reference: String,
        _ page: PageRequest,
        by caller: Caller
    ) async throws(VaultError) -> InstancePage {
        try await read(.instanceList, by: caller) { act in
            let agent = try act.liveAgent(reference)
            let rows = try act.connection.instances(
                of: agent.id,
                in: act.workspace,
                before: try page.idCursor(),
                limit: page.limit + 1
            )
            let instances = try rows.prefix(page.limit).map { try act.body(ofInstance: $0) }
            return InstancePage(
                instances: instances,
                nextCursor: rows.count > page.limit ? instances.last?.id : nil
            )
        }
    }
}

/// What is attached with an agent, of which there are at most 500 of a kind.
private func bounded(_ references: [String]?, field: String) throws(VaultError) -> [String] {
    let references = references ?? []
    guard references.count <= 500 else { throw .invalidField(field, reason: "at most 500 ids or names") }
    return references
}

private func replicas(_ count: Int64) throws(VaultError) -> Int64 {
    guard (1...10_000).contains(count) else {
        throw .invalidField("replicas", reason: "an agent has 1 to 10,000 replicas")
    }
    return count
}

private func allowedNames(_ texts: [String]) throws(VaultError) -> String {
    guard texts.count <= 100 else {
        throw .invalidField("allowedNames", reason: "an agent allows at most 100 names")
    }
    var names: Set<String> = []
    for text in texts {
        let name = try environmentName(text, field: "allowedNames")
        guard !name.isReserved else {
            throw .invalidField("allowedNames", reason: "no process ever receives a name that begins with ATTACHE_")
        }
        names.insert(name.text)
    }
    return names.sorted().joined(separator: " ")
}

extension Act {
    func freeAgentName(_ text: String) throws -> DisplayName {
        let name = try displayName(text, field: "name")
        guard try connection.liveAgent(foldedName: name.folded, in: workspace) == nil else {
            throw VaultError.conflicts([ConflictBody(code: .duplicateName, name: name.text)])
        }
        return name
    }

    /// How many entries an agent holds at most.
    static let maximumAttached = 2_000

    /// Attaches what `references` name, or throws every conflict at once.
    func attach(_ references: [String], to agent: AgentRow) throws -> [EntryRow] {
        guard (1...500).contains(references.count) else {
            throw VaultError.invalidField("secretIds", reason: "1 to 500 ids or names")
        }
        return try attach(references.map { try liveEntry($0) }, to: agent)
    }

    /// Attaches `entries`, or throws every conflict at once.
    func attach(
        _ entries: [EntryRow],
        to agent: AgentRow,
        by delivery: Delivery = .environment
    ) throws -> [EntryRow] {
        let allowed = Set(agent.allowedNames.split(separator: " ").map(String.init))
        for entry in entries where entry.name.isDangerous && !allowed.contains(entry.name.text) {
            throw VaultError.invalidName(
                field: "secretIds",
                reason: "\(entry.name) changes how a process is loaded; add it to the agent's allowedNames first"
            )
        }
        let held = try candidates(of: agent)
        guard held.count + entries.count <= Self.maximumAttached else {
            throw VaultError.limitReached("an agent holds at most 2,000 entries")
        }
        let conflicts = AttachmentRules.conflicts(attaching: entries.map(AttachmentCandidate.init), to: held)
        guard conflicts.isEmpty else { throw VaultError.conflicts(conflicts.map(ConflictBody.init)) }
        for entry in entries {
            let owner = try connection.ownerScope(of: entry.ownerID, in: workspace)
            let attachment = AttachmentRow(
                id: AttachmentID(at: now),
                workspaceID: workspace,
                agentID: agent.id,
                entryID: entry.id,
                provider: entry.provider,
                delivery: delivery,
                createdAt: now,
                createdBy: member.user,
                rowCode: []
            )
            try connection.insertAttachment(attachment.sealed(with: ring, owner: owner))
        }
        return entries
    }

    func fullBody(of agent: AgentRow) throws -> AgentBody {
        let live = try connection.liveInstances(of: agent.id, in: workspace)
        var body = try body(of: agent, instances: live.count, secrets: attachedBodies(of: agent, live: live))
        body.providers = try providerBodies(of: agent, held: receipts(of: live))
        body.requestsThisMonth = try connection.requestCount(
            by: agent.id.text,
            in: CalendarMonth(of: now),
            of: workspace
        )
        return body
    }

    func body(of agent: AgentRow, instances: Int, secrets: [AttachedSecretBody]?) throws -> AgentBody {
        AgentBody(
            id: agent.id.text,
            name: agent.name,
            replicas: agent.replicas,
            allowedNames: agent.allowedNames.split(separator: " ").map(String.init),
            createdAt: agent.createdAt,
            instances: instances,
            secrets: secrets
        )
    }

    private func receipts(of live: [InstanceRow]) -> [HeldReceipt] {
        live.map {
            HeldReceipt(
                receipt: Receipt(decoding: $0.receipt),
                isCertain: supervised.liveness(of: $0, at: now).isCertain
            )
        }
    }

    /// What is attached to `agent`, by name, then what its `live` instances hold although it was detached.
    func attachedBodies(of agent: AgentRow, live: [InstanceRow]) throws -> [AttachedSecretBody] {
        let held = receipts(of: live)
        let attached = try connection.attachedEntries(of: agent.id, in: workspace)
        var bodies = attached.map { item in
            AttachedSecretBody(
                id: item.entry.id.text,
                name: item.entry.name.text,
                kind: item.entry.kind,
                version: item.entry.version,
                provider: item.entry.provider?.text,
                delivery: item.attachment.delivery,
                // Without an instance the proxy still takes the current version for every request.
                state: item.attachment.delivery == .proxy && held.isEmpty
                    ? .synced
                    : .deciding(
                        entry: item.entry.id,
                        version: Receipt.version(of: item.entry.version, by: item.attachment.delivery),
                        held: held
                    ),
                attachedAt: item.attachment.createdAt
            )
        }
        let current = Set(attached.map(\.entry.id))
        let delivered = Set(held.compactMap { $0.receipt?.versions.keys }.joined())
        for id in delivered.subtracting(current).sorted() {
            guard let entry = try connection.entry(id, in: workspace) else { continue }
            bodies.append(
                AttachedSecretBody(
                    id: id.text,
                    name: entry.name.text,
                    kind: entry.kind,
                    version: entry.version,
                    provider: entry.provider?.text,
                    delivery: .environment,
                    state: .removedPendingRestart,
                    attachedAt: nil
                )
            )
        }
        return bodies
    }

    /// Whether any agent of the workspace may receive the dangerous `name`.
    func isAllowedSomewhere(_ name: EnvironmentName) throws -> Bool {
        var last: AgentID?
        while true {
            let page = try connection.liveAgents(in: workspace, after: last, limit: 500, matching: nil)
            if page.contains(where: { $0.allowedNames.split(separator: " ").contains(Substring(name.text)) }) {
                return true
            }
            guard page.count == 500 else { return false }
            last = page.last?.id
        }
    }

    fileprivate func body(ofInstance instance: InstanceRow) throws -> InstanceBody {
        var items: [ReceiptItemBody] = []
        for (id, version) in Receipt(decoding: instance.receipt)?.versions ?? [:] {
            let name = try connection.entry(id, in: workspace)?.name.text ?? ""
            items.append(ReceiptItemBody(secretId: id.text, name: name, version: version))
        }
        return InstanceBody(
            id: instance.id.text,
            replica: instance.replica,
            startedAt: instance.startedAt,
            endedAt: instance.endedAt,
            endReason: instance.endReason?.rawValue,
            isSupervised: instance.isSupervised,
            liveness: supervised.liveness(of: instance, at: now),
            container: instance.container,
            receipt: items.sorted { $0.name < $1.name }
        )
    }
}

extension AttachmentCandidate {
    init(_ row: EntryRow) {
        self.init(entry: row.id, name: row.name.text, variable: row.name, provider: row.provider)
    }
}

extension ConflictBody {
    init(_ conflict: AttachmentConflict) {
        switch conflict {
        case .alreadyAttached(let name): self.init(code: .alreadyAttached, name: name)
        case .duplicateProvider(let name, let other): self.init(code: .duplicateProvider, name: name, with: other)
        case .duplicateVariable(let name, let other): self.init(code: .duplicateVariable, name: name, with: other)
        }
    }
}

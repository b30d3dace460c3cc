// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import AccessRules
internal import AuditTrail
internal import ProviderCatalog
internal import Sealing
internal import Storage
package import VaultModel

extension Vault {
    /// Exchanges a credential with the one before or after it in the order of its provider's.
    ///
    /// Both change in one transaction. The first stays where it is when it is moved up, and so does the last.
    package func moveCredential(
        _ reference: String,
        _ body: MoveCredentialBody,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> CredentialOrderBody {
        try await write(.credentialUpdate, by: caller, once: once) { act in
            let row = try act.liveCredential(reference)
            guard let provider = row.entry.provider else {
                throw VaultError.invalidField("id", reason: "only the credentials of a provider have an order")
            }
            var order = try act.connection.liveCredentials(of: provider, in: act.workspace)
            guard let place = order.firstIndex(where: { $0.entry.id == row.entry.id }) else {
                throw VaultError.notFound(.credential)
            }
            let other = body.direction == .up ? place - 1 : place + 1
            var moved: [CredentialEntryRow] = []
            if order.indices.contains(other) {
                order.swapAt(place, other)
                moved = try act.number(order, around: place, other)
                order = try act.connection.liveCredentials(of: provider, in: act.workspace)
            }
            return Done(
                CredentialOrderBody(provider: provider.text, credentials: order.map(RankedCredentialBody.init)),
                AuditEvent(
                    action: .credentialUpdate,
                    subjects: [row.subject] + moved.filter { $0.entry.id != row.entry.id }.map(\.subject),
                    details: [AuditDetail(key: "move", value: body.direction.rawValue)]
                )
            )
        }
    }

    /// Attaches a provider to an agent: for every call the proxy chooses among the workspace's credentials of it.
    ///
    /// The answer has the token, which is not shown again.
    package func attachProvider(
        _ body: AttachProviderBody,
        to reference: String,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> AttachedProviderBody {
        try await write(.attach, by: caller, once: once) { act in
            let agent = try act.liveAgent(reference)
            let provider = try provider(body.provider)
            try act.attach(provider, to: agent)
            return Done(
                AttachedProviderBody(
                    agentId: agent.id.text,
                    provider: provider.text,
                    proxyToken: try act.mintProxyToken(for: agent, provider)
                ),
                AuditEvent(action: .attach, subjects: [agent.subject, provider.subject])
            )
        }
    }

    /// Takes a provider away from an agent: its proxy tokens end now.
    package func detachProvider(
        _ text: String,
        from reference: String,
        by caller: Caller
    ) async throws(VaultError) {
        let _: Bool = try await write(.detach, by: caller) { act in
            let agent = try act.liveAgent(reference)
            let (provider, attachment) = try act.attachedProvider(text, of: agent)
            try act.connection.deleteProviderAttachment(attachment.id, in: act.workspace)
            for token in try act.proxyTokens(of: agent, provider) { try act.end(token, reason: .revoked) }
            return Done(true, AuditEvent(action: .detach, subjects: [agent.subject, provider.subject]))
        }
    }

    /// Gives an agent a new token for a provider; the old one keeps working until the grace ends.
    package func rotateProxyToken(
        ofProvider text: String,
        on reference: String,
        _ body: RotateGatewayTokenBody,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> RotatedProxyTokenBody {
        let grace = try body.grace()
        return try await write(.proxyTokenRotate, by: caller, once: once) { act in
            let agent = try act.liveAgent(reference)
            let (provider, _) = try act.attachedProvider(text, of: agent)
            let end = try act.retire(act.proxyTokens(of: agent, provider), body, grace: grace)
            return Done(
                RotatedProxyTokenBody(
                    proxyToken: try act.mintProxyToken(for: agent, provider),
                    agentId: agent.id.text,
                    provider: provider.text,
                    previousExpiresAt: end
                ),
                AuditEvent(
                    action: .proxyTokenRotate,
                    subjects: [agent.subject, provider.subject],
                    details: [AuditDetail(key: "revoke", value: body.revoke == true ? "yes" : "no")]
                )
            )
        }
    }
}

private func provider(_ text: String) throws(VaultError) -> ProviderID {
    guard let provider = try providerID(text) else { throw .notFound(.provider) }
    return provider
}

extension RotateGatewayTokenBody {
    /// In seconds; an hour unless told.
    func grace() throws(VaultError) -> Int64 {
        let grace = graceSeconds ?? 3_600
        guard (0...604_800).contains(grace) else {
            throw .invalidField("graceSeconds", reason: "0 to 604,800 seconds")
        }
        return grace
    }
}

extension ProviderID {
    var subject: AuditSubject { AuditSubject(kind: .provider, id: text) }

    /// The variable in which an agent gets its token.
    var environmentName: EnvironmentName? {
        try? EnvironmentName(Provider.named(self)?.environmentName ?? variable("_API_KEY"))
    }

    /// The variable in which an agent gets the base URL.
    var baseURLName: EnvironmentName? {
        try? EnvironmentName(Provider.named(self)?.baseURLName ?? variable("_BASE_URL"))
    }

    private func variable(_ end: String) -> String { text.uppercased().replacing("-", with: "_") + end }
}

extension RankedCredentialBody {
    init(_ row: CredentialEntryRow) {
        self.init(
            id: row.entry.id.text,
            name: row.credential.name,
            rotationPriority: row.credential.rotationPriority
        )
    }
}

extension Act {
    /// Attaches `provider`, or throws every conflict with what the agent holds.
    func attach(_ provider: ProviderID, to agent: AgentRow) throws {
        if let known = Provider.named(provider), known.connections.isEmpty {
            throw VaultError.invalidField("provider", reason: "\(provider) takes no key")
        }
        guard let variable = provider.environmentName else {
            throw VaultError.invalidField("provider", reason: "no variable can be named after this provider")
        }
        let candidate = AttachmentCandidate(provider: provider, variable: variable)
        let conflicts = AttachmentRules.conflicts(attaching: [candidate], to: try candidates(of: agent))
        guard conflicts.isEmpty else { throw VaultError.conflicts(conflicts.map(ConflictBody.init)) }
        try connection.insertProviderAttachment(
            ProviderAttachmentRow(
                id: AttachmentID(at: now),
                workspaceID: workspace,
                agentID: agent.id,
                provider: provider,
                createdAt: now,
                createdBy: member.user,
                rowCode: []
            ).sealed(with: ring)
        )
    }

    /// What an agent holds, as the rules for conflicts look at it.
    func candidates(of agent: AgentRow) throws -> [AttachmentCandidate] {
        try connection.attachedEntries(of: agent.id, in: workspace).map { AttachmentCandidate($0.entry) }
            + connection.providerAttachments(of: agent.id, in: workspace).compactMap { row in
                row.provider.environmentName.map { AttachmentCandidate(provider: row.provider, variable: $0) }
            }
    }

    /// The providers of an agent, and whether its `held` instances were given their tokens.
    func providerBodies(of agent: AgentRow, held: [HeldReceipt]) throws -> [AgentProviderBody] {
        try connection.providerAttachments(of: agent.id, in: workspace).map { row in
            guard let id = EntryID(row.id.text) else { throw VaultError.integrity(entry: nil) }
            return AgentProviderBody(
                provider: row.provider.text,
                state: held.isEmpty ? .synced : .deciding(entry: id, version: 0, held: held),
                attachedAt: row.createdAt
            )
        }
    }

    func mintProxyToken(for agent: AgentRow, _ provider: ProviderID) throws -> String {
        try mintToken(.proxy, as: .proxy, name: provider.text, agent: agent.id, provider: provider).text
    }

    /// Ends what was handed out before, or lets it live until the grace ends, which is returned.
    ///
    /// The tokens of instances end with their instances, or here when everything is to end.
    func retire(_ tokens: [TokenRow], _ body: RotateGatewayTokenBody, grace: Int64) throws -> Timestamp? {
        let end = now + .seconds(grace)
        let endsNow = body.revoke == true || grace == 0
        for var token in tokens where token.instanceID == nil || body.revoke == true {
            if endsNow {
                try self.end(token, reason: body.revoke == true ? .revoked : .rotated)
            } else {
                // A second rotation never lengthens the life of what the first one replaced.
                token.expiresAt = token.expiresAt.map { min($0, end) } ?? end
                try connection.updateToken(token.sealed(with: ring))
            }
        }
        return endsNow ? nil : end
    }

    fileprivate func attachedProvider(
        _ text: String,
        of agent: AgentRow
    ) throws -> (ProviderID, ProviderAttachmentRow) {
        guard let provider = ProviderID(text),
            let row = try connection.providerAttachment(of: provider, on: agent.id, in: workspace)
        else { throw VaultError.notFound(.attachment) }
        return (provider, row)
    }

    /// The tokens of an agent for a provider that have not ended.
    fileprivate func proxyTokens(of agent: AgentRow, _ provider: ProviderID) throws -> [TokenRow] {
        try connection.tokens(of: agent.id, in: workspace)
            .filter { $0.kind == .proxy && $0.provider == provider && $0.endedAt == nil }
    }

    /// Gives credentials the priorities that put them into `order`, in which two have changed places; returns those that
    /// changed.
    ///
    /// The two exchange theirs where that is enough. Where it is not, since some are equal, all are numbered from 0.
    fileprivate func number(
        _ order: [CredentialEntryRow],
        around place: Int,
        _ other: Int
    ) throws -> [CredentialEntryRow] {
        var priorities = order.map(\.credential.rotationPriority)
        priorities.swapAt(place, other)
        let isOrdered = order.indices.dropFirst().allSatisfy { index in
            (priorities[index - 1], order[index - 1].entry.id) < (priorities[index], order[index].entry.id)
        }
        if !isOrdered { priorities = order.indices.map(Int64.init) }
        var changed: [CredentialEntryRow] = []
        for (var row, priority) in zip(order, priorities) where row.credential.rotationPriority != priority {
            let owner = try connection.ownerScope(of: row.entry.ownerID, in: workspace)
            try row.credential.verify(with: ring, owner: owner)
            row.credential.rotationPriority = priority
            row.credential = row.credential.sealed(with: ring, owner: owner)
            try connection.updateCredential(row.credential)
            changed.append(row)
        }
        return changed
    }
}

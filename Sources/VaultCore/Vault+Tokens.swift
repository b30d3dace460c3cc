// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import AuditTrail
internal import Sealing
internal import Storage
package import VaultModel

extension Vault {
    /// What stands for a token where it is only counted: nothing that could be used in its place; nil for what cannot be
    /// one.
    package static func digest(of token: [UInt8]) -> [UInt8]? { (try? BearerToken(parsing: token))?.digest }

    /// Says who the holder of a workspace key or of a session is, or why there is none.
    func holder(
        of token: [UInt8],
        in workspace: String?,
        from address: IPAddress
    ) async throws(VaultError) -> Caller {
        guard let bearer = try? BearerToken(parsing: token) else { throw .token(.unknown) }
        switch bearer.kind {
        case .workspaceKey: return try await authenticateKey(bearer.digest, in: workspace, from: address)
        case .session: return try await authenticateSession(bearer.digest, in: workspace)
        case .gateway, .proxy, .invitation: throw .token(.unknown)
        }
    }

    private func authenticateKey(
        _ digest: [UInt8],
        in workspace: String?,
        from address: IPAddress
    ) async throws(VaultError) -> Caller {
        let now = clock.now
        let ring = ring
        let changes = engine.tokenChanges
        let row: TokenRow
        // A workspace by its name is looked up; by its id the key has it.
        if let known = knownKeys.row(of: digest, at: changes),
            workspace.map({ $0.lowercased() == known.workspaceID.text }) ?? true
        {
            try known.checkKey(from: address, at: now)
            row = known
        } else {
            row = try await mappingErrors {
                try await engine.read { connection in
                    guard let row = try connection.token(digest: digest), row.kind == .workspaceKey else {
                        throw VaultError.token(.unknown)
                    }
                    try row.verify(with: ring)
                    try row.checkKey(from: address, at: now)
                    if let workspace, workspace.lowercased() != row.workspaceID.text,
                        try connection.workspace(row.workspaceID)?.name.lowercased() != workspace.lowercased()
                    {
                        throw VaultError.notFound(.workspace)
                    }
                    return row
                }
            }
            knownKeys.remember(row, of: digest, readAt: changes)
        }
        if row.lastUsedAt.map({ $0 + Self.lastUseResolution <= now }) ?? true {
            try await mappingErrors {
                try await engine.write { connection in
                    guard var current = try connection.token(row.id, in: row.workspaceID) else { return }
                    current.lastUsedAt = now
                    try connection.updateToken(current)
                }
            }
        }
        return .workspaceKey(row.id, in: row.workspaceID)
    }

    private func authenticateSession(_ digest: [UInt8], in workspace: String?) async throws(VaultError) -> Caller {
        let now = clock.now
        let ring = ring
        let row: SessionRow = try await mappingErrors {
            try await engine.read { connection in
                guard let row = try connection.session(digest: digest) else { throw VaultError.token(.unknown) }
                try row.check(with: ring, at: now)
                return row
            }
        }
        if row.lastUsedAt.map({ $0 + Self.lastUseResolution <= now }) ?? true {
            try await mappingErrors {
                try await engine.write { connection in
                    guard var current = try connection.session(row.id) else { return }
                    current.lastUsedAt = now
                    try connection.updateSession(current)
                }
            }
        }
        return .session(row.id, in: workspace)
    }

    /// The row of a token that is, or once was, one of this vault's.
    func knownToken(_ token: [UInt8]?) async -> TokenRow? {
        guard let token, let bearer = try? BearerToken(parsing: token) else { return nil }
        let digest = bearer.digest
        return try? await engine.read { try $0.token(digest: digest) }
    }

    /// The time of last use is written at most this often.
    private static let lastUseResolution: Duration = .seconds(60)

    /// Gives an agent a new gateway token.
    ///
    /// The old one keeps working until the new one is used or the grace ends, so that a restart in between succeeds;
    /// `revoke` ends it now.
    package func rotateGatewayToken(
        of reference: String,
        _ body: RotateGatewayTokenBody,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> RotatedGatewayTokenBody {
        let grace = body.graceSeconds ?? 3_600
        guard (0...604_800).contains(grace) else {
            throw .invalidField("graceSeconds", reason: "0 to 604,800 seconds")
        }
        return try await write(.gatewayTokenRotate, by: caller, once: once) { act in
            let agent = try act.liveAgent(reference)
            let end = act.now + .seconds(grace)
            let endsNow = body.revoke == true || grace == 0
            for var token in try act.connection.tokens(of: agent.id, in: act.workspace)
            where token.kind == .gateway && token.endedAt == nil {
                if endsNow {
                    try act.end(token, reason: body.revoke == true ? .revoked : .rotated)
                } else {
                    // A second rotation never lengthens the life of what the first one replaced.
                    token.expiresAt = token.expiresAt.map { min($0, end) } ?? end
                    try act.connection.updateToken(token.sealed(with: act.ring))
                }
            }
            let token = try act.mintGatewayToken(for: agent)
            return Done(
                RotatedGatewayTokenBody(gatewayToken: token, previousExpiresAt: endsNow ? nil : end),
                AuditEvent(
                    action: .gatewayTokenRotate,
                    subjects: [agent.subject],
                    details: [AuditDetail(key: "revoke", value: body.revoke == true ? "yes" : "no")]
                )
            )
        }
    }

    /// Makes a gateway token for one interactive session of an agent: five minutes, and never an instance.
    package func createSession(
        for reference: String,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> SessionBody {
        try await write(.sessionCreate, by: caller, once: once) { act in
            let agent = try act.liveAgent(reference)
            let expiresAt = act.now + .seconds(300)
            let token = try act.mintToken(
                .gateway,
                as: .session,
                name: "session of \(agent.name)",
                agent: agent.id,
                expiresAt: expiresAt
            )
            return Done(
                SessionBody(gatewayToken: token.text, expiresAt: expiresAt),
                AuditEvent(action: .sessionCreate, subjects: [agent.subject, token.row.subject])
            )
        }
    }

    package func apiKeys(by caller: Caller) async throws(VaultError) -> APIKeyList {
        try await read(.tokenList, by: caller) { act in
            APIKeyList(
                apiKeys: try act.connection.tokens(kind: .workspaceKey, in: act.workspace).map { APIKeyBody($0) }
            )
        }
    }

    /// Makes a workspace key, at most with the caller's own role.
    package func createAPIKey(
        _ new: CreateAPIKeyBody,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> APIKeyBody {
        try await write(.tokenCreate, by: caller, once: once) { act in
            let role = new.role ?? act.member.role
            guard role <= act.member.role else {
                throw VaultError.invalidField("role", reason: "a key never exceeds the role of the one who makes it")
            }
            if let expiresAt = new.expiresAt, expiresAt <= act.now {
                throw VaultError.invalidField("expiresAt", reason: "the time is in the past")
            }
            let token = try act.mintToken(
                .workspaceKey,
                as: .workspaceKey,
                name: try displayName(new.name, field: "name").text,
                role: role,
                expiresAt: new.expiresAt,
                networks: try networks(new.networks)
            )
            return Done(
                APIKeyBody(token.row, token: token.text),
                AuditEvent(action: .tokenCreate, subjects: [token.row.subject])
            )
        }
    }

    /// Puts a new key in the place of a workspace key: same name, role and networks, and as long a life.
    ///
    /// `reference` is the key's id; nil is the key that the caller holds. The old one ends after the grace, or at
    /// once with `revoke`. Nobody renews a key of a role above the own one.
    package func rotateAPIKey(
        _ reference: String?,
        _ body: RotateGatewayTokenBody,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> RotatedAPIKeyBody {
        let grace = body.graceSeconds ?? 3_600
        guard (0...604_800).contains(grace) else {
            throw .invalidField("graceSeconds", reason: "0 to 604,800 seconds")
        }
        return try await write(.tokenRotate, by: caller, once: once) { act in
            var old = try act.apiKey(reference ?? act.member.token?.text ?? "")
            if let problem = old.problem(at: act.now) { throw VaultError.token(problem) }
            guard let role = old.role, role <= act.member.role else { throw VaultError.denied(.tokenRotate) }
            let life = old.expiresAt.map { Duration.milliseconds($0.milliseconds - old.createdAt.milliseconds) }
            let token = try act.mintToken(
                .workspaceKey,
                as: .workspaceKey,
                name: old.name,
                role: role,
                expiresAt: life.map { act.now + $0 },
                networks: old.networks
            )
            let endsNow = body.revoke == true || grace == 0
            let end = act.now + .seconds(grace)
            if endsNow {
                try act.end(old, reason: .rotated)
            } else {
                old.expiresAt = old.expiresAt.map { min($0, end) } ?? end
                try act.connection.updateToken(old.sealed(with: act.ring))
            }
            return Done(
                RotatedAPIKeyBody(
                    apiKey: APIKeyBody(token.row, token: token.text),
                    previousExpiresAt: endsNow ? nil : old.expiresAt
                ),
                AuditEvent(action: .tokenRotate, subjects: [old.subject, token.row.subject])
            )
        }
    }

    /// Ends a workspace key; it opens nothing from the moment this returns.
    package func revokeAPIKey(_ reference: String, by caller: Caller) async throws(VaultError) {
        let _: Bool = try await write(.tokenRevoke, by: caller) { act in
            let token = try act.apiKey(reference)
            if token.endedAt == nil { try act.end(token, reason: .revoked) }
            return Done(true, AuditEvent(action: .tokenRevoke, subjects: [token.subject]))
        }
    }
}

/// A token that was just made: its row, and the text that is shown once.
struct MintedToken {
    let row: TokenRow
    let text: String
}

extension Act {
    func mintGatewayToken(for agent: AgentRow) throws -> String {
        try mintToken(.gateway, as: .gateway, name: agent.name, agent: agent.id).text
    }

    func mintToken(
        _ format: BearerTokenKind,
        as kind: TokenKind,
        name: String,
        role: Role? = nil,
        agent: AgentID? = nil,
        entry: EntryID? = nil,
        provider: ProviderID? = nil,
        expiresAt: Timestamp? = nil,
        networks: String? = nil
    ) throws -> MintedToken {
        let token = BearerToken.mint(format)
        let row = TokenRow(
            id: TokenID(at: now),
            workspaceID: workspace,
            kind: kind,
            digest: token.digest,
            hint: token.hint,
            name: name,
            role: role,
            agentID: agent,
            createdBy: member.user,
            createdAt: now,
            expiresAt: expiresAt,
            endedAt: nil,
            endReason: nil,
            firstUsedAt: nil,
            lastUsedAt: nil,
            networks: networks,
            rowCode: [],
            entryID: entry,
            provider: provider
        ).sealed(with: ring)
        try connection.insertToken(row)
        return MintedToken(row: row, text: token.withText { String(decoding: $0, as: UTF8.self) })
    }

    /// The workspace key of that id.
    fileprivate func apiKey(_ reference: String) throws -> TokenRow {
        guard let id = TokenID(reference), let token = try connection.token(id, in: workspace),
            token.kind == .workspaceKey
        else { throw VaultError.notFound(.apiKey) }
        try token.verify(with: ring)
        return token
    }

    func end(_ token: TokenRow, reason: TokenEndReason) throws {
        var ended = token
        ended.endedAt = now
        ended.endReason = reason
        try connection.updateToken(ended.sealed(with: ring))
    }
}

extension APIKeyBody {
    init(_ row: TokenRow, token: String? = nil) {
        self.init(
            id: row.id.text,
            name: row.name,
            role: row.role ?? .member,
            hint: row.hint,
            createdAt: row.createdAt,
            expiresAt: row.expiresAt,
            revokedAt: row.endedAt,
            lastUsedAt: row.lastUsedAt,
            networks: row.networks?.split(separator: " ").map(String.init),
            token: token
        )
    }
}

extension TokenRow {
    /// Refuses a key that has ended, or that is shown from where it may not be.
    fileprivate func checkKey(from address: IPAddress, at now: Timestamp) throws(VaultError) {
        if let problem = problem(at: now) { throw .token(problem) }
        guard let networks else { return }
        let isAccepted = networks.split(separator: " ").contains { NetworkRange($0)?.contains(address) == true }
        guard isAccepted else { throw .addressNotAllowed }
    }
}

/// Reads the networks of a key, in the form in which they are stored; an empty list is refused, since it could be meant
/// as none or as all.
private func networks(_ texts: [String]?) throws(VaultError) -> String? {
    guard let texts else { return nil }
    let ranges = texts.compactMap { NetworkRange($0) }
    guard (1...50).contains(texts.count), ranges.count == texts.count else {
        throw .invalidField(
            "networks",
            reason: "1 to 50 networks such as 192.0.2.0/24 or 2001:db8::/32, with zeros after the prefix"
        )
    }
    return ranges.map(\.description).joined(separator: " ")
}

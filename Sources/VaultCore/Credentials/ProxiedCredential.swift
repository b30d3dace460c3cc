// SPDX-License-Identifier: Apache-2.0

internal import ProviderCatalog
internal import ProxyRules
internal import Sealing
internal import Storage
internal import VaultModel

/// A credential that an instance uses through the proxy: it gets a token of its own in the credential's place.
struct ProxiedCredential: Sendable {
    let entry: EntryRow
    let credential: CredentialRow

    /// How long a session, which is no instance and has no end, keeps its tokens.
    static let sessionLife: Duration = .seconds(43_200)

    /// Mints a token, and the variables that hand it out: the token under the credential's name, and under the name of
    /// its provider's base URL the place of `/v1/via/…` below `address`.
    ///
    /// A credential that goes to several hosts has no base URL; its agent is told where `/v1/proxy` is instead.
    func lease(at address: String) -> ProxyLease {
        let bearer = BearerToken.mint(.proxy)
        let text = SharedSecret(bearer.withText { SecretBytes(copying: $0) })
        let hosts = credential.effectiveHosts(of: entry.provider).compactMap { try? HostRule($0) }
        let provider = entry.provider.flatMap(Provider.named)
        var variables = [StartVariable(name: entry.name.text, value: text)]
        var place: (name: String, url: String)
        if credential.baseURL(of: entry.provider, hosts: hosts) != nil {
            place = (provider?.baseURLName ?? "\(entry.name)_BASE_URL", "\(address)/v1/via/\(entry.id.text)")
        } else {
            place = ("\(entry.name)_PROXY_URL", "\(address)/v1/proxy")
        }
        // A name that is too long for one more word keeps the token alone.
        if let name = try? EnvironmentName(place.name) {
            let url = SharedSecret(SecretBytes(copying: Array(place.url.utf8)))
            variables.append(StartVariable(name: name.text, value: url))
        }
        return ProxyLease(credential.name, bearer, opening: entry.id, as: variables)
    }
}

/// A token for the proxy that a start is about to hand out; it opens nothing before it was recorded.
struct ProxyLease: Sendable {
    let name: String
    /// What the token is for: one credential, or any of a provider.
    let entry: EntryID?
    let provider: ProviderID?
    let digest: [UInt8]
    let hint: String
    let variables: [StartVariable]

    fileprivate init(
        _ name: String,
        _ bearer: borrowing BearerToken,
        opening entry: EntryID? = nil,
        of provider: ProviderID? = nil,
        as variables: [StartVariable]
    ) {
        self.name = name
        self.entry = entry
        self.provider = provider
        digest = bearer.digest
        hint = bearer.hint
        self.variables = variables
    }

    /// Mints a token for a provider: which of its credentials is used is decided for every call.
    init?(of provider: ProviderID, at address: String) {
        guard let name = provider.environmentName else { return nil }
        let bearer = BearerToken.mint(.proxy)
        let text = SharedSecret(bearer.withText { SecretBytes(copying: $0) })
        var variables = [StartVariable(name: name.text, value: text)]
        if let name = provider.baseURLName {
            let url = SharedSecret(SecretBytes(copying: Array("\(address)/v1/via/\(provider)".utf8)))
            variables.append(StartVariable(name: name.text, value: url))
        }
        self.init(provider.text, bearer, of: provider, as: variables)
    }

    /// The row that makes the token good, until the instance ends or, of a session, until `expiresAt`.
    func token(
        of agent: AgentRow,
        for start: InstanceID,
        by user: UserID,
        at now: Timestamp,
        expiresAt: Timestamp?,
        ring: KeyRing
    ) -> TokenRow {
        TokenRow(
            id: TokenID(at: now),
            workspaceID: agent.workspaceID,
            kind: .proxy,
            digest: digest,
            hint: hint,
            name: name,
            role: nil,
            agentID: agent.id,
            createdBy: user,
            createdAt: now,
            expiresAt: expiresAt,
            endedAt: nil,
            endReason: nil,
            firstUsedAt: nil,
            lastUsedAt: nil,
            rowCode: [],
            entryID: entry,
            instanceID: start,
            provider: provider
        ).sealed(with: ring)
    }
}

/// What a start hands out under one name.
struct StartVariable: Sendable {
    let name: String
    let value: SharedSecret
}

extension CredentialRow {
    /// What stands before the path of `/v1/via/…`: the catalogue's, unless the credential's own rules say something else;
    /// then that of the one host there is.
    func baseURL(of provider: ProviderID?, hosts rules: [HostRule]) -> String? {
        if hosts.isEmpty, let base = provider.flatMap(Provider.named)?.baseURL { return base }
        let exact = rules.filter { !$0.isWildcard }
        guard let first = exact.first,
            exact.allSatisfy({ $0.host == first.host && $0.port == first.port && $0.scheme == first.scheme })
        else { return nil }
        let port = first.port == first.scheme.defaultPort ? "" : ":\(first.port)"
        return "\(first.scheme.rawValue)://\(first.host.uriText)\(port)"
    }
}

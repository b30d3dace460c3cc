// SPDX-License-Identifier: Apache-2.0

internal import ProviderCatalog
internal import ProxyRules
package import VaultModel

/// A value that is no key of the provider that its credential is for; holds the catalogue's words, no part of the value.
package struct KeyMismatch: Equatable, Sendable {
    /// As people know it.
    package let provider: String
    /// What its keys begin with.
    package let prefix: String
    /// Where a person makes one.
    package let keyPage: String?
    /// The provider whose keys begin like the value.
    package let issuer: Issuer?

    package struct Issuer: Equatable, Sendable {
        package let id: ProviderID
        package let name: String

        package init(id: ProviderID, name: String) {
            self.id = id
            self.name = name
        }
    }

    package init(provider: String, prefix: String, keyPage: String?, issuer: Issuer?) {
        self.provider = provider
        self.prefix = prefix
        self.keyPage = keyPage
        self.issuer = issuer
    }
}

extension KeyMismatch {
    /// Nil when `key` may be one of the provider's, or when a credential with these rules, one a line, never goes to it.
    ///
    /// A gateway, or another server of the same API, gives out keys of its own.
    init?(_ key: borrowing SecretBytes, for provider: Provider, hosts: String) {
        let (isIssued, issuer) = key.withBytes { (provider.issues($0), Provider.ofKey($0)) }
        guard !isIssued, provider.isReached(by: hosts) else { return nil }
        self.init(
            provider: provider.name,
            prefix: provider.keyPrefix,
            keyPage: provider.keyPage,
            // The mark alone is the beginning of a key.
            issuer: issuer.flatMap { $0.keyPrefix == provider.keyPrefix ? nil : Issuer(id: $0.id, name: $0.name) }
        )
    }
}

extension Provider {
    /// Whether a credential with these rules of its own, one a line, goes to one of the provider's hosts.
    fileprivate func isReached(by hosts: String) -> Bool {
        guard !hosts.isEmpty else { return true }
        let places = self.hosts.compactMap { try? TargetURL("https://\($0)") }
        return hosts.split(separator: "\n").contains { text in
            guard let rule = try? HostRule(String(text)) else { return false }
            return places.contains(where: rule.hasPlace)
        }
    }
}

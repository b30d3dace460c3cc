// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// A service that issues keys, and all that Attaché has to know of it: data, in one place.
package struct Provider: Sendable {
    package let id: ProviderID
    /// As people know it.
    package let name: String
    package let category: ProviderCategory
    package let connections: [ProviderConnection]
    /// What its keys begin with; empty when they have no such mark.
    package let keyPrefix: String
    /// The variable in which its SDK looks for the key.
    package let environmentName: String
    /// The variable in which its SDK looks for another base URL.
    package let baseURLName: String
    /// What its SDK puts before each path, without a slash at the end; nil when the user says it.
    package let baseURL: String?
    package let scheme: CredentialScheme
    /// For ``CredentialScheme/customHeader``.
    package let header: String?
    /// What stands before the key in that field.
    package let keyIntroduction: String?
    /// Where its credentials may go, as rules for hosts; empty when the user says it.
    package let hosts: [String]
    /// A request that costs nothing and shows whether a key is good; nil when there is none.
    package let test: TestRequest?
    /// What it says of a bad key with another status than most.
    package let refusals: [KeyRefusal]
    /// Where a person makes a key.
    package let keyPage: String?
}

/// A request that shows whether a key is good.
package struct TestRequest: Sendable {
    package let url: String
    /// Fields beside the credential's own.
    package let fields: [(name: String, value: String)]
}

/// An answer that means a bad key although its status is none of 401, 402, 403 and 429.
package struct KeyRefusal: Sendable {
    package let status: Int
    /// Stands in the body.
    package let mark: String
}

extension Provider {
    /// The provider of that id.
    package static func named(_ id: ProviderID) -> Provider? { byID[id] }

    /// The provider whose keys begin like `key`: the longest mark wins, and what shares its mark is told by the first.
    package static func ofKey(_ key: UnsafeRawBufferPointer) -> Provider? {
        var best: Provider?
        for provider in all where !provider.keyPrefix.isEmpty && key.starts(with: provider.keyPrefix.utf8) {
            if provider.keyPrefix.utf8.count > best?.keyPrefix.utf8.count ?? 0 { best = provider }
        }
        return best
    }

    /// Whether `key` may be this provider's: it begins as its keys do, and not with a longer mark of another's.
    ///
    /// Anything may be a key of a provider whose keys have no mark.
    package func issues(_ key: UnsafeRawBufferPointer) -> Bool {
        guard !keyPrefix.isEmpty else { return true }
        return key.count > keyPrefix.utf8.count && Provider.ofKey(key)?.keyPrefix == keyPrefix
    }

    private static let byID = Dictionary(all.map { ($0.id, $0) }) { first, _ in first }
}

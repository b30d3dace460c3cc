// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension ProviderCategory: Codable {}

extension ProviderConnection: Codable {}

/// A service that issues keys, as the catalogue knows it.
package struct ProviderBody: Codable, Equatable, Sendable {
    package var id: String
    /// As people know it.
    package var name: String
    package var category: ProviderCategory
    package var connections: [ProviderConnection]
    /// How its keys are presented.
    package var type: CredentialScheme
    /// The field that a key stands in, for `CUSTOM_HEADER`.
    package var header: String?
    /// What its keys begin with; absent where they have no such mark.
    package var keyPrefix: String?
    /// The variable in which its SDK looks for the key.
    package var environmentName: String
    /// The variable in which its SDK looks for another base URL.
    package var baseURLName: String
    /// What its SDK puts before each path; absent where the user says it.
    package var baseURL: String?
    /// Where a credential of it may go unless told; empty where the user says it.
    package var hosts: [String]
    /// Whether there is a request that costs nothing and shows whether a key is good.
    package var testable: Bool
    /// Where a person makes a key.
    package var keyPage: String?

    package init(
        id: String,
        name: String,
        category: ProviderCategory,
        connections: [ProviderConnection],
        type: CredentialScheme,
        header: String?,
        keyPrefix: String?,
        environmentName: String,
        baseURLName: String,
        baseURL: String?,
        hosts: [String],
        testable: Bool,
        keyPage: String?
    ) {
        self.id = id
        self.name = name
        self.category = category
        self.connections = connections
        self.type = type
        self.header = header
        self.keyPrefix = keyPrefix
        self.environmentName = environmentName
        self.baseURLName = baseURLName
        self.baseURL = baseURL
        self.hosts = hosts
        self.testable = testable
        self.keyPage = keyPage
    }
}

/// Every provider of the catalogue, by category.
package struct ProviderList: Codable, Equatable, Sendable {
    package var providers: [ProviderBody]

    package init(providers: [ProviderBody]) {
        self.providers = providers
    }
}

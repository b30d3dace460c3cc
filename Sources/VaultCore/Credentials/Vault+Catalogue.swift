// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import ProviderCatalog
package import VaultModel

extension Vault {
    /// Lists the services that a credential can be of, in the catalogue's order.
    package func providers(by caller: Caller) async throws(VaultError) -> ProviderList {
        try await read(.credentialList, by: caller) { _ in
            ProviderList(providers: Provider.all.map(ProviderBody.init))
        }
    }
}

extension ProviderBody {
    fileprivate init(_ provider: Provider) {
        self.init(
            id: provider.id.text,
            name: provider.name,
            category: provider.category,
            connections: provider.connections,
            type: provider.scheme,
            header: provider.header,
            keyPrefix: provider.keyPrefix.isEmpty ? nil : provider.keyPrefix,
            environmentName: provider.environmentName,
            baseURLName: provider.baseURLName,
            baseURL: provider.baseURL,
            hosts: provider.hosts,
            testable: provider.test != nil,
            keyPage: provider.keyPage
        )
    }
}

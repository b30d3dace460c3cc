// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import VaultModel

struct ListProvidersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "providers",
        abstract: "List the services whose keys are known: how they are presented, and where they may go.",
        discussion: """
            What --provider takes, of credentials add and credentials attach.

            Example:
              attache credentials providers --category audio
            """
    )

    @OptionGroup var client: ClientOptions

    @Option(help: "Only those of one category.")
    var category: ProviderCategory?

    func run() async throws {
        let all = try await client.withServer { try await $0.providers() }
        let shown = all.providers.filter { category == nil || $0.category == category }
        try client.show(ProviderList(providers: shown)) { text(of: shown) }
    }

    private func text(of providers: [ProviderBody]) -> String {
        var table = Table("PROVIDER", "NAME", "CATEGORY", "TYPE", "VARIABLE", "HOSTS")
        for provider in providers {
            table.add(
                provider.id,
                provider.name.printable,
                provider.category.rawValue,
                provider.type.rawValue,
                provider.environmentName,
                provider.hosts.isEmpty ? "(yours)" : provider.hosts.joined(separator: ", ").shortened(to: 40)
            )
        }
        return table.text
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import VaultModel

struct ListSecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List entries, oldest first.",
        discussion: """
            Example:
              attache secrets list --match OPENAI --kind secret
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var list: ListOptions

    @Option(help: ArgumentHelp("Only entries whose name contains this.", valueName: "text"))
    var match: String?

    @Option(help: "Only entries of this kind.")
    var kind: EntryKind?

    func run() async throws {
        let page = try await client.withServer { server in
            try await list.collect { limit, cursor in
                let page = try await server.secrets(limit: limit, cursor: cursor, matching: match, kind: kind)
                return Page(items: page.secrets, next: page.nextCursor)
            }
        }
        try client.show(SecretPage(secrets: page.items, nextCursor: page.next)) { text(of: page.items) }
    }

    private func text(of entries: [SecretBody]) -> String {
        guard !entries.isEmpty else { return "no entries\n" }
        var table = Table("NAME", "KIND", "VERSION", "VALUE", "PROVIDER", "AGENTS", "UPDATED")
        for entry in entries {
            table.add(
                entry.name,
                entry.kind.rawValue,
                String(entry.version),
                entry.shownValue.shortened(to: 40),
                entry.provider ?? "-",
                String(entry.agents),
                entry.updatedAt.local
            )
        }
        return table.text
    }
}

extension SecretBody {
    /// What a person sees where the value stands.
    var shownValue: String { intact ? (value ?? mask ?? "-").printable : "(damaged)" }
}

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
            An entry is used when it is delivered to a process; a list knows of it about ten seconds later.

            Examples:
              attache secrets list --match OPENAI --kind secret
              attache secrets list --expiring 7d
              attache secrets list --unused 90d
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var list: ListOptions

    @Option(help: ArgumentHelp("Only entries whose name contains this.", valueName: "text"))
    var match: String?

    @Option(help: "Only entries of this kind.")
    var kind: EntryKind?

    @Option(help: ArgumentHelp("Only entries that expire within this time, or have expired.", valueName: "span"))
    var expiring: TimeSpan?

    @Option(help: ArgumentHelp("Only older entries that were not delivered for this long.", valueName: "span"))
    var unused: TimeSpan?

    func run() async throws {
        let now = SystemWallClock().now
        let page = try await client.withServer { server in
            try await list.collect { limit, cursor in
                let page = try await server.secrets(
                    limit: limit,
                    cursor: cursor,
                    matching: match,
                    kind: kind,
                    expiringBefore: expiring.map { now + .seconds($0.seconds) },
                    unusedSince: unused.map { now + .seconds(-$0.seconds) }
                )
                return Page(items: page.secrets, next: page.nextCursor)
            }
        }
        try client.show(SecretPage(secrets: page.items, nextCursor: page.next)) { text(of: page.items) }
    }

    private func text(of entries: [SecretBody]) -> String {
        guard !entries.isEmpty else { return "no entries\n" }
        var table = Table("NAME", "KIND", "VERSION", "VALUE", "PROVIDER", "AGENTS", "UPDATED", "USED", "EXPIRES")
        for entry in entries {
            table.add(
                entry.name,
                entry.kind.rawValue,
                String(entry.version),
                entry.shownValue.shortened(to: 40),
                entry.provider ?? "-",
                String(entry.agents),
                entry.updatedAt.local,
                entry.lastUsedAt?.local ?? "-",
                entry.shownExpiry ?? "-"
            )
        }
        return table.text
    }
}

extension SecretBody {
    /// When the entry ends, and whether that is near.
    var shownExpiry: String? {
        guard let expiresAt else { return nil }
        return expiresAt.local + (expiry.map { " (\($0.words))" } ?? "")
    }

    /// What a person sees where the value stands.
    var shownValue: String { intact ? (value ?? mask ?? "-").printable : "(damaged)" }
}

extension ExpiryState {
    /// For people.
    var words: String {
        switch self {
        case .expiringSoon: "soon"
        case .expiring: "very soon"
        case .expired: "expired"
        }
    }
}

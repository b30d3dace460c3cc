// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import VaultModel

struct ListCredentialsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List credentials, oldest first.",
        discussion: """
            Examples:
              attache credentials list --match stripe
              attache credentials list --revoked
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var list: ListOptions

    @Option(help: ArgumentHelp("Only credentials whose name contains this.", valueName: "text"))
    var match: String?

    @Flag(help: "Those that were revoked or removed, and no others.")
    var revoked = false

    func run() async throws {
        let page = try await client.withServer { server in
            try await list.collect { limit, cursor in
                let page = try await server.credentials(
                    limit: limit,
                    cursor: cursor,
                    matching: match,
                    areRevoked: revoked
                )
                return Page(items: page.credentials, next: page.nextCursor)
            }
        }
        try client.show(CredentialPage(credentials: page.items, nextCursor: page.next)) {
            revoked ? revokedText(of: page.items) : text(of: page.items)
        }
    }

    private func text(of credentials: [CredentialBody]) -> String {
        guard !credentials.isEmpty else { return "no credentials\n" }
        var table = Table("NAME", "TYPE", "VERSION", "VALUE", "PROVIDER", "PRIORITY", "HOSTS", "AGENTS")
        for credential in credentials {
            table.add(
                credential.name,
                credential.type.rawValue,
                String(credential.version),
                credential.shownValue,
                credential.provider ?? "-",
                credential.provider.map { _ in String(credential.rotationPriority) } ?? "-",
                credential.shownHosts.shortened(to: 40),
                String(credential.agents)
            )
        }
        return table.text
    }

    private func revokedText(of credentials: [CredentialBody]) -> String {
        guard !credentials.isEmpty else { return "no revoked credentials\n" }
        var table = Table("NAME", "TYPE", "PROVIDER", "REVOKED", "ID")
        for credential in credentials {
            table.add(
                credential.name,
                credential.type.rawValue,
                credential.provider ?? "-",
                credential.revokedAt?.local ?? "-",
                credential.id
            )
        }
        return table.text
    }
}

extension CredentialBody {
    var shownValue: String { intact ? (mask ?? "-").printable : "(damaged)" }

    var shownHosts: String { hosts.isEmpty ? "(nowhere)" : hosts.map(\.printable).joined(separator: ", ") }
}

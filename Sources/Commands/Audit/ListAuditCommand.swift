// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct ListAuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List entries of the trail, newest first.",
        discussion: """
            The newest 50 without --limit; attache audit export gives all. That somebody looked at the trail stands in it.

            Examples:
              attache audit list --limit 200
              attache audit list --subject OPENAI_API_KEY --since 30d
              attache audit list --denied --actor api_key
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var list: ListOptions
    @OptionGroup var filter: AuditFilterOptions
    @OptionGroup var chain: AuditChainOptions

    func run() async throws {
        let query = filter.query
        let page = try await client.withServer { server in
            try await Page.collecting(upTo: list.limit ?? 50, from: list.cursor) { limit, cursor in
                let page = try await server.audit(limit: limit, cursor: cursor, query, ofSystem: chain.system)
                return Page(items: page.entries, next: page.nextCursor)
            }
        }
        try client.show(AuditPage(entries: page.items, nextCursor: page.next)) {
            guard !page.items.isEmpty else { return "no entries\n" }
            var table = Table("NUMBER", "TIME", "WHO", "ACTION", "RESULT", "WHAT")
            for entry in page.items {
                table.add(
                    String(entry.sequence),
                    entry.at.local,
                    entry.actor,
                    entry.action,
                    entry.allowed ? "allowed" : "refused" + (entry.reason.map { ": \($0)" } ?? ""),
                    entry.subjects.map(\.shown).joined(separator: ", ").shortened(to: 80)
                )
            }
            return table.text
        }
    }
}

extension AuditSubjectBody {
    fileprivate var shown: String {
        "\(kind) \(name ?? id)" + (version.map { "@\($0)" } ?? "")
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct ListAgentsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List agents, oldest first.",
        discussion: """
            Example:
              attache agents list --match bot
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var list: ListOptions

    @Option(help: ArgumentHelp("Only agents whose name contains this.", valueName: "text"))
    var match: String?

    func run() async throws {
        let page = try await client.withServer { server in
            try await list.collect { limit, cursor in
                let page = try await server.agents(limit: limit, cursor: cursor, matching: match)
                return Page(items: page.agents, next: page.nextCursor)
            }
        }
        try client.show(AgentPage(agents: page.items, nextCursor: page.next)) {
            guard !page.items.isEmpty else { return "no agents\n" }
            var table = Table("NAME", "ID", "INSTANCES", "REPLICAS", "CREATED")
            for agent in page.items {
                table.add(
                    agent.name,
                    agent.id,
                    String(agent.instances),
                    String(agent.replicas),
                    agent.createdAt.local
                )
            }
            return table.text
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct InstancesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "instances",
        abstract: "List an agent's starts, newest first, and what each was given.",
        discussion: """
            Example:
              attache agents instances bot --limit 10
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var list: ListOptions

    @Argument(help: "The agent's name or id.", completion: .agentNames)
    var agent: String

    func run() async throws {
        let page = try await client.withServer { server in
            try await list.collect { limit, cursor in
                let page = try await server.instances(of: agent, limit: limit, cursor: cursor)
                return Page(items: page.instances, next: page.nextCursor)
            }
        }
        try client.show(InstancePage(instances: page.items, nextCursor: page.next)) {
            guard !page.items.isEmpty else { return "no instances\n" }
            var table = Table("REPLICA", "STARTED", "ENDED", "WHY", "RECEIVED", "ID")
            for instance in page.items {
                let receipt = instance.receipt.map { "\($0.name)@\($0.version)" }.joined(separator: " ")
                table.add(
                    instance.replica,
                    instance.startedAt.local,
                    instance.endedAt?.local ?? "-",
                    instance.endReason ?? "-",
                    receipt.isEmpty ? "-" : receipt.shortened(to: 60),
                    instance.id
                )
            }
            return table.text
        }
    }
}

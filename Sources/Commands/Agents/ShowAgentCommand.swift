// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct ShowAgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one agent, what is attached to it, and whether its instances have the current versions.",
        discussion: """
            Example:
              attache agents show bot
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The agent's name or id.", completion: .agentNames)
    var agent: String

    func run() async throws {
        let body = try await client.withServer { try await $0.agent(agent) }
        try client.show(body) { body.text }
    }
}

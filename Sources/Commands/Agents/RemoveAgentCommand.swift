// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import ArgumentParser

struct RemoveAgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove an agent; its tokens stop working.",
        discussion: """
            Processes that run keep what they were given.

            Example:
              attache agents remove bot
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The agent's name or id.", completion: .agentNames)
    var agent: String

    func run() async throws {
        try await client.withServer { try await $0.deleteAgent(agent) }
        try client.show(SuccessDocument()) { "removed \(agent.printable)\n" }
    }
}

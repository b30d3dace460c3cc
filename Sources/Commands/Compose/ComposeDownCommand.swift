// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import ContainerEdits

struct ComposeDownCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "Leave the agent as it is, or remove it where the project says so.",
        discussion: """
            Example:
              attache compose --project-name shop down --agent web --remove true attache
            """
    )

    @OptionGroup var project: ComposeProject
    @OptionGroup var client: ClientOptions
    @OptionGroup var options: ComposeAgentOptions

    @Option(help: "Remove the agent, true or false.")
    var remove = ComposeChoice.no

    func run() async throws {
        guard remove == .yes else { return }
        let agent = options.name(in: project)
        let isRemoved = try await client.withServer { server in
            guard try await server.agentIfPresent(agent) != nil else { return false }
            try await server.deleteAgent(agent)
            return true
        }
        guard isRemoved else { return }
        try StandardStream.output.write(ComposeMessage.info("removed the agent \(agent)").line)
    }
}

struct ComposeStopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Do nothing: the engine tells of containers that end.",
        discussion: """
            Example:
              attache compose --project-name shop stop attache
            """
    )

    @OptionGroup var project: ComposeProject

    @Argument(help: "The provider's name among the services.")
    var service: String

    func run() async throws {}
}

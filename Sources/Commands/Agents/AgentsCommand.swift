// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

struct AgentsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agents",
        abstract: "Agents and what is attached to them.",
        discussion: """
            Example:
              attache agents create bot --secret OPENAI_API_KEY --secret LOG_LEVEL
            """,
        subcommands: [
            ListAgentsCommand.self, ShowAgentCommand.self, CreateAgentCommand.self, UpdateAgentCommand.self,
            RemoveAgentCommand.self, AttachCommand.self, DetachCommand.self, InstancesCommand.self, RestartCommand.self,
            CheckAgentCommand.self,
        ]
    )
}

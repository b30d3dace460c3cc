// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import FoundationEssentials

struct ExecCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run a command with what is attached to an agent.",
        discussion: """
            For shells, probes and trials: the command receives the agent's values in its environment and does not count as \
            an instance of it. attache becomes attache-exec, which fetches the values and becomes the command, so that they \
            never pass through attache. It is looked for in ATTACHE_EXEC_PATH, beside attache, and in PATH.

            Exit status: that of the command; 125 where attache-exec fails, 126 and 127 where the command cannot be run or \
            found.

            Examples:
              attache exec bot -- env
              attache exec bot -- python -m bot --once
            """
    )

    @OptionGroup var client: ClientOptions

    @Option(help: ArgumentHelp("The agents' socket (ATTACHE_AGENT_SOCKET).", valueName: "path"))
    var agentSocket: String?

    @Argument(help: "The agent's name or id.")
    var agent: String

    @Argument(parsing: .postTerminator, help: "The command and its arguments, after --.")
    var command: [String]

    func validate() throws {
        if command.isEmpty { throw ValidationError("there is no command: write it after --") }
    }

    func run() async throws {
        let settings = try client.settings(agentSocket: agentSocket)
        // Before the session, which would end unused.
        let wrapper = try Wrapper.find(environment: ClientOptions.environment)
        let session = try await settings.withServer { try await $0.createSession(for: agent) }
        let environment = Wrapper.environment(
            from: ClientOptions.environment,
            token: session.gatewayToken,
            agentSocket: settings.agentSocket.hasPrefix("/")
                ? settings.agentSocket
                : "\(FileManager.default.currentDirectoryPath)/\(settings.agentSocket)"
        )
        throw wrapper.become(arguments: ["--"] + command, environment: environment)
    }
}

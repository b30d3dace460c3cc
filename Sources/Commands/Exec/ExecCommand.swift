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
            never pass through attache. It is looked for in ATTACHE_EXEC_PATH, beside attache, and in PATH. With --address \
            the values come from there, and for https the program is attache-exec-tls.

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

    @Argument(help: "The agent's name or id.", completion: .agentNames)
    var agent: String

    @Option(help: .hidden)
    var envFile: String?

    @Argument(parsing: .postTerminator, help: "The command and its arguments, after --.")
    var command: [String] = []

    func validate() throws {
        if envFile != nil {
            throw ValidationError(
                "no file of values is written, since it would stay; run the program itself: attache exec AGENT -- command"
            )
        }
        if command.isEmpty { throw ValidationError("there is no command: write it after --") }
    }

    func run() async throws {
        let settings = try client.settings(agentSocket: agentSocket)
        let socket = settings.agentSocket
        let folder = socket.hasPrefix("/") ? "" : "\(FileManager.default.currentDirectoryPath)/"
        let address = settings.startURL ?? "unix://\(folder)\(socket)"
        // Before the session, which would end unused.
        let wrapper = try Wrapper.find(environment: ClientOptions.environment, address: address)
        let session = try await settings.withServer { try await $0.createSession(for: agent) }
        let environment = Wrapper.environment(
            from: ClientOptions.environment,
            token: session.gatewayToken,
            address: address,
            certificates: settings.startURL == nil ? nil : settings.certificates
        )
        throw wrapper.become(arguments: ["--"] + command, environment: environment)
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct CreateAgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make an agent and its gateway token, which is shown once.",
        discussion: """
            With --credential and --provider it prints the proxy tokens too, once.

            Examples:
              attache agents create bot --secret OPENAI_API_KEY --token-file bot.token
              attache agents create bot --credential Resend --provider openai
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The agent's name.")
    var name: String

    @Option(name: .customLong("secret"), help: ArgumentHelp("Attach this entry; may be repeated.", valueName: "name"))
    var secrets: [String] = []

    @Option(
        name: .customLong("credential"),
        help: ArgumentHelp("Attach this credential by proxy; may be repeated.", valueName: "name")
    )
    var credentials: [String] = []

    @Option(
        name: .customLong("provider"),
        help: ArgumentHelp("Attach this provider; may be repeated.", valueName: "id")
    )
    var providers: [String] = []

    @Option(help: ArgumentHelp("How many instances may run at once.", valueName: "n"))
    var replicas: Int64?

    @Option(
        name: .customLong("allow-name"),
        help: ArgumentHelp("A name like PATH that it may receive all the same.", valueName: "name")
    )
    var allowedNames: [String] = []

    @OptionGroup var token: TokenFileOptions

    func run() async throws {
        let body = CreateAgentBody(
            name: name,
            replicas: replicas,
            allowedNames: allowedNames.isEmpty ? nil : allowedNames,
            secretIds: secrets.isEmpty ? nil : secrets,
            credentialIds: credentials.isEmpty ? nil : credentials,
            providers: providers.isEmpty ? nil : providers
        )
        var agent = try await token.keep(\.gatewayToken, replacing: false) {
            try await client.withServer { try await $0.createAgent(body) }
        }
        if token.tokenFile != nil { agent.gatewayToken = nil }
        try client.show(agent) { agent.text }
        client.note(token.note)
    }
}

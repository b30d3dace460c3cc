// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct ProxyTokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proxy-token",
        abstract: "The token with which an agent uses a credential, or a provider, through the proxy.",
        discussion: """
            Example:
              attache proxy-token rotate bot Anthropic
            """,
        subcommands: [RotateProxyTokenCommand.self]
    )
}

struct RotateProxyTokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Make a new proxy token, which is shown once.",
        discussion: """
            The old one keeps working until the grace ends. With --now it ends at once, and so do those that running \
            instances were given at their start.

            Examples:
              attache proxy-token rotate bot Anthropic --grace 15m
              attache proxy-token rotate bot --provider openai --now
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The agent's name or id.", completion: .agentNames)
    var agent: String

    @OptionGroup var subject: CredentialOrProvider

    @Flag(help: "End the old tokens now.")
    var now = false

    @Option(help: ArgumentHelp("How long the old token works, such as 15m (default 1h).", valueName: "span"))
    var grace: TimeSpan?

    func validate() throws {
        if now, grace != nil { throw ValidationError("--now and --grace exclude each other") }
    }

    func run() async throws {
        let body = RotateGatewayTokenBody(revoke: now ? true : nil, graceSeconds: grace?.seconds)
        let answer = try await client.withServer { server in
            if let provider = subject.provider {
                try await server.rotateProxyToken(ofProvider: provider, on: agent, body)
            } else {
                try await server.rotateProxyToken(of: subject.name ?? "", on: agent, body)
            }
        }
        try client.show(answer) {
            var fields = FieldList()
            fields.add("proxy token", answer.proxyToken)
            fields.add("old token ends", answer.previousExpiresAt?.localWithZone ?? "now")
            return fields.text
        }
        client.note("the proxy token is not shown again")
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct GatewayTokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway-token",
        abstract: "The token with which an agent's process fetches its values.",
        discussion: """
            Example:
              attache gateway-token rotate bot
            """,
        subcommands: [RotateGatewayTokenCommand.self]
    )
}

struct RotateGatewayTokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Make a new gateway token, which is shown once.",
        discussion: """
            The old one keeps working until the new one is first used, or until the grace ends.

            Examples:
              attache gateway-token rotate bot --grace 15m
              attache gateway-token rotate bot --now
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The agent's name or id.", completion: .agentNames)
    var agent: String

    @Flag(help: "End the old token now.")
    var now = false

    @Option(help: ArgumentHelp("How long the old token works at most, such as 15m (default 1h).", valueName: "span"))
    var grace: TimeSpan?

    func validate() throws {
        if now, grace != nil { throw ValidationError("--now and --grace exclude each other") }
    }

    func run() async throws {
        let body = RotateGatewayTokenBody(revoke: now ? true : nil, graceSeconds: grace?.seconds)
        let answer = try await client.withServer { try await $0.rotateGatewayToken(of: agent, body) }
        try client.show(answer) {
            var fields = FieldList()
            fields.add("gateway token", answer.gatewayToken)
            fields.add("old token ends", answer.previousExpiresAt?.localWithZone ?? "now")
            return fields.text
        }
        client.note("the gateway token is not shown again")
    }
}

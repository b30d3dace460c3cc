// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import VaultModel

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
              attache gateway-token rotate bot --now --token-file bot.token
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The agent's name or id.", completion: .agentNames)
    var agent: String

    @Flag(help: "End the old token now.")
    var now = false

    @Option(help: ArgumentHelp("How long the old token works at most, such as 15m (default 1h).", valueName: "span"))
    var grace: TimeSpan?

    @OptionGroup var token: TokenFileOptions

    func validate() throws {
        if now, grace != nil { throw ValidationError("--now and --grace exclude each other") }
    }

    func run() async throws {
        let body = RotateGatewayTokenBody(revoke: now ? true : nil, graceSeconds: grace?.seconds)
        let answer = try await token.keep(\.gatewayToken, replacing: true) {
            try await client.withServer { try await $0.rotateGatewayToken(of: agent, body) }
        }
        let ends = answer.previousExpiresAt
        if let file = token.tokenFile {
            try client.show(KeptTokenBody(tokenFile: file, previousExpiresAt: ends)) { Self.text(nil, oldEnds: ends) }
        } else {
            try client.show(answer) { Self.text(answer.gatewayToken, oldEnds: ends) }
        }
        client.note(token.note)
    }

    private static func text(_ token: String?, oldEnds: Timestamp?) -> String {
        var fields = FieldList()
        fields.add("gateway token", token)
        fields.add("old token ends", oldEnds?.localWithZone ?? "now")
        return fields.text
    }
}

/// The answer to a rotation whose token went into a file.
private struct KeptTokenBody: Encodable {
    let tokenFile: String
    let previousExpiresAt: Timestamp?
}

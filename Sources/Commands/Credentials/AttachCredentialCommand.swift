// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import VaultModel

struct AttachCredentialCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Attach a credential to an agent.",
        discussion: """
            Through the proxy unless told: the agent gets a token, shown only now, and never holds the credential. With
            --delivery environment instances receive the value itself at their next start.

            Example:
              attache credentials attach bot Anthropic
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The agent's name or id.", completion: .agentNames)
    var agent: String

    @Option(help: "How it reaches the agent.")
    var delivery = Delivery.proxy

    @Argument(help: "The credential's name or id.")
    var name: String

    func run() async throws {
        let answer = try await client.withServer { server in
            try await server.attachCredential(
                AttachCredentialBody(credentialId: name, delivery: delivery),
                to: agent
            )
        }
        try client.show(answer) {
            let token = answer.proxyToken.map { "proxy token, shown only now: \($0)\n" } ?? ""
            return "attached \(name.printable) to \(agent.printable)\n\(token)"
        }
    }
}

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
            Instances that run receive it at their next start.

            Example:
              attache credentials attach bot Anthropic
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The agent's name or id.", completion: .agentNames)
    var agent: String

    @Argument(help: "The credential's name or id.")
    var name: String

    func run() async throws {
        let answer = try await client.withServer { server in
            try await server.attachCredential(
                AttachCredentialBody(credentialId: name, delivery: .environment),
                to: agent
            )
        }
        try client.show(answer) { "attached \(name.printable) to \(agent.printable)\n" }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct DetachCredentialCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detach",
        abstract: "Take a credential, or a provider, away from an agent.",
        discussion: """
            Its proxy tokens end at once. Instances that run keep a variable until their next start.

            Examples:
              attache credentials detach bot Anthropic
              attache credentials detach bot --provider openai
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The agent's name or id.", completion: .agentNames)
    var agent: String

    @OptionGroup var subject: CredentialOrProvider

    func run() async throws {
        try await client.withServer { server in
            if let provider = subject.provider {
                try await server.detachProvider(provider, from: agent)
            } else {
                try await server.detachCredential(subject.name ?? "", from: agent)
            }
        }
        try client.show(SuccessDocument()) { "detached \(subject.shown) from \(agent.printable)\n" }
    }
}

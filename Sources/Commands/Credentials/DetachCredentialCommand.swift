// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct DetachCredentialCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detach",
        abstract: "Take a credential away from an agent.",
        discussion: """
            Its proxy tokens end at once. Instances that run keep a variable until their next start.

            Example:
              attache credentials detach bot Anthropic
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The agent's name or id.", completion: .agentNames)
    var agent: String

    @Argument(help: "The credential's name or id.")
    var name: String

    func run() async throws {
        try await client.withServer { try await $0.detachCredential(name, from: agent) }
        try client.show(SuccessDocument()) { "detached \(name.printable) from \(agent.printable)\n" }
    }
}

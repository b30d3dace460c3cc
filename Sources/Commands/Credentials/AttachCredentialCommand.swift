// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import VaultModel

struct AttachCredentialCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Attach a credential, or a provider, to an agent.",
        discussion: """
            Through the proxy unless told: the agent gets a token, shown only now, and never holds the credential. With \
            --delivery environment instances receive the value itself at their next start.

            With --provider the agent gets a token for all credentials of the provider: each call uses the preferred one \
            whose key is good.

            Examples:
              attache credentials attach bot Anthropic
              attache credentials attach bot --provider openai
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The agent's name or id.", completion: .agentNames)
    var agent: String

    @Option(help: "How it reaches the agent.")
    var delivery = Delivery.proxy

    @OptionGroup var subject: CredentialOrProvider

    func validate() throws {
        if subject.provider != nil, delivery != .proxy {
            throw ValidationError("a provider is attached by proxy: which credential is used is decided for every call")
        }
    }

    func run() async throws {
        if let provider = subject.provider {
            let answer = try await client.withServer { try await $0.attachProvider(provider, to: agent) }
            return try client.show(answer) { text(answer.proxyToken) }
        }
        let answer = try await client.withServer { server in
            try await server.attachCredential(
                AttachCredentialBody(credentialId: subject.name ?? "", delivery: delivery),
                to: agent
            )
        }
        try client.show(answer) { text(answer.proxyToken) }
    }

    private func text(_ token: String?) -> String {
        let shown = token.map { "proxy token, shown only now: \($0)\n" } ?? ""
        return "attached \(subject.shown) to \(agent.printable)\n\(shown)"
    }
}

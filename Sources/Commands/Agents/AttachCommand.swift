// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct AttachCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Attach entries to an agent: all of them, or none where one conflicts.",
        discussion: """
            Instances that run receive them at their next start.

            Example:
              attache agents attach bot OPENAI_API_KEY LOG_LEVEL
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The agent's name or id.", completion: .agentNames)
    var agent: String

    @Argument(help: "The entries' names or ids.")
    var names: [String]

    func run() async throws {
        let answer = try await client.withServer { try await $0.attach(AttachBody(secretIds: names), to: agent) }
        try client.show(answer) { "attached \(answer.attached.listed) to \(agent.printable)\n" }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct UpdateAgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change an agent's name, replicas or allowed names.",
        discussion: """
            --allow-name says which names are allowed from now on; those that are not repeated no longer are.

            Example:
              attache agents update bot --replicas 3
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The agent's name or id.", completion: .agentNames)
    var agent: String

    @Option(help: ArgumentHelp("A new name.", valueName: "name"))
    var rename: String?

    @Option(help: ArgumentHelp("How many instances may run at once.", valueName: "n"))
    var replicas: Int64?

    @Option(
        name: .customLong("allow-name"),
        help: ArgumentHelp("A name like PATH that it may receive all the same; may be repeated.", valueName: "name")
    )
    var allowedNames: [String] = []

    @Flag(help: "Allow no such name.")
    var allowNone = false

    func validate() throws {
        if allowNone, !allowedNames.isEmpty {
            throw ValidationError("--allow-none and --allow-name exclude each other")
        }
        if rename == nil, replicas == nil, allowedNames.isEmpty, !allowNone {
            throw ValidationError("there is nothing to change")
        }
    }

    func run() async throws {
        let body = UpdateAgentBody(
            name: rename,
            replicas: replicas,
            allowedNames: allowNone ? [] : (allowedNames.isEmpty ? nil : allowedNames)
        )
        let updated = try await client.withServer { try await $0.updateAgent(agent, body) }
        try client.show(updated) { "updated \(updated.name.printable)\n" }
    }
}

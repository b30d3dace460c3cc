// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct AttachSecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Attach entries to several agents: everything, or nothing where one conflicts.",
        discussion: """
            Instances that run receive them at their next start.

            Example:
              attache secrets attach SENTRY_DSN LOG_LEVEL --agent web --agent worker
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var agents: ChosenAgents

    @Argument(help: ArgumentHelp("The entries' names or ids.", valueName: "name"))
    var names: [String]

    func run() async throws {
        try await agents.change(.attach, names, client) { "attached \($0) to \($1)\n" }
    }
}

struct DetachSecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detach",
        abstract: "Take entries away from several agents: everything, or nothing where one does not have one.",
        discussion: """
            Instances that run keep what they were given until their next start.

            Example:
              attache secrets detach SENTRY_DSN --agent web --agent worker
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var agents: ChosenAgents

    @Argument(help: ArgumentHelp("The entries' names or ids.", valueName: "name"))
    var names: [String]

    func run() async throws {
        try await agents.change(.detach, names, client) { "detached \($0) from \($1)\n" }
    }
}

/// The agents that an act on several entries is about.
struct ChosenAgents: ParsableArguments {
    @Option(
        name: .customLong("agent"),
        help: ArgumentHelp("An agent's name or id; may be repeated.", valueName: "agent"),
        completion: .agentNames
    )
    var names: [String]

    func change(
        _ action: BulkSecretsBody.Act,
        _ entries: [String],
        _ client: ClientOptions,
        told: (_ entries: String, _ agents: String) -> String
    ) async throws {
        let body = BulkSecretsBody(action, entries, agents: names)
        let done = try await client.withServer { try await $0.bulk(body) }
        try client.show(done) { told(done.secrets.listed, names.map(\.printable).joined(separator: ", ")) }
    }
}

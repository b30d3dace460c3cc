// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct DetachCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detach",
        abstract: "Detach entries from an agent.",
        discussion: """
            Instances that run keep what they were given until they restart.

            Example:
              attache agents detach bot OPENAI_API_KEY
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The agent's name or id.", completion: .agentNames)
    var agent: String

    @Argument(help: "The entries' names or ids.")
    var names: [String]

    func run() async throws {
        let detached = try await client.withServer { server in
            // One request an entry: what is not attached is told before anything changes.
            let attached = try await server.attachedSecrets(of: agent).secrets.filter { $0.attachedAt != nil }
            let entries = names.map { name in attached.first { $0.id == name.lowercased() || $0.name == name } }
            let missing = zip(names, entries).filter { $0.1 == nil }.map(\.0)
            guard missing.isEmpty else { throw CommandError.notAttached(names: missing, agent: agent) }
            var detached: [NamedBody] = []
            for entry in entries.compactMap(\.self) where !detached.contains(where: { $0.id == entry.id }) {
                try await server.detach(entry.id, from: agent)
                detached.append(NamedBody(id: entry.id, name: entry.name))
            }
            return detached
        }
        try client.show(DetachedDocument(detached: detached)) {
            "detached \(detached.listed) from \(agent.printable)\n"
        }
    }
}

/// What was detached.
private struct DetachedDocument: Encodable {
    let success = true
    let detached: [NamedBody]
}

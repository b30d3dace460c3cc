// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import ContainerEdits

struct ComposeUpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Make the agent where there is none, attach what it lacks, and tell the services that depend on it.",
        discussion: """
            Example:
              attache compose --project-name shop up --agent web --secrets DATABASE_URL attache
            """
    )

    @OptionGroup var project: ComposeProject
    @OptionGroup var client: ClientOptions
    @OptionGroup var options: ComposeAgentOptions

    @Option(
        help: ArgumentHelp("Entries that the agent is to have; several with commas or repeated.", valueName: "names")
    )
    var secrets: [String] = []

    @Option(help: "Set ATTACHE_AGENT by its own name, true or false (compose 5.2 and later).")
    var raw = ComposeChoice.no

    func run() async throws {
        guard raw == .yes || options.service == ComposeMessage.service else {
            throw CommandError.usage(
                "the variables of a provider begin with its name, and attache-runtime reads ATTACHE_AGENT",
                hint: "call the service \(ComposeMessage.service), or set the option raw to true with compose 5.2"
            )
        }
        let wanted = secrets.flatMap { $0.split(separator: ",") }.map { String($0.drop { $0 == " " }) }
        let agent = options.name(in: project)
        let done = try await client.withServer { server in try await make(agent, with: wanted, on: server) }
        var messages: [ComposeMessage] = done.map { [.info($0)] } ?? []
        var pointers = [ComposeMessage.Pointer.agent(agent)]
        if let workspace = client.workspace { pointers.append(.workspace(workspace)) }
        messages += pointers.map { raw == .yes ? .ownPointer($0) : .pointer($0) }
        try StandardStream.output.write(messages.map(\.line).joined())
    }

    /// Makes it so, and says what was made; nil where it was so already.
    private func make(_ agent: String, with wanted: [String], on server: APIClient) async throws -> String? {
        try await server.requireSecrets(wanted)
        guard let present = try await server.agentIfPresent(agent) else {
            let names = wanted.isEmpty ? nil : wanted
            _ = try await server.createAgent(CreateAgentBody(name: agent, secretIds: names))
            return "made the agent \(agent)\(wanted.isEmpty ? "" : " with \(wanted.joined(separator: ", "))")"
        }
        let lacking = ContainerSetup.lacking(wanted, of: present)
        guard !lacking.isEmpty else { return nil }
        _ = try await server.attach(AttachBody(secretIds: lacking), to: agent)
        return "attached \(lacking.joined(separator: ", ")) to \(agent)"
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import EnvironmentFile
internal import VaultModel

struct CheckAgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Compare what an agent receives with a project's .env.example.",
        discussion: """
            Lists names of the example that the agent does not receive, names that it receives and the example does not have, \
            and names of both whose value is empty. The values in the example do not matter.

            Exit status: 0 nothing is missing, 1 something is.

            Example:
              attache agents check bot --example .env.example
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The agent's name or id.", completion: .agentNames)
    var agent: String

    @Option(help: ArgumentHelp("The example; - is stdin.", valueName: "file"), completion: .file())
    var example: String

    @Option(help: "Whose rules the example is read by.")
    var dialect = Dialect.attache

    func run() async throws {
        let wanted = try namesOfExample()
        let comparison = try await client.withServer { server in
            let attached = try await server.attachedSecrets(of: agent).secrets.filter { $0.attachedAt != nil }
            let all = try await Page.collecting(upTo: .max) { limit, cursor in
                let page = try await server.secrets(limit: limit, cursor: cursor)
                return Page(items: page.secrets, next: page.nextCursor)
            }
            return ExampleComparison(
                agent: agent,
                wanted: wanted,
                received: attached.map(\.name),
                empty: all.items.filter(\.empty).map(\.name)
            )
        }
        try client.show(comparison) { comparison.text }
        guard comparison.missing.isEmpty else { throw ExitStatus.failed.exit }
    }

    private func namesOfExample() throws(CommandError) -> [String] {
        let contents = try BoundedFile(path: example, limit: EnvironmentFileReader.maximumFileBytes).contents()
        let shown = example == "-" ? "stdin" : example
        var options = ReadingOptions()
        options.dialect = dialect
        let parsed = EnvironmentFileReader.parse(contents, options)
        guard !parsed.hasErrors else {
            let errors = parsed.findings.filter(\.isError)
            let lines = errors.map { "\(shown):\($0.line):\($0.column): \($0.code.rawValue): \($0.text)" }
            throw .invalidFile(path: shown, findings: lines)
        }
        return parsed.entries.map(\.name.text)
    }
}

/// What an agent receives beside what a project's example asks for, each list by name.
package struct ExampleComparison: Encodable, Equatable, Sendable {
    package let agent: String
    package let missing: [String]
    package let superfluous: [String]
    package let empty: [String]

    package init(agent: String, wanted: [String], received: [String], empty: [String]) {
        let asked = Set(wanted)
        let given = Set(received)
        self.agent = agent
        missing = asked.subtracting(given).sorted()
        superfluous = given.subtracting(asked).sorted()
        self.empty = asked.intersection(given).intersection(empty).sorted()
    }

    package var text: String {
        let lists = [("missing", missing), ("superfluous", superfluous), ("empty", empty)].filter { !$0.1.isEmpty }
        guard !lists.isEmpty else { return "\(agent.printable) receives what the example asks for\n" }
        var table = Table("NAME", "STATE")
        for (word, names) in lists {
            for name in names { table.add(name, word) }
        }
        return table.text
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ContainerEdits

struct ComposeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compose",
        abstract: "Make the agents of a compose project: what compose runs for a provider service.",
        discussion: """
            compose calls it, by this name or as attache-provider: a message a line on stdout, errors too. What it tells \
            containers is the name of an agent, never a value and never a token.

            Example:
              attache compose metadata

            In a compose.yaml:
              services:
                attache:
                  provider: {type: attache, options: {agent: web, secrets: [DATABASE_URL]}}
                web: {image: nginx, runtime: attache, depends_on: [attache]}
            """,
        subcommands: [
            ComposeMetadataCommand.self, ComposeUpCommand.self, ComposeDownCommand.self, ComposeStopCommand.self,
        ]
    )

    @OptionGroup var project: ComposeProject

    /// Says an error as compose takes it.
    static func tell(_ failure: Failure) {
        let details = [failure.text] + failure.details + (failure.hint.map { [$0] } ?? [])
        try? StandardStream.output.write(ComposeMessage.error(details.joined(separator: "; ")).line)
    }
}

/// What compose puts in front of the subcommand.
struct ComposeProject: ParsableArguments {
    @Option(help: ArgumentHelp("The project's name.", valueName: "name"))
    var projectName = "default"
}

/// The options of `provider` in a compose.yaml, as both the command line and the metadata have them.
struct ComposeAgentOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The agent; PROJECT-SERVICE unless told.", valueName: "name"), completion: .agentNames)
    var agent: String?

    @Argument(help: "The provider's name among the services.")
    var service: String

    func name(in project: ComposeProject) -> String {
        agent.flatMap { $0.isEmpty ? nil : $0 } ?? "\(project.projectName)-\(service)"
    }
}

/// A yes or no of a compose.yaml, which comes as a word.
enum ComposeChoice: String, CaseIterable, ExpressibleByArgument {
    case yes = "true"
    case no = "false"
}

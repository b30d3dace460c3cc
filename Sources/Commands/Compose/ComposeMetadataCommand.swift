// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

struct ComposeMetadataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metadata",
        abstract: "Print which options a provider service may have.",
        discussion: """
            Example:
              attache compose metadata
            """
    )

    @OptionGroup var project: ComposeProject

    func run() async throws {
        let agent = Parameter("agent", "The agent; PROJECT-SERVICE unless told")
        let workspace = Parameter("workspace", "The workspace's name or id")
        let metadata = Metadata(
            description: "Makes an agent and attaches entries of the vault to it",
            up: Call([
                agent, workspace, Parameter("secrets", "Entries that the agent is to have"),
                Parameter("raw", "Set ATTACHE_AGENT by its own name (compose 5.2 and later)", default: "false"),
            ]),
            down: Call([
                agent, workspace, Parameter("remove", "Remove the agent when the project goes down", default: "false"),
            ]),
            stop: Call([])
        )
        try StandardStream.output.write(JSONDocument(metadata).text + "\n")
    }

    private struct Metadata: Encodable {
        let description: String
        let up: Call
        let down: Call
        let stop: Call
    }

    private struct Call: Encodable {
        let parameters: [Parameter]

        init(_ parameters: [Parameter]) { self.parameters = parameters }
    }

    private struct Parameter: Encodable {
        let name: String
        let description: String
        let required = false
        let type = "string"
        let `default`: String

        init(_ name: String, _ description: String, default value: String = "") {
            self.name = name
            self.description = description
            self.default = value
        }
    }
}

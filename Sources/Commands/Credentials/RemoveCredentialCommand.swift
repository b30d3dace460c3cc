// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct RemoveCredentialCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Delete a credential that no agent holds: its value is destroyed, its history stays.",
        discussion: """
            Example:
              attache credentials remove Jira
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The credential's name or id.")
    var name: String

    func run() async throws {
        try await client.withServer { try await $0.deleteCredential(name) }
        try client.show(SuccessDocument()) { "removed credential \(name.printable)\n" }
    }
}

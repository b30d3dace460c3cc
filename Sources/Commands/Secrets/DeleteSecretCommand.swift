// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import ArgumentParser

struct DeleteSecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete an entry: its value is destroyed, its history stays.",
        discussion: """
            An entry that is attached to an agent is not deleted; detach it first.

            Example:
              attache secrets delete OLD_API_KEY
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The entry's name or id.")
    var name: String

    func run() async throws {
        try await client.withServer { try await $0.deleteSecret(name) }
        try client.show(SuccessDocument()) { "deleted \(name.printable)\n" }
    }
}

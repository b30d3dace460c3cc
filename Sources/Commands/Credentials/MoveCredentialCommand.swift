// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct MoveCredentialCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "move",
        abstract: "Move a credential up or down in the order of its provider's.",
        discussion: """
            An agent that a provider is attached to uses the first whose key is good; the order counts from the next call.

            Example:
              attache credentials move work up
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The credential's name or id.")
    var name: String

    @Argument(help: "Towards the preferred one, or away from it.")
    var direction: MoveCredentialBody.Direction

    func run() async throws {
        let order = try await client.withServer { try await $0.moveCredential(name, direction) }
        try client.show(order) {
            var table = Table("PRIORITY", "NAME")
            for credential in order.credentials { table.add(String(credential.rotationPriority), credential.name) }
            return table.text
        }
    }
}

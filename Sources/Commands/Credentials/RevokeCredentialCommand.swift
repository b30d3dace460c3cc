// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct RevokeCredentialCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "End a credential that no agent holds: nothing hands it out any more.",
        discussion: """
            Its value is destroyed at once. It stays in the list of those that were revoked, and in the audit trail. An agent \
            that its provider is attached to uses the next key.

            Example:
              attache credentials revoke work
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The credential's name or id.")
    var name: String

    func run() async throws {
        let revoked = try await client.withServer { try await $0.revokeCredential(name) }
        try client.show(revoked) { "revoked credential \(revoked.name.printable)\n" }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct DeleteSecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete entries: their values are destroyed, their history stays.",
        discussion: """
            An entry that is attached to an agent is not deleted; detach it first. Of several entries all are deleted, \
            or none.

            Examples:
              attache secrets delete OLD_API_KEY
              attache secrets delete OLD_API_KEY OLDER_API_KEY
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: ArgumentHelp("The entries' names or ids.", valueName: "name"))
    var names: [String]

    func run() async throws {
        try await client.withServer { server in
            if names.count == 1 {
                try await server.deleteSecret(names[0])
            } else {
                _ = try await server.bulk(BulkSecretsBody(.delete, names))
            }
        }
        try client.show(SuccessDocument()) { names.map { "deleted \($0.printable)\n" }.joined() }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Begin: an account on a new server, or a container that gets its values.",
        discussion: """
            Without a subcommand it is account.

            Examples:
              attache init --email ada@example.org --name "Ada Lovelace"
              attache init container
            """,
        subcommands: [InitAccountCommand.self, InitContainerCommand.self],
        defaultSubcommand: InitAccountCommand.self
    )
}

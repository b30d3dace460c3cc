// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "The keys of the whole server, for its operator.",
        discussion: """
            Runs on the server's machine, as root or as the server's user.

            Examples:
              attache keys status
              attache keys rotate-epoch
              attache keys rotate-master --new-key-file /etc/attache/master.key.new
            """,
        subcommands: [
            KeysStatusCommand.self, RotateMasterCommand.self, RotateEpochCommand.self, RotateUserCommand.self,
            VerifyKeysCommand.self, ShredUserCommand.self,
        ]
    )
}

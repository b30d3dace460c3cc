// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

struct ImageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image",
        abstract: "Put attache-exec into images, for places where no engine does it.",
        discussion: """
            Example:
              docker save web:1 -o web.tar
              attache image wrap web.tar -o wrapped.tar --name web:attache
            """,
        subcommands: [WrapImageCommand.self]
    )
}

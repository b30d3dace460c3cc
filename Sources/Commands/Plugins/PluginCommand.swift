// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import ArgumentParser

struct PluginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugin",
        abstract: "Answer service managers and engines in their own protocols.",
        discussion: """
            Each is a program of its own beside the server, and asks it as any other client does.

            Example:
              attache plugin systemd
            """,
        subcommands: [DockerPluginCommand.self, SystemdPluginCommand.self]
    )
}

extension ClientOptions {
    /// Tells of something that went wrong with one request, on stderr, where the service manager keeps it.
    @Sendable static func report(_ line: String) {
        StandardStream.error.tell("attache: \(line.printable)\n")
    }

    /// An error of the server's, in the words that a command would end with.
    @Sendable static func explain(_ error: any Error) -> String {
        Failure(error)?.text ?? "an unforeseen error"
    }
}

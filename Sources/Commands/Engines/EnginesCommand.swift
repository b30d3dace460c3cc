// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

struct EnginesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engines",
        abstract: "Let container engines give unchanged images their values.",
        discussion: """
            Examples:
              attache engines install docker --dry-run
              attache engines install podman
              attache engines status
              attache engines cdi
            """,
        subcommands: [
            InstallEngineCommand.self, RemoveEngineCommand.self, EnginesStatusCommand.self, CDICommand.self,
            RestartContainersCommand.self,
        ]
    )
}

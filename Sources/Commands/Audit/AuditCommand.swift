// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "The audit trail of the workspace.",
        discussion: """
            Example:
              attache audit verify
            """,
        subcommands: [
            ListAuditCommand.self, VerifyAuditCommand.self, ExportAuditCommand.self, AuditCheckpointCommand.self,
        ]
    )
}

// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Backups of the whole server, for its operator.",
        discussion: """
            create and list ask the server; verify, restore and drill work without one and need the master key's file.

            Examples:
              attache backup create
              attache backup verify
              attache backup restore /srv/attache-20260131T093000Z-0123456789ab.tar --data /var/lib/attache
            """,
        subcommands: [
            CreateBackupCommand.self, ListBackupsCommand.self, VerifyBackupCommand.self, RestoreBackupCommand.self,
            DrillBackupCommand.self,
        ]
    )
}

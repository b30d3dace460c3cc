// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ServerApp

struct RestoreBackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Restore a backup into an empty data folder.",
        discussion: """
            Everything is verified before the database gets its place: a restore that is cut off, or refused, leaves a \
            folder that is as empty as before. The key is checked before anything is written. What was revoked after the \
            backup was made is valid again: look through tokens and members before agents start.

            Exit status: 0 restored, 1 not, 78 the key is not the right one.

            Example:
              attache backup restore /srv/attache-20260131T093000Z-0123456789ab.tar --data /var/lib/attache
            """
    )

    @OptionGroup var options: OfflineBackupOptions

    @Option(help: ArgumentHelp("The data folder (ATTACHE_DATA), missing or empty.", valueName: "path"))
    var data: String?

    @Argument(help: "The backup's name, or a path.")
    var backup: String

    func run() async throws {
        try await options.report(data: data) { backups, progress throws(ServeError) in
            try await backups.restore(backup, to: data, progress: progress)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ServerApp

struct VerifyBackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Open every record of a backup and verify every code and audit trail in it.",
        discussion: """
            Works in a temporary folder, and changes nothing. Without a name it is the newest backup of the folder.

            Exit status: 0 intact, 1 not, 78 the key is not the right one.

            Examples:
              attache backup verify
              attache backup verify /srv/attache-20260131T093000Z-0123456789ab.tar --master-key-file /root/master.key
            """
    )

    @OptionGroup var options: OfflineBackupOptions

    @Option(help: ArgumentHelp("Where the database is unpacked (TMPDIR, or /var/tmp).", valueName: "path"))
    var work: String?

    @Argument(help: "The backup's name, or a path.")
    var backup: String?

    func run() async throws {
        try await options.report { backups, progress throws(ServeError) in
            try await backups.verify(backup, work: work, progress: progress)
        }
    }
}

struct DrillBackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drill",
        abstract: "Prove that the newest backup can be restored; for cron.",
        discussion: """
            Unpacks the newest backup, opens every record and verifies every code and audit trail, and removes it again. \
            Fails too when the newest backup is too old. With --json it says nothing while it works.

            Exit status: 0 it can be restored, 1 it cannot, or is too old, 78 the key is not the right one.

            Example:
              attache backup drill --max-age 26h --json > /var/log/attache-drill.json
            """
    )

    @OptionGroup var options: OfflineBackupOptions

    @Option(help: ArgumentHelp("Where the database is unpacked (TMPDIR, or /var/tmp).", valueName: "path"))
    var work: String?

    @Option(help: ArgumentHelp("How old the newest backup may be, such as 26h.", valueName: "span"))
    var maxAge: TimeSpan?

    func run() async throws {
        let age = maxAge.map { Duration.seconds($0.seconds) }
        try await options.report { backups, progress throws(ServeError) in
            try await backups.verify(nil, work: work, maximumAge: age, progress: progress)
        }
    }
}

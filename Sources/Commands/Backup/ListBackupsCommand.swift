// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct ListBackupsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the backups in the server's folder, oldest first.",
        discussion: """
            Example:
              attache backup list
            """
    )

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let list = try await client.withServer { try await $0.backups() }
        try client.show(list) {
            guard !list.backups.isEmpty else { return "no backups in \(list.folder.printable)\n" }
            var table = Table("NAME", "MADE", "BYTES", "MASTER KEY")
            for backup in list.backups {
                table.add(
                    backup.name,
                    backup.createdAt.local,
                    String(backup.bytes),
                    backup.masterKeyIds.joined(separator: ", ")
                )
            }
            return table.text
        }
        if let running = list.running { client.note("being made: \(running.progress)") }
        if let failure = list.lastFailure { client.note("the last one failed: \(failure.text)") }
    }
}

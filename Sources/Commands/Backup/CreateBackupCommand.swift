// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct CreateBackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a backup in the server's folder, while the server works.",
        discussion: """
            Ends when the backup is on the disk. It opens with the master key, which is not in it.

            Example:
              attache backup create
            """
    )

    @OptionGroup var client: ClientOptions

    @Flag(help: "Return as soon as the backup has begun.")
    var noWait = false

    func run() async throws {
        try await client.withServer { server in
            let begun = try await server.beginBackup()
            if noWait { return try client.show(begun) { "began backup \(begun.id)\n" } }
            var list = try await server.backups()
            var told = ""
            while let running = list.running, running.id == begun.id {
                if running.progress != told {
                    told = running.progress
                    client.note(told)
                }
                try await Task.sleep(for: .milliseconds(200))
                list = try await server.backups()
            }
            if let failure = list.lastFailure, failure.id == begun.id {
                throw CommandError.backup("the backup was not made: \(failure.text)", hint: nil)
            }
            guard let made = list.backups.first(where: { $0.id == begun.id }) else {
                throw CommandError.backup("the backup is not in \(list.folder)", hint: nil)
            }
            try client.show(made) { "\(list.folder)/\(made.name)\n" }
        }
    }
}

extension BackupInProgressBody {
    var progress: String {
        guard total > 0 else { return phase }
        return "\(phase): \(100 * done / total) %"
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import ServerApp

struct RotateMasterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-master",
        abstract: "Replace the master key, in two steps.",
        discussion: """
            With --new-key-file, makes a key in that file (or takes the one that is there) and lets it open the vault \
            beside the old one. Back it up, put it in the place of the old key file, and give the old key up with --drop. \
            Backups made before need the old key: keep it as long as you keep them.

            Examples:
              attache keys rotate-master --new-key-file /etc/attache/master.key.new
              mv /etc/attache/master.key.new /etc/attache/master.key
              attache keys rotate-master --drop 0123456789abcdef
            """
    )

    @OptionGroup var client: ClientOptions

    @Option(help: ArgumentHelp("The file of the new key; made when it is missing.", valueName: "path"))
    var newKeyFile: String?

    @Option(help: ArgumentHelp("The id of the old master key, which ends its use.", valueName: "id"))
    var drop: String?

    func validate() throws {
        if (newKeyFile == nil) == (drop == nil) { throw ValidationError("give --new-key-file or --drop") }
    }

    func run() async throws {
        if let newKeyFile {
            let new: NewMasterKey
            do {
                new = try NewMasterKey(file: newKeyFile)
            } catch {
                throw CommandError.serverFailed(error.text, hint: error.hint)
            }
            let keys = try await client.withServer {
                try await $0.addMasterKey(AddMasterKeyBody(key: SecretText(new.text)))
            }
            try client.show(keys) { keys.text }
            client.note("both keys open the vault; back \(newKeyFile) up apart from the data")
            if let old = keys.masterKeys.first(where: { $0.id != new.id }) {
                client.note(
                    "then put it in the place of the key file, and: attache keys rotate-master --drop \(old.id)"
                )
            }
        } else if let drop {
            try await client.withServer { try await $0.dropMasterKey(drop) }
            try client.show(SuccessDocument()) { "dropped \(drop.printable)\n" }
        }
    }
}

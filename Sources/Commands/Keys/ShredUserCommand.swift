// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct ShredUserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shred-user",
        abstract: "Destroy a user's keys, and all that was ever sealed for the user.",
        discussion: """
            The user's entries are deleted and detached from every agent; sessions and workspace keys of the user end. \
            Nothing brings them back: not a row that is put \
            back, and not a backup made from now on. Backups made before hold the keys too; see docs/operate/shred-user.md.

            Example:
              attache keys shred-user alice --yes
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The user's name or id.")
    var user: String

    @Flag(help: "Say that this is meant.")
    var yes = false

    func validate() throws {
        guard yes else { throw ValidationError("this destroys the user's entries for good; say --yes if it is meant") }
    }

    func run() async throws {
        let shredded = try await client.withServer { try await $0.shredUser(ShredUserBody(user: user)) }
        try client.show(shredded) {
            """
            destroyed the keys of \(user.printable) and \(shredded.entries) entries; \
            ended \(shredded.sessions) sessions and \(shredded.keys) workspace keys

            """
        }
    }
}

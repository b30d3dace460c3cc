// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import VaultModel

struct RenameSecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename",
        abstract: "Give several entries new names: all of them, or none.",
        discussion: """
            Values and versions stay as they are, and so does what is attached: instances that run keep the old names \
            until their next start. Two entries may take each other's names.

            Example:
              attache secrets rename OPENAI_KEY=OPENAI_API_KEY GH_TOKEN=GITHUB_TOKEN
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: ArgumentHelp("An entry's name or id, and its new name.", valueName: "old=new"))
    var renames: [NewName]

    func run() async throws {
        let body = BulkSecretsBody(.rename, renames.map(\.old), names: renames.map(\.new))
        let done = try await client.withServer { try await $0.bulk(body) }
        try client.show(done) {
            zip(renames, done.secrets).map { "renamed \($0.old.printable) to \($1.name.printable)\n" }.joined()
        }
    }
}

/// `OLD=NEW`.
struct NewName: ExpressibleByArgument {
    let old: String
    let new: String

    init?(argument: String) {
        let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        (old, new) = (String(parts[0]), String(parts[1]))
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import VaultModel

struct AnnotateSecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "annotate",
        abstract: "Note something about several entries: all of them, or none.",
        discussion: """
            Values and versions stay as they are.

            Example:
              attache secrets annotate STRIPE_KEY STRIPE_WEBHOOK_SECRET --note "of the shop" --expires 90d
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: ArgumentHelp("The entries' names or ids.", valueName: "name"))
    var names: [String]

    @Option(help: ArgumentHelp("The provider that they belong to.", valueName: "id"))
    var provider: String?

    @Option(help: ArgumentHelp("A note for people; '' removes it.", valueName: "text"))
    var note: String?

    @Option(help: ArgumentHelp("When they expire: 2027-01-31T00:00:00Z, or 90d from now.", valueName: "time"))
    var expires: Moment?

    func validate() throws {
        if provider == nil, note == nil, expires == nil { throw ValidationError("there is nothing to note") }
    }

    func run() async throws {
        let body = BulkSecretsBody(
            .annotate,
            names,
            provider: provider,
            note: note,
            expiresAt: expires?.time(now: SystemWallClock().now)
        )
        let done = try await client.withServer { try await $0.bulk(body) }
        try client.show(done) { done.secrets.map { "annotated \($0.name.printable)\n" }.joined() }
    }
}

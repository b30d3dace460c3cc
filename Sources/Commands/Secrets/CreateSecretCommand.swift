// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import VaultModel

struct CreateSecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Store a new entry.",
        discussion: """
            The value comes from --value-file, from stdin, or from a prompt that does not show it. One line break at the end \
            of stdin or of the file is dropped, unless --keep-newline is given.

            Examples:
              attache secrets create OPENAI_API_KEY
              pass show openai | attache secrets create OPENAI_API_KEY --provider openai
              attache secrets create LOG_LEVEL --kind variable --value debug
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var value: ValueOptions

    @Argument(help: "The name of the environment variable that agents receive.")
    var name: String

    @Option(help: "What it is: a secret is sealed and never shown again.")
    var kind = EntryKind.secret

    @Option(help: ArgumentHelp("The provider that it belongs to, such as openai.", valueName: "id"))
    var provider: String?

    @Option(help: ArgumentHelp("A note for people.", valueName: "text"))
    var note: String?

    @Option(help: ArgumentHelp("When it expires: 2027-01-31T00:00:00Z, or 90d from now.", valueName: "time"))
    var expires: Moment?

    @Argument(help: .hidden)
    var surplus: [String] = []

    func validate() throws { try refuse(surplus: surplus) }

    func run() async throws {
        let secret = try value.read(name: name, isSecret: kind == .secret, for: client)
        let body = CreateSecretBody(
            name: name,
            kind: kind,
            value: SecretText(secret),
            provider: provider,
            note: note,
            expiresAt: expires?.time(now: SystemWallClock().now)
        )
        let entry = try await client.withServer { try await $0.createSecret(body) }
        try client.show(entry) { "created \(entry.kind.rawValue) \(entry.name.printable)\n" }
    }
}

/// Refuses what stands where a value does not belong, without repeating it: it may be the value.
func refuse(surplus: [String]) throws {
    guard surplus.isEmpty else {
        throw ValidationError("a value is not given as an argument: use stdin, --value-file or the prompt")
    }
}

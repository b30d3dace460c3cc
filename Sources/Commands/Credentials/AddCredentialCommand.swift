// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import VaultModel

struct AddCredentialCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Store a new credential.",
        discussion: """
            The value comes from --value-file, from stdin, or from a prompt that does not show it: a key, user:password, \
            cookies as a browser shows them, or lines of Name: value. For BASIC_AUTH the prompt asks for the user, which is \
            shown, and then for the password.

            Examples:
              attache credentials add Anthropic --provider anthropic
              pass show jira | attache credentials add Jira --type BASIC_AUTH --host example.atlassian.net
              attache credentials add Maps --type QUERY_PARAM --parameter key --host "GET maps.googleapis.com"
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var value: ValueOptions

    @Argument(help: "The credential's name, for people and for X-Credential-Name.")
    var name: String

    @Option(help: "How it is presented; a provider of the catalogue implies it.")
    var type: CredentialScheme?

    @Option(help: ArgumentHelp("The provider that it belongs to, such as openai.", valueName: "id"))
    var provider: String?

    @Option(
        name: .customLong("host"),
        help: ArgumentHelp("Where it may go: [METHODS ]host[:port][/path]; repeatable.", valueName: "rule")
    )
    var hosts: [String] = []

    @Option(help: ArgumentHelp("The field of a CUSTOM_HEADER, such as X-API-Key.", valueName: "name"))
    var header: String?

    @Option(help: ArgumentHelp("What stands before the value in that field.", valueName: "text"))
    var prefix: String?

    @Option(help: ArgumentHelp("The parameter of a QUERY_PARAM.", valueName: "name"))
    var parameter: String?

    @Option(help: ArgumentHelp("The variable that agents receive it in.", valueName: "name"))
    var environmentName: String?

    @Option(help: ArgumentHelp("Its place among the credentials of its provider, 0 first (default 0).", valueName: "n"))
    var priority: Int64?

    @Option(help: "What of an answer reaches the agent (default full).")
    var response: AnswerPart?

    @Option(help: ArgumentHelp("A note for people.", valueName: "text"))
    var note: String?

    @Option(help: ArgumentHelp("When it expires: 2027-01-31T00:00:00Z, or 90d from now.", valueName: "time"))
    var expires: Moment?

    @Argument(help: .hidden)
    var surplus: [String] = []

    func validate() throws { try refuse(surplus: surplus) }

    func run() async throws {
        let body = CreateCredentialBody(
            name: name,
            type: type,
            value: SecretText(try value.read(name: name, of: type, for: client)),
            provider: provider,
            environmentName: environmentName,
            header: header,
            prefix: prefix,
            parameter: parameter,
            hosts: hosts.isEmpty ? nil : hosts,
            rotationPriority: priority,
            response: response,
            note: note,
            expiresAt: expires?.time(now: SystemWallClock().now)
        )
        let made = try await client.withServer { try await $0.createCredential(body) }
        if made.hosts.isEmpty { client.note("note: it may go nowhere yet; say where with update --host") }
        try client.show(made) { "added credential \(made.name.printable)\n" }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import VaultModel

struct UpdateCredentialCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change a credential; a new value makes the next version.",
        discussion: """
            Without an option that changes something else, a new value is read from stdin or a prompt.

            Examples:
              attache credentials update Anthropic < new-key.txt
              attache credentials update Jira --host example.atlassian.net/rest
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var value: ValueOptions

    @Argument(help: "The credential's name or id.")
    var name: String

    @Option(help: ArgumentHelp("A new name.", valueName: "name"))
    var rename: String?

    @Option(
        name: .customLong("host"),
        help: ArgumentHelp("Where it may go from now on, in place of the present list; repeatable.", valueName: "rule")
    )
    var hosts: [String] = []

    @Flag(help: "Let it go where the catalogue says for its provider, or nowhere.")
    var noHosts = false

    @Option(help: ArgumentHelp("Its place among the credentials of its provider, 0 first.", valueName: "n"))
    var priority: Int64?

    @Option(help: "What of an answer reaches the agent.")
    var response: AnswerPart?

    @Option(help: ArgumentHelp("A note for people.", valueName: "text"))
    var note: String?

    @Option(help: ArgumentHelp("When it expires: 2027-01-31T00:00:00Z, or 90d from now.", valueName: "time"))
    var expires: Moment?

    @Option(help: ArgumentHelp("Only while this is the current version.", valueName: "n"))
    var ifVersion: Int64?

    @Argument(help: .hidden)
    var surplus: [String] = []

    func validate() throws {
        try refuse(surplus: surplus)
        if noHosts, !hosts.isEmpty { throw ValidationError("--host and --no-hosts exclude each other") }
    }

    func run() async throws {
        let changesElse =
            rename != nil || !hosts.isEmpty || noHosts || priority != nil || response != nil || note != nil
            || expires != nil
        var secret: SharedSecret?
        if value.isGiven || !changesElse {
            secret = try value.read(name: name, for: client)
        }
        let change = UpdateCredentialBody(
            name: rename,
            value: secret.map(SecretText.init),
            hosts: noHosts ? [] : (hosts.isEmpty ? nil : hosts),
            rotationPriority: priority,
            response: response,
            note: note,
            expiresAt: expires?.time(now: SystemWallClock().now)
        )
        let body = try await client.withServer { server in
            try await server.updateCredential(name, change, ifVersion: ifVersion)
        }
        try client.show(body) { "updated credential \(body.name.printable), version \(body.version)\n" }
    }
}

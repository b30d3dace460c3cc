// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import VaultModel

struct UpdateSecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Give an entry a new value, or change what is noted about it.",
        discussion: """
            The value comes from the same places as with create. Where only --rename, --kind, --provider, --note or \
            --expires or --clear is to change, say --no-value; at a terminal these options do so by themselves. \
            Agents that run receive the new value at their next start.

            Examples:
              attache secrets update OPENAI_API_KEY < new-key.txt
              attache secrets update OPENAI_API_KEY --note "of the team account" --no-value
              attache secrets update OPENAI_API_KEY --value-file key.txt --if-version 3
              attache secrets update OPENAI_API_KEY --clear expires --no-value
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var value: ValueOptions

    @Argument(help: "The entry's name or id.")
    var name: String

    @Flag(help: "Leave the value as it is.")
    var noValue = false

    @Option(help: ArgumentHelp("A new name.", valueName: "name"))
    var rename: String?

    @Option(help: "A new kind: a variable may become a secret, never the other way.")
    var kind: EntryKind?

    @Option(help: ArgumentHelp("The provider that it belongs to.", valueName: "id"))
    var provider: String?

    @Option(help: ArgumentHelp("A note for people; '' removes it.", valueName: "text"))
    var note: String?

    @Option(help: ArgumentHelp("When it expires: 2027-01-31T00:00:00Z, or 90d from now.", valueName: "time"))
    var expires: Moment?

    @Option(help: "Take away the provider, the note or the time of expiry; may be repeated.")
    var clear: [ClearableField] = []

    @Option(help: ArgumentHelp("Only while this is the current version.", valueName: "n"))
    var ifVersion: Int64?

    @Argument(help: .hidden)
    var surplus: [String] = []

    private var changesMetadata: Bool {
        rename != nil || kind != nil || provider != nil || note != nil || expires != nil
            || !clear.isEmpty
    }

    func validate() throws {
        try refuse(surplus: surplus)
        if noValue, value.isGiven { throw ValidationError("--no-value and a value exclude each other") }
        if clear.contains(.provider) && provider != nil || clear.contains(.note) && note != nil
            || clear.contains(.expires) && expires != nil
        {
            throw ValidationError("what is cleared is not set as well")
        }
        if noValue, !changesMetadata { throw ValidationError("there is nothing to change") }
    }

    func run() async throws {
        var body = UpdateSecretBody(
            name: rename,
            kind: kind,
            provider: provider,
            note: note,
            expiresAt: expires?.time(now: SystemWallClock().now),
            clearing: Set(clear.map(\.member))
        )
        if hasNewValue {
            body.value = SecretText(try value.read(name: name, isSecret: kind != .variable, for: client))
        }
        let entry = try await client.withServer { try await $0.updateSecret(name, body, ifVersion: ifVersion) }
        try client.show(entry) { "updated \(entry.name.printable), now version \(entry.version)\n" }
        if body.value != nil, entry.agents > 0 {
            client.note("agents that have it receive this version at their next start: \(entry.agents)")
        }
    }

    /// Whether there is a value to read; without one, the value stays.
    private var hasNewValue: Bool {
        if noValue { return false }
        return !(value.source == .prompt && changesMetadata)
    }
}

/// What `--clear` takes away.
enum ClearableField: String, CaseIterable, ExpressibleByArgument {
    case provider, note, expires

    var member: UpdateSecretBody.Clearable {
        switch self {
        case .provider: .provider
        case .note: .note
        case .expires: .expiresAt
        }
    }
}

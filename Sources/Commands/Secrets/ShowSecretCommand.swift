// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import VaultModel

struct ShowSecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one entry.",
        discussion: """
            Example:
              attache secrets show OPENAI_API_KEY
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The entry's name or id.")
    var name: String

    func run() async throws {
        let entry = try await client.withServer { try await $0.secret(name) }
        try client.show(entry) {
            var fields = FieldList()
            fields.add("name", entry.name)
            fields.add("id", entry.id)
            fields.add("kind", entry.kind.rawValue)
            fields.add("version", String(entry.version))
            let shown = entry.intact ? entry.value ?? entry.mask : "(damaged)"
            fields.add(entry.kind == .variable ? "value" : "mask", shown)
            fields.add("provider", entry.provider)
            fields.add("note", entry.note)
            fields.add("agents", String(entry.agents))
            fields.add("created", entry.createdAt.localWithZone)
            fields.add("updated", entry.updatedAt.localWithZone)
            fields.add("last used", entry.lastUsedAt?.localWithZone)
            fields.add(
                "expires",
                entry.expiresAt.map { $0.localWithZone + (entry.expiry.map { " (\($0.words))" } ?? "") }
            )
            return fields.text
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct DeleteUserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete somebody: account, sessions, personal workspace, memberships.",
        discussion: """
            Sessions and workspace keys of the person end at once. In each shared workspace the person's entries are sealed \
            anew for its oldest other owner; the personal workspace is destroyed with all that is in it. Refused where a \
            shared workspace would be left without an owner. The audit trails keep the name.

            Example:
              attache users delete grace@example.org --yes
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The person's address, id or name.")
    var user: String

    @Flag(help: "Say that this is meant.")
    var yes = false

    func validate() throws {
        guard yes else {
            throw ValidationError("this destroys the personal workspace for good; say --yes if it is meant")
        }
    }

    func run() async throws {
        let deleted = try await client.withServer { try await $0.deleteUser(user) }
        try client.show(deleted) { deleted.text }
    }
}

extension DeletedUserBody {
    fileprivate var text: String {
        var fields = FieldList()
        fields.add("deleted", name)
        fields.add("sessions ended", String(sessions))
        fields.add("entries destroyed", "\(personalEntries), of the personal workspace")
        for left in workspaces {
            let removed = left.removed
            fields.add(
                "left \(left.workspace.name.printable)",
                "\(removed.entries) entries are \(removed.heir.name)'s now"
            )
            if !removed.damaged.isEmpty { fields.add("could not be opened", removed.damaged.joined(separator: ", ")) }
            if !removed.revokedKeys.isEmpty {
                fields.add("keys ended", removed.revokedKeys.map(\.name).joined(separator: ", "))
            }
            if !removed.agents.isEmpty {
                fields.add("tokens to rotate", removed.agents.map(\.name).joined(separator: ", "))
            }
        }
        if !deletedWorkspaces.isEmpty {
            fields.add("workspaces deleted", deletedWorkspaces.map(\.name).joined(separator: ", "))
        }
        return fields.text
    }
}

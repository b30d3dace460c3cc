// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import VaultModel

struct MembersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "members",
        abstract: "The people of a workspace and what they may do.",
        discussion: """
            Example:
              attache members list
            """,
        subcommands: [
            ListMembersCommand.self, MemberRoleCommand.self, RemoveMemberCommand.self, LeaveCommand.self,
        ]
    )
}

struct ListMembersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the members of the workspace.",
        discussion: """
            Example:
              attache members list --workspace acme
            """
    )

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let list = try await client.withServer { try await $0.members() }
        try client.show(list) {
            var table = Table("NAME", "ADDRESS", "ROLE", "ENTRIES", "SINCE", "ID")
            for member in list.members {
                table.add(
                    member.name,
                    member.email ?? "-",
                    member.role.rawValue,
                    String(member.entries),
                    member.joinedAt.local,
                    member.id
                )
            }
            return table.text
        }
    }
}

struct MemberRoleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "role",
        abstract: "Give a member another role, from the next request on.",
        discussion: """
            Example:
              attache members role grace@example.org admin
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The member's address, name or id.")
    var member: String

    @Argument(help: "member, admin or owner.")
    var role: Role

    func run() async throws {
        let changed = try await client.withServer { try await $0.updateMember(member, role) }
        try client.show(changed) { "\(changed.name.printable) is \(changed.role.rawValue)\n" }
    }
}

struct RemoveMemberCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove a member; what the member owned is sealed anew for you.",
        discussion: """
            The workspace keys that the member made end at once. Agents go on; rotate the gateway tokens that the member \
            was shown, which are listed.

            Example:
              attache members remove grace@example.org
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The member's address, name or id.")
    var member: String

    func run() async throws {
        let removed = try await client.withServer { try await $0.removeMember(member) }
        try client.show(removed) { removed.text }
        client.tell(removed)
    }
}

struct LeaveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leave",
        abstract: "Leave the workspace; what you owned there is sealed anew for its oldest other owner.",
        discussion: """
            Example:
              attache members leave --workspace acme
            """
    )

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let (removed, workspace) = try await client.withServer { server in
            let workspace = try await server.workspace()
            let me = try await server.account().user.id
            return (try await server.removeMember(me), workspace)
        }
        try ClientOptions.save { saved in
            saved.workspaces.removeAll { $0.workspaceId == workspace.id && $0.apiKey == nil }
            if saved.currentLogin == nil { saved.current = saved.workspaces.first?.name }
        }
        try client.show(removed) { removed.text }
        client.tell(removed)
    }
}

extension RemovedMemberBody {
    fileprivate var text: String {
        var fields = FieldList()
        fields.add("removed", name)
        fields.add("entries sealed anew", "\(entries), for \(heir.name)")
        fields.add("keys ended", revokedKeys.isEmpty ? nil : revokedKeys.listed)
        fields.add("could not be opened", damaged.isEmpty ? nil : damaged.joined(separator: ", "))
        return fields.text
    }
}

extension ClientOptions {
    /// Says what is left to do after a member has gone.
    fileprivate func tell(_ removed: RemovedMemberBody) {
        for agent in removed.agents {
            note("rotate what the member was shown: attache gateway-token rotate \(agent.name) --now")
        }
        if !removed.damaged.isEmpty { note("write these values again: \(removed.damaged.joined(separator: ", "))") }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import Glibc
internal import VaultModel

struct WorkspacesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workspaces",
        abstract: "Workspaces: your own, and those that you share.",
        discussion: """
            Example:
              attache workspaces create acme
            """,
        subcommands: [
            ListWorkspacesCommand.self, CreateWorkspaceCommand.self, UseWorkspaceCommand.self,
            RenameWorkspaceCommand.self, PlanCommand.self, DeleteWorkspaceCommand.self,
        ]
    )
}

struct ListWorkspacesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List your workspaces on this server.",
        discussion: """
            Example:
              attache workspaces list
            """
    )

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let (list, now) = try await client.withServer { server in
            (try await server.workspaces(), try await server.workspace().id)
        }
        try client.show(list) {
            var table = Table("", "NAME", "ROLE", "SHARED", "SINCE", "ID")
            for workspace in list.workspaces {
                table.add(
                    workspace.id == now ? "*" : "",
                    workspace.name,
                    workspace.role.rawValue,
                    workspace.isPersonal ? "no" : "yes",
                    workspace.createdAt.local,
                    workspace.id
                )
            }
            return table.text
        }
    }
}

struct CreateWorkspaceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a workspace to share, and show its first key once.",
        discussion: """
            Example:
              attache workspaces create acme --use
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "What people know it by.")
    var name: String

    @Flag(help: "Make it the one that the commands that follow are about.")
    var use = false

    func run() async throws {
        let settings = try client.settings()
        let made = try await settings.withServer { try await $0.createWorkspace(CreateWorkspaceBody(name: name)) }
        if use { try settings.choose(made) }
        try client.show(made) {
            var fields = FieldList()
            fields.add("workspace", made.name)
            fields.add("id", made.id)
            fields.add("your role", made.role.rawValue)
            fields.add("first key", made.apiKey?.token)
            return fields.text
        }
        client.note("the key is not shown again; invite others with attache invitations create ADDRESS")
    }
}

struct UseWorkspaceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "use",
        abstract: "Choose the workspace that the commands that follow are about.",
        discussion: """
            Any workspace that a login was saved for, on any server, or another one of yours on the current server.

            Example:
              attache workspaces use acme
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The workspace's name or id.")
    var name: String

    func run() async throws {
        if let login = try ClientOptions.saved().login(name) {
            try ClientOptions.save { $0.current = login.name }
            try client.show(CurrentWorkspaceBody(id: login.workspaceId, name: login.name)) {
                "current workspace: \(login.name.printable)\n"
            }
            return
        }
        let settings = try client.settings()
        let list = try await settings.withServer { try await $0.workspaces().workspaces }
        let found = list.first { $0.id == name.lowercased() || $0.name.lowercased() == name.lowercased() }
        guard let found else {
            throw CommandError.usage("no workspace of yours has that name or id", hint: "see attache workspaces list")
        }
        try settings.choose(found)
        try client.show(CurrentWorkspaceBody(id: found.id, name: found.name)) {
            "current workspace: \(found.name.printable)\n"
        }
    }
}

private struct CurrentWorkspaceBody: Encodable {
    let id: String
    let name: String
}

struct RenameWorkspaceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename",
        abstract: "Rename the current workspace.",
        discussion: """
            Example:
              attache workspaces rename acme-labs
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The new name.")
    var name: String

    func run() async throws {
        let settings = try client.settings()
        let workspace = try await settings.withServer { try await $0.updateWorkspace(UpdateWorkspaceBody(name: name)) }
        try ClientOptions.save { saved in
            guard let old = saved.workspaces.first(where: { $0.workspaceId == workspace.id }) else { return }
            let isCurrent = saved.current == old.name
            var login = old
            login.name = workspace.name
            let name = saved.save(login)
            if isCurrent { saved.current = name }
        }
        try client.show(workspace) { "renamed to \(workspace.name.printable)\n" }
    }
}

struct DeleteWorkspaceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a shared workspace: every value in it is destroyed, every token ends.",
        discussion: """
            Takes the name as an argument, and --yes or the same name once more at a prompt. Nothing brings it back but a \
            backup.

            Example:
              attache workspaces delete acme --yes
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The workspace's name or id.")
    var name: String

    @Flag(help: "Do not ask.")
    var yes = false

    func run() async throws {
        if !yes {
            guard isatty(STDIN_FILENO) == 1 else {
                throw CommandError.usage("a workspace is deleted after a question, or with --yes")
            }
            StandardStream.error.tell("everything in \(name.printable) is destroyed; type its name to go on: ")
            guard readLine(strippingNewline: true) == name else {
                throw CommandError.usage("that is another name; nothing was deleted")
            }
        }
        var options = client
        options.workspace = name
        let settings = try options.settings()
        let workspace = try await settings.withServer { server in
            let workspace = try await server.workspace()
            try await server.deleteWorkspace()
            return workspace
        }
        try ClientOptions.save { saved in
            saved.workspaces.removeAll { $0.workspaceId == workspace.id }
            if saved.currentLogin == nil { saved.current = saved.workspaces.first?.name }
        }
        try client.show(workspace) { "deleted \(workspace.name.printable)\n" }
    }
}

extension ClientSettings {
    /// Makes a workspace of this server the current one, with the login that is used now.
    fileprivate func choose(_ workspace: WorkspaceBody) throws(CommandError) {
        let token = key?.bytes.withBytes { String(decoding: $0, as: UTF8.self) }
        if token?.hasPrefix("ak_ws_") == true {
            throw .usage(
                "a workspace key is for one workspace only",
                hint: "log in with attache login to have the others"
            )
        }
        let url = address.savedText
        try ClientOptions.save { saved in
            saved.current = saved.save(
                SavedWorkspaces.Login(name: workspace.name, apiUrl: url, workspaceId: workspace.id, session: token)
            )
        }
    }
}

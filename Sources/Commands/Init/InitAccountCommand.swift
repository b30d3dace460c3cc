// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import VaultModel

struct InitAccountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account",
        abstract: "Give yourself, the operator of a new server, an account; save its workspace.",
        discussion: """
            Run as root or as the server's user. With the account you can log in from elsewhere and be a member of shared \
            workspaces.

            Example:
              attache init account --email ada@example.org --name "Ada Lovelace"
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var password: PasswordOptions

    @Option(help: ArgumentHelp("The address that you will log in with.", valueName: "address"))
    var email: String

    @Option(help: ArgumentHelp("How others see you.", valueName: "name"))
    var name: String?

    func run() async throws {
        let settings = try client.settings()
        let body = CreateUserBody(
            email: email,
            name: name,
            password: try password.readNew("new password of \(email.printable)"),
            isOperator: true
        )
        let (user, workspace) = try await settings.withServer { server in
            (try await server.createUser(body), try await server.workspace())
        }
        var current = ""
        try ClientOptions.save { saved in
            current = saved.save(
                SavedWorkspaces.Login(
                    name: workspace.name,
                    apiUrl: settings.address.savedText,
                    workspaceId: workspace.id
                )
            )
            saved.current = current
        }
        try client.show(SavedLoginBody(user: user, workspaces: [current], current: current)) {
            var fields = FieldList()
            fields.add("account", user.email)
            fields.add("name", user.name)
            fields.add("current workspace", current)
            return fields.text
        }
        client.note("next: attache workspaces create NAME, then attache invitations create ADDRESS")
    }
}

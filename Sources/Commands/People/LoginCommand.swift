// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import VaultModel

struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Log in to a server, and save the workspaces for the commands that follow.",
        discussion: """
            With --email the password is asked for; without it, a workspace key. Both are read from a prompt that does not \
            show them, from stdin, or from a file. What is saved stands in ~/.config/attache/config.json, which only you \
            can read.

            Examples:
              attache login --address https://vault.example:8750 --email ada@example.org
              attache login --address https://vault.example:8750 --password-file key.txt
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var password: PasswordOptions

    @Option(help: ArgumentHelp("Your address; without it, log in with a workspace key.", valueName: "address"))
    var email: String?

    func run() async throws {
        let settings = try client.settings(isLoggingIn: true)
        let account: AccountBody?
        let logins: [SavedWorkspaces.Login]
        let url = settings.address.savedText
        if let email {
            let body = LoginBody(email: email, password: try password.read("password of \(email.printable)"))
            let answer = try await settings.withServer { try await $0.logIn(body) }
            account = AccountBody(user: answer.user, workspaces: answer.workspaces)
            logins = answer.workspaces.map {
                SavedWorkspaces.Login(name: $0.name, apiUrl: url, workspaceId: $0.id, session: answer.token)
            }
        } else {
            let text = try password.read("workspace key").secret
            let key = try ClientSettings.checked(text.bytes.copy(), origin: "the input")
            let workspace = try await settings.withServer(key: key) { try await $0.workspace() }
            let token = key.bytes.withBytes { String(decoding: $0, as: UTF8.self) }
            account = nil
            logins = [
                SavedWorkspaces.Login(name: workspace.name, apiUrl: url, workspaceId: workspace.id, apiKey: token)
            ]
        }
        let wanted = client.workspace
        var names: [String] = []
        var current = ""
        try ClientOptions.save { saved in
            names = logins.map { saved.save($0) }
            let chosen = wanted.flatMap { saved.login($0)?.name }
            current = chosen ?? names.last ?? ""
            saved.current = current
        }
        let body = SavedLoginBody(user: account?.user, workspaces: names, current: current)
        try client.show(body) {
            var fields = FieldList()
            fields.add("logged in as", account?.user.name ?? "the holder of a workspace key")
            fields.add("workspaces", names.joined(separator: ", "))
            fields.add("current", current)
            return fields.text
        }
        if names.count > 1 { client.note("choose another workspace with attache workspaces use NAME") }
    }
}

/// What `attache login` and `attache init` print with `--json`.
struct SavedLoginBody: Encodable {
    let user: UserBody?
    let workspaces: [String]
    let current: String
}

struct LogoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout",
        abstract: "End the login of the current workspace, and forget it here.",
        discussion: """
            A login ends on the server too, with all the workspaces that it opened. A workspace key is only forgotten: end \
            it with attache api-keys revoke.

            Example:
              attache logout
            """
    )

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let saved = try ClientOptions.saved()
        let found = client.workspace.map { saved.login($0) } ?? saved.currentLogin
        guard let login = found else {
            throw CommandError.usage("there is no login to end", hint: "log in with attache login")
        }
        if let session = login.session {
            var options = client
            options.workspace = login.name
            let key = try ClientSettings.checked(SecretBytes(copying: Array(session.utf8)), origin: "config.json")
            do {
                try await options.settings().withServer(key: key) { try await $0.logOut() }
            } catch APIClientError.answer(let answer) where answer.status == 401 {
                // It has ended already, which is what was asked for.
            }
        }
        try ClientOptions.save { $0.forget(login) }
        let current = try ClientOptions.saved().current
        try client.show(LoggedOutBody(workspace: login.name, current: current)) {
            "logged out of \(login.name.printable)\n"
        }
    }
}

private struct LoggedOutBody: Encodable {
    let workspace: String
    let current: String?
}

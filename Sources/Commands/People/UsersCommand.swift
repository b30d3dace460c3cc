// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import VaultModel

struct UsersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users",
        abstract: "The people of a server; for its operator, at its socket.",
        discussion: """
            Example:
              attache users list
            """,
        subcommands: [ListUsersCommand.self, CreateUserCommand.self, SetPasswordCommand.self, DeleteUserCommand.self]
    )
}

struct ListUsersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List everybody whom the server knows.",
        discussion: """
            Example:
              attache users list
            """
    )

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let list = try await client.withServer { try await $0.users() }
        try client.show(list) {
            var table = Table("NAME", "ADDRESS", "SINCE", "ID")
            for user in list.users { table.add(user.name, user.email ?? "-", user.createdAt.local, user.id) }
            return table.text
        }
    }
}

struct CreateUserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a person with an account and a personal workspace.",
        discussion: """
            Most people come by an invitation, which makes their account. This is for those who share no workspace.

            Example:
              attache users create grace@example.org --name "Grace Hopper"
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var password: PasswordOptions

    @Argument(help: "The address that the person will log in with.")
    var email: String

    @Option(help: ArgumentHelp("How others see the person.", valueName: "name"))
    var name: String?

    func run() async throws {
        let body = CreateUserBody(
            email: email,
            name: name,
            password: try password.readNew("new password of \(email.printable)")
        )
        let user = try await client.withServer { try await $0.createUser(body) }
        try client.show(user) { "created \(user.name.printable) (\(user.id))\n" }
    }
}

struct SetPasswordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set-password",
        abstract: "Give somebody who lost it a new password, or change your own.",
        discussion: """
            Ends every session of the person. Without an address it is about you: the current password is asked for first.

            Examples:
              attache users set-password grace@example.org
              attache users set-password --current-password-file old.txt --password-file new.txt
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var password: PasswordOptions

    @Option(
        help: ArgumentHelp("Take your current password from this file.", valueName: "file"),
        completion: .file()
    )
    var currentPasswordFile: String?

    @Argument(help: "The person's address or id; without it, you.")
    var user: String?

    func run() async throws {
        if let user {
            let body = UpdateUserBody(password: try password.readNew("new password of \(user.printable)"))
            let answer = try await client.withServer { try await $0.updateUser(user, body) }
            try client.show(answer) { "the password of \(answer.name.printable) is changed, every session ended\n" }
            return
        }
        var current = PasswordOptions()
        current.passwordFile = currentPasswordFile
        let body = UpdateAccountBody(
            currentPassword: try current.read("current password"),
            password: try password.readNew("new password")
        )
        let answer = try await client.withServer { try await $0.updateAccount(body) }
        try client.show(answer) { "your password is changed, every other session ended\n" }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import Glibc
internal import VaultModel

struct InvitationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invitations",
        abstract: "Invite people into a workspace.",
        discussion: """
            Example:
              attache invitations create grace@example.org --role member
            """,
        subcommands: [
            ListInvitationsCommand.self, CreateInvitationCommand.self, ResendInvitationCommand.self,
            CancelInvitationCommand.self, AcceptInvitationCommand.self,
        ]
    )
}

struct ListInvitationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the invitations that wait for an answer.",
        discussion: """
            Example:
              attache invitations list
            """
    )

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let list = try await client.withServer { try await $0.invitations() }
        try client.show(list) {
            guard !list.invitations.isEmpty else { return "no invitations\n" }
            var table = Table("ADDRESS", "ROLE", "INVITED BY", "EXPIRES", "ID")
            for invitation in list.invitations {
                table.add(
                    invitation.email,
                    invitation.role.rawValue,
                    invitation.invitedBy.name,
                    invitation.isExpired ? "expired" : invitation.expiresAt.local,
                    invitation.id
                )
            }
            return table.text
        }
    }
}

struct CreateInvitationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Invite somebody, for seven days.",
        discussion: """
            Where the server sends mail, the link goes to the address and is not shown here. Otherwise the token is shown, \
            once: hand it over yourself. Whoever has it accepts with attache invitations accept.

            Example:
              attache invitations create grace@example.org --role admin
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The address of the person.")
    var email: String

    @Option(help: "What the person may do; at most what you may.")
    var role: Role?

    func run() async throws {
        let body = CreateInvitationBody(email: email, role: role)
        let invitation = try await client.withServer { try await $0.createInvitation(body) }
        try client.show(invitation) { invitation.text }
        client.tell(invitation)
    }
}

struct ResendInvitationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resend",
        abstract: "Renew an invitation: a new token, for seven more days.",
        discussion: """
            Example:
              attache invitations resend grace@example.org
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The invitation's address or id.")
    var invitation: String

    func run() async throws {
        let renewed = try await client.withServer { try await $0.resendInvitation(invitation) }
        try client.show(renewed) { renewed.text }
        client.tell(renewed)
    }
}

struct CancelInvitationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancel an invitation; its token ends.",
        discussion: """
            Example:
              attache invitations cancel grace@example.org
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The invitation's address or id.")
    var invitation: String

    func run() async throws {
        try await client.withServer { try await $0.cancelInvitation(invitation) }
        try client.show(CancelledBody(cancelled: invitation)) { "cancelled \(invitation.printable)\n" }
    }
}

private struct CancelledBody: Encodable {
    let cancelled: String
}

struct AcceptInvitationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept",
        abstract: "Accept an invitation, and log in.",
        discussion: """
            The invitation's link or token is asked for, or read from --token-file; never given as an argument. A link says \
            which server it is for; a token takes --address. Then the password of your account; where you have none yet, \
            it makes one.

            Example:
              attache invitations accept --name "Grace Hopper"
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var password: PasswordOptions

    @Option(
        help: ArgumentHelp("Take the link or the token from this file.", valueName: "file"),
        completion: .file()
    )
    var tokenFile: String?

    @Option(help: ArgumentHelp("How others see you, if you have no account yet.", valueName: "name"))
    var name: String?

    func run() async throws {
        let text: SecretBytes
        if let tokenFile {
            text = try BoundedFile(path: tokenFile, limit: 4_096).contents().droppingFinalNewline()
        } else {
            guard isatty(STDIN_FILENO) == 1 else {
                throw CommandError.usage("the link is asked for at a terminal, or read from --token-file")
            }
            text = try HiddenPrompt().line("the invitation's link or token (not shown): ", limit: 4_096)
        }
        let (server, token) = text.invitation()
        var client = client
        if client.address == nil, client.socket == nil { client.address = server }
        let settings = try client.settings(isLoggingIn: true)
        let body = AcceptInvitationBody(
            token: SecretText(token),
            name: name,
            password: try password.read("your password")
        )
        let answer = try await settings.withServer { try await $0.acceptInvitation(body) }
        let url = settings.address.savedText
        var names: [String] = []
        try ClientOptions.save { saved in
            names = answer.workspaces.map {
                saved.save(
                    SavedWorkspaces.Login(name: $0.name, apiUrl: url, workspaceId: $0.id, session: answer.token)
                )
            }
            saved.current = names.last
        }
        let current = names.last ?? ""
        try client.show(SavedLoginBody(user: answer.user, workspaces: names, current: current)) {
            var fields = FieldList()
            fields.add("logged in as", answer.user.name)
            fields.add("workspaces", names.joined(separator: ", "))
            fields.add("current", current)
            return fields.text
        }
    }
}

extension SecretBytes {
    /// The server that an invitation's link is for, nil for a token alone; and the token.
    fileprivate func invitation() -> (server: String?, token: SharedSecret) {
        withBytes { bytes in
            // Pasted from a mail, with what may stand around it.
            let isBlank = { (byte: UInt8) in
                [UInt8(ascii: " "), 9, 10, 13, UInt8(ascii: "<"), UInt8(ascii: ">")].contains(byte)
            }
            guard let first = bytes.firstIndex(where: { !isBlank($0) }),
                let last = bytes.lastIndex(where: { !isBlank($0) })
            else { return (nil, SharedSecret(copying: [])) }
            let text = bytes[first...last]
            guard let mark = text.lastIndex(of: UInt8(ascii: "#")) else { return (nil, SharedSecret(copying: text)) }
            let page = String(decoding: text[..<mark], as: UTF8.self)
            let server = page.hasSuffix("/invitation") ? String(page.dropLast("/invitation".count)) : page
            return (server, SharedSecret(copying: text[text.index(after: mark)...]))
        }
    }
}

extension InvitationBody {
    fileprivate var text: String {
        var fields = FieldList()
        fields.add("invited", email)
        fields.add("role", role.rawValue)
        fields.add("until", expiresAt.localWithZone)
        if link == nil { fields.add("token", token) }
        fields.add("link", link)
        if mailed == true { fields.add("mailed", "yes, with its link") }
        return fields.text
    }
}

extension ClientOptions {
    fileprivate func tell(_ invitation: InvitationBody) {
        if invitation.mailed == false { note("it was not mailed: \(invitation.mailProblem ?? "")") }
        guard invitation.token != nil else { return }
        let what = invitation.link == nil ? "token" : "link"
        note("the \(what) is not shown again and works once: hand it to \(invitation.email) and nobody else")
    }
}

// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser

/// The tree of commands.
package struct AttacheCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "attache",
        abstract: "Keeps secrets for agents and hands each agent what was attached to it.",
        discussion: """
            A first session:
              attache serve &
              attache secrets import .env
              attache agents create bot --secret OPENAI_API_KEY
              attache status

            Commands talk to the server through its socket, to the one that attache login saved, or to ATTACHE_ADDRESS \
            with ATTACHE_API_KEY. Names and ids are accepted alike.

            Exit status: 0 done, 1 failed, 2 wrong usage, 75 try again, 78 the server's configuration cannot work.

            Completions: attache --generate-completion-script bash (or zsh, fish).
            """,
        version: ProductVersion.text,
        groupedSubcommands: [
            CommandGroup(
                name: "Vault",
                subcommands: [
                    SecretsCommand.self, CredentialsCommand.self, AgentsCommand.self, GatewayTokenCommand.self,
                    ProxyTokenCommand.self,
                    APIKeysCommand.self,
                    TokensCommand.self, AuditCommand.self,
                ]
            ),
            CommandGroup(
                name: "People",
                subcommands: [
                    WorkspacesCommand.self, MembersCommand.self, InvitationsCommand.self, UsersCommand.self,
                    LoginCommand.self, LogoutCommand.self, InitCommand.self,
                ]
            ),
            CommandGroup(
                name: "Running",
                subcommands: [
                    ExecCommand.self, EnginesCommand.self, ImageCommand.self, PluginCommand.self, ComposeCommand.self,
                    CredentialHelperCommand.self, ProxyCommand.self, ServeCommand.self, KeysCommand.self,
                    BackupCommand.self,
                ]
            ),
            CommandGroup(name: "Health", subcommands: [StatusCommand.self, DoctorCommand.self]),
        ]
    )

    package init() {}
}

// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

struct CredentialsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credentials",
        abstract: "Credentials: secrets that know how an API takes them and where they may go.",
        discussion: """
            A value is never shown again after it was written.

            Example:
              attache credentials add Anthropic --provider anthropic < key.txt
            """,
        subcommands: [
            ListCredentialsCommand.self, ShowCredentialCommand.self, AddCredentialCommand.self,
            UpdateCredentialCommand.self, MoveCredentialCommand.self, TestCredentialCommand.self,
            RevokeCredentialCommand.self, RemoveCredentialCommand.self, AttachCredentialCommand.self,
            DetachCredentialCommand.self, ListProvidersCommand.self,
        ]
    )
}

// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

struct SecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secrets",
        abstract: "Secrets and variables of the workspace.",
        discussion: """
            A secret's value is never shown again after it was written; a variable's is.

            Example:
              attache secrets create OPENAI_API_KEY < key.txt
            """,
        subcommands: [
            ListSecretsCommand.self, ShowSecretCommand.self, CreateSecretCommand.self, UpdateSecretCommand.self,
            AnnotateSecretsCommand.self, RenameSecretsCommand.self, AttachSecretsCommand.self,
            DetachSecretsCommand.self, DeleteSecretCommand.self,
            SecretHistoryCommand.self,
            ImportSecretsCommand.self, ExportSecretsCommand.self,
        ]
    )
}

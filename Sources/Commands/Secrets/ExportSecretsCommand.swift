// SPDX-License-Identifier: Apache-2.0

internal import APIClient
package import APITypes
internal import ArgumentParser
package import EnvironmentFile
internal import VaultModel

struct ExportSecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the variables as a .env file on stdout.",
        discussion: """
            A secret is never shown again, so it stands there as a comment with its name. Each variable is written in the form \
            that most readers of .env files give back unchanged; where one of them does not, the file and stderr name it. \
            attache secrets import reads the file as it was meant, with the same --dialect.

            Exit status: 0 done, 1 also where a variable has no form that is read back; it stands there as a comment.

            Examples:
              attache secrets export --variables > .env
              attache secrets export --variables --dialect docker > docker.env
            """
    )

    @OptionGroup var client: ClientOptions

    @Flag(help: "The values of variables, and the names of secrets.")
    var variables = false

    @Option(help: "Write for this reader and no other.")
    var dialect: Dialect?

    func validate() throws {
        guard variables else {
            throw ValidationError("nothing but variables has a value to export: say --variables")
        }
    }

    func run() async throws {
        let page = try await client.withServer { server in
            try await Page.collecting(upTo: .max) { limit, cursor in
                let page = try await server.secrets(limit: limit, cursor: cursor)
                return Page(items: page.secrets, next: page.nextCursor)
            }
        }
        let export = VariableExport(of: page.items, for: dialect)
        try client.show(export.document) { export.document.file }
        for difference in export.document.differences {
            client.note(
                "\(difference.name): read otherwise, or refused, by \(difference.readers.joined(separator: ", "))"
            )
        }
        guard export.document.unwritten.isEmpty else { throw CommandError.notExported(export.document.unwritten) }
    }
}

/// The entries of a workspace as a `.env` file.
package struct VariableExport: Sendable {
    package let document: ExportDocument

    package init(of entries: [SecretBody], for dialect: Dialect? = nil) {
        var writer = EnvironmentFileWriter(
            for: dialect,
            comment: "Written by attache secrets export; secrets stand here by name only."
        )
        var damaged: [String] = []
        var secrets: [String] = []
        var variables = 0
        for entry in entries.sorted(by: { $0.name < $1.name }) {
            guard let name = try? EnvironmentName(entry.name) else { continue }
            switch (entry.kind, entry.value) {
            case (.variable, let value?):
                writer.append(name, value)
                variables += 1
            case (.variable, nil):
                writer.appendName(name)
                damaged.append(entry.name)
            case (.secret, _), (.credential, _):
                writer.appendName(name)
                secrets.append(entry.name)
            }
        }
        document = ExportDocument(
            file: writer.text,
            variables: variables - writer.unwritten.count,
            secrets: secrets,
            differences: writer.differences.map { difference in
                ExportDocument.Difference(name: difference.name.text, readers: difference.readers.map(\.rawValue))
            },
            unwritten: writer.unwritten.map(\.text) + damaged
        )
    }
}

/// What `secrets export` tells programs.
package struct ExportDocument: Encodable, Equatable, Sendable {
    package struct Difference: Encodable, Equatable, Sendable {
        package let name: String
        package let readers: [String]
    }

    package let file: String
    /// How many have their value in the file.
    package let variables: Int
    package let secrets: [String]
    package let differences: [Difference]
    /// Variables that stand there by name only: no form of the value is read back, or the entry is damaged.
    package let unwritten: [String]
}

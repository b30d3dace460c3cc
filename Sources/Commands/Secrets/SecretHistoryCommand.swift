// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct SecretHistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "List the versions of an entry, newest first: who and when, never the value.",
        discussion: """
            The value of an older version is destroyed and does not come back. A deleted entry is found by its id.

            Example:
              attache secrets history OPENAI_API_KEY
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var list: ListOptions

    @Argument(help: "The entry's name or id.")
    var name: String

    func run() async throws {
        let page = try await client.withServer { server in
            try await list.collect { limit, cursor in
                let page = try await server.versions(of: name, limit: limit, cursor: cursor)
                return Page(items: page.versions, next: page.nextCursor)
            }
        }
        try client.show(SecretVersionPage(versions: page.items, nextCursor: page.next)) {
            var table = Table("VERSION", "WRITTEN", "BY", "DESTROYED")
            for version in page.items {
                table.add(
                    String(version.version),
                    version.createdAt.local,
                    version.createdBy.name,
                    version.destroyedAt?.local ?? "-"
                )
            }
            return table.text
        }
    }
}

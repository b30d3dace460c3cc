// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct ExportAuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print the whole trail, oldest first, a JSON object a line.",
        discussion: """
            With --json it is one document instead: {"entries":[…]}.

            Example:
              attache audit export > audit.jsonl
            """
    )

    @OptionGroup var client: ClientOptions

    func run() async throws {
        // Newest first from the server; what is written meanwhile is newer than the first page and not part of this.
        let page = try await client.withServer { server in
            try await Page.collecting(upTo: .max) { limit, cursor in
                let page = try await server.audit(limit: limit, cursor: cursor)
                return Page(items: page.entries, next: page.nextCursor)
            }
        }
        let entries = Array(page.items.reversed())
        guard !client.json else { return try client.show(AuditPage(entries: entries, nextCursor: nil)) { "" } }
        for entry in entries { try StandardStream.output.write(JSONDocument(entry).text + "\n") }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import ArgumentParser

/// How much of a list is wanted.
struct ListOptions: ParsableArguments {
    @Option(help: ArgumentHelp("At most this many; all without it.", valueName: "n"))
    var limit: Int?

    @Option(help: ArgumentHelp("Go on where a list with --limit ended (its nextCursor).", valueName: "cursor"))
    var cursor: String?

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is 1 or more") }
    }

    func collect<Item>(
        _ page: (_ limit: Int, _ cursor: String?) async throws -> Page<Item>
    ) async throws -> Page<Item> {
        try await Page.collecting(upTo: limit ?? .max, from: cursor, page)
    }
}

/// Items of a list and where it goes on.
package struct Page<Item> {
    package var items: [Item]
    package var next: String?

    package init(items: [Item], next: String?) {
        self.items = items
        self.next = next
    }

    /// Asks for pages until there are `limit` items or no more.
    package static func collecting(
        upTo limit: Int,
        from cursor: String? = nil,
        _ page: (_ limit: Int, _ cursor: String?) async throws -> Page
    ) async throws -> Page {
        var collected = Page(items: [], next: cursor)
        repeat {
            let asked = min(limit - collected.items.count, APIClient.maximumPageSize)
            let answer = try await page(asked, collected.next)
            // A list that does not move on would be read forever.
            guard answer.next == nil || answer.next != collected.next else {
                throw APIClientError.protocolError("the list does not end")
            }
            collected.items += answer.items
            collected.next = answer.next
        } while collected.next != nil && collected.items.count < limit
        return collected
    }
}

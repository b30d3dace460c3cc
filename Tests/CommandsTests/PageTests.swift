// SPDX-License-Identifier: Apache-2.0

import APIClient
import Commands
import Testing

struct PageTests {
    /// A list of `count` numbers, handed out `size` at a time.
    private func numbers(_ count: Int, size: Int) -> (Int, String?) -> Page<Int> {
        { limit, cursor in
            let start = cursor.flatMap(Int.init) ?? 0
            let end = min(start + min(limit, size), count)
            return Page(items: Array(start..<end), next: end < count ? String(end) : nil)
        }
    }

    @Test(arguments: [0, 1, 9, 10, 11, 1234])
    func aListIsReadToItsEnd(count: Int) async throws {
        let list = numbers(count, size: 10)
        let page = try await Page.collecting(upTo: .max) { list($0, $1) }
        #expect(page.items == Array(0..<count))
        #expect(page.next == nil)
    }

    @Test func aLimitedListSaysWhereItGoesOn() async throws {
        let list = numbers(100, size: 10)
        let first = try await Page.collecting(upTo: 25) { list($0, $1) }
        #expect(first.items == Array(0..<25))
        let rest = try await Page.collecting(upTo: .max, from: first.next) { list($0, $1) }
        #expect(rest.items == Array(25..<100))
    }

    @Test func noMoreIsAskedForThanThePageAllows() async throws {
        var asked: [Int] = []
        let list = numbers(1100, size: .max)
        _ = try await Page.collecting(upTo: 1050) { limit, cursor in
            asked.append(limit)
            return list(limit, cursor)
        }
        #expect(asked == [500, 500, 50])
    }

    @Test func aListThatDoesNotMoveOnIsAnError() async throws {
        await #expect(throws: APIClientError.protocolError("the list does not end")) {
            _ = try await Page.collecting(upTo: .max) { _, _ in Page(items: [1], next: "same") }
        }
    }
}

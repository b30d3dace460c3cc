// SPDX-License-Identifier: Apache-2.0

/// Which part of a list is wanted.
package struct PageRequest: Sendable {
    package static let maximumLimit = 500
    package static let defaultLimit = 100

    package let limit: Int
    /// The `nextCursor` of the page before.
    package let cursor: String?
    /// Only names that contain this text, ignoring case.
    package let matching: String?

    /// Clamps `limit` to 1…500.
    package init(limit: Int = defaultLimit, cursor: String? = nil, matching: String? = nil) {
        self.limit = min(max(limit, 1), Self.maximumLimit)
        self.cursor = cursor
        self.matching = matching
    }
}

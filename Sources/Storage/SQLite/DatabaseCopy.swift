// SPDX-License-Identifier: Apache-2.0

/// A copy of a database in a file of its own that nobody writes.
package struct DatabaseCopy: Sendable {
    package let path: String

    package init(path: String) {
        self.path = path
    }

    /// Looks into the copy without changing a byte of it; throws unless it is a database of the vault.
    package func inspect() throws(StorageFailure) -> Inspection {
        guard let glance = try DatabaseGlance(of: path) else { throw .corrupt }
        return try glance.inspect()
    }

    /// Lends a connection that reads the copy; blocks its thread.
    package func read<R>(_ body: (any SQLConnection) throws -> R) throws -> R {
        guard let glance = try DatabaseGlance(of: path) else { throw StorageFailure.corrupt }
        return try glance.lend(to: body)
    }
}

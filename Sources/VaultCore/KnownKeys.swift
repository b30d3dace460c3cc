// SPDX-License-Identifier: Apache-2.0

internal import Storage
internal import Synchronization

/// Remembers the rows of the workspace keys that were shown, so that a request does not read its key twice.
///
/// What is remembered only says whose key it is: in the transaction of every act ``authenticated(_:on:ring:now:)`` reads
/// the row again and decides. It is forgotten with any change of a token, so that a key that has ended is refused, and the
/// refusal recorded, before anything else of the request is looked at.
final class KnownKeys: Sendable {
    /// As many keys as are remembered at most.
    static let most = 1_024

    private let state = Mutex(State())

    private struct State {
        /// How many changes of tokens there had been when the rows were read.
        var changes: UInt64 = 0
        var rows: [[UInt8]: TokenRow] = [:]
    }

    /// The row of the key of that digest, if no token has changed since it was read.
    func row(of digest: [UInt8], at changes: UInt64) -> TokenRow? {
        state.withLock { $0.changes == changes ? $0.rows[digest] : nil }
    }

    /// Keeps a row that was read after `changes` changes, unless rows of a later time are kept.
    func remember(_ row: TokenRow, of digest: [UInt8], readAt changes: UInt64) {
        state.withLock { state in
            guard changes >= state.changes else { return }
            if changes > state.changes || state.rows.count >= Self.most { state.rows = [:] }
            state.changes = changes
            state.rows[digest] = row
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// What was read of an answer before the agent took it.
final class PartsAhead: Sendable {
    private let state: Mutex<State>

    private struct State {
        var parts: [ProxyAnswer.Part]
        var failure: (any Error)?
    }

    init(_ parts: [ProxyAnswer.Part], failure: (any Error)? = nil) {
        state = Mutex(State(parts: parts.reversed(), failure: failure))
    }

    /// The next of them; nil where the rest has not been read.
    ///
    /// Throws where the target broke off behind them.
    func next() throws -> ProxyAnswer.Part? {
        try state.withLock { state in
            if let part = state.parts.popLast() { return part }
            if let failure = state.failure { throw failure }
            return nil
        }
    }
}

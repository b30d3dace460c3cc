// SPDX-License-Identifier: Apache-2.0

internal import Storage
internal import Synchronization
internal import VaultModel

/// Tells of the ends of containers' first processes when they happen.
///
/// A hint and no more: who is told looks at the process again, and an end that nobody saw is found by upkeep.
final class ContainerWatch: Sendable {
    private struct State {
        var watched: [TokenID: ProcessWatch] = [:]
        var ended: [ContainerRow] = []
    }

    private let state = Mutex(State())
    private let wake: AsyncStream<Void>.Continuation

    /// Something for each time that ``takeEnded()`` may have something to give, for one listener.
    let ends: AsyncStream<Void>

    init() { (ends, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1)) }

    /// Watches the first process of a container; one that is watched already stays so.
    func watch(_ row: ContainerRow, on machine: ProcessTable) {
        guard let pid = Int32(exactly: row.pid), state.withLock({ $0.watched[row.tokenID] == nil }) else { return }
        let watch = machine.watch(pid) { [weak self] in self?.note(row) }
        guard let watch else { return }
        state.withLock { $0.watched[row.tokenID] = watch }
        // It may have ended before, and its number be another's since.
        if row.isGone(from: machine) { note(row) }
    }

    /// The containers whose process has ended since the last time.
    func takeEnded() -> [ContainerRow] {
        state.withLock { state in
            defer { state.ended = [] }
            return state.ended
        }
    }

    private func note(_ row: ContainerRow) {
        // What ends the watch with it has to be let go of outside of the lock.
        let watch = state.withLock { state -> ProcessWatch? in
            state.ended.append(row)
            return state.watched.removeValue(forKey: row.tokenID)
        }
        withExtendedLifetime(watch) { _ = wake.yield() }
    }
}

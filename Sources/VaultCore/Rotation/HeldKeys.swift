// SPDX-License-Identifier: Apache-2.0

internal import Sealing
internal import Synchronization

/// The keys that a server holds in memory: the ring, and the master keys that wrap it.
///
/// The ring never changes: rotation replaces it by another one. An act takes it once and keeps it to its end, so a step that
/// must hold for everybody waits until the ring before is out of use.
final class HeldKeys: Sendable {
    private struct State {
        var ring: KeyRing
        /// The one that the server was started with, and one that it was given since.
        var masters: [MasterKey]
        var isRotating = false
        /// Who takes the next steps, in the order in which they came.
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>
    /// Which master key the server would be started with now, as far as that can be told.
    let keyInFile: @Sendable () -> MasterKeyID?
    /// Yields when there may be a rotation to carry on with; for one consumer.
    let rotations: AsyncStream<Void>
    private let rotationBegan: AsyncStream<Void>.Continuation

    init(ring: KeyRing, master: MasterKey, keyInFile: @escaping @Sendable () -> MasterKeyID?) {
        state = Mutex(State(ring: ring, masters: [master]))
        self.keyInFile = keyInFile
        (rotations, rotationBegan) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        // One may have been under way when the server ended.
        rotationBegan.yield()
    }

    var ring: KeyRing { state.withLock { $0.ring } }

    var masterKeyIDs: [MasterKeyID] { state.withLock { $0.masters.map(\.id) } }

    func master(_ id: String) -> MasterKey? { state.withLock { $0.masters.first { $0.id.text == id } } }

    func hold(_ master: MasterKey) {
        state.withLock { state in
            guard !state.masters.contains(where: { $0.id == master.id }) else { return }
            state.masters.append(master)
        }
    }

    func keepOnly(_ id: String) { state.withLock { $0.masters.removeAll { $0.id.text != id } } }

    func rotationMayGoOn() { rotationBegan.yield() }

    /// Runs `step` when no other step is being taken: the next one rests on the ring that this one puts into use.
    func oneStepAtATime<R, E: Error>(_ step: () async throws(E) -> R) async throws(E) -> R {
        await withCheckedContinuation { turn in
            let isFree = state.withLock { state in
                if state.isRotating { state.waiting.append(turn) }
                defer { state.isRotating = true }
                return !state.isRotating
            }
            if isFree { turn.resume() }
        }
        defer { handOver() }
        return try await step()
    }

    private func handOver() {
        let next = state.withLock { state in
            state.isRotating = !state.waiting.isEmpty
            return state.waiting.isEmpty ? nil : state.waiting.removeFirst()
        }
        next?.resume()
    }

    /// Makes `ring` the one that is taken from now on, and returns when nobody works with the one before.
    func replaceRing(by ring: KeyRing) async throws {
        let before = state.withLock { state in
            let use = state.ring.use
            state.ring = ring
            return use
        }
        try await before.waitForEnd()
    }
}

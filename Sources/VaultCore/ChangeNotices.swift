// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Wakes those who wait for a change inside this process, after the COMMIT that made it.
///
/// A hint and no more: who is woken looks at the store again, and who looked before a notice that it could not have
/// heard is told so by ``listen(for:as:since:)``. So nothing is polled, and nothing depends on a notice.
final class ChangeNotices: Sendable {
    /// How many may wait at once; beyond it a request is told to come again.
    static let capacity = 10_000

    private struct State {
        var nextID: UInt64 = 0
        var generation: UInt64 = 0
        var waiting: [UInt64: Waiting] = [:]
        var listeners: [String: Set<UInt64>] = [:]

        mutating func forget(_ id: UInt64, of subject: String) {
            listeners[subject]?.remove(id)
            if listeners[subject]?.isEmpty == true { listeners[subject] = nil }
        }
    }

    private struct Waiting {
        let wait: ChangeWait
        var subjects: Set<String> = []
    }

    private let state = Mutex(State())

    /// How many notices there were; to be asked before the store is looked at.
    var generation: UInt64 { state.withLock { $0.generation } }

    /// Adds somebody who waits, of nothing yet; nil where too many wait.
    func add(_ wait: ChangeWait) -> UInt64? {
        state.withLock { state in
            guard state.waiting.count < Self.capacity else { return nil }
            state.nextID += 1
            state.waiting[state.nextID] = Waiting(wait: wait)
            return state.nextID
        }
    }

    func remove(_ id: UInt64) {
        state.withLock { state in
            guard let gone = state.waiting.removeValue(forKey: id) else { return }
            for subject in gone.subjects { state.forget(id, of: subject) }
        }
    }

    /// Says which ids `id` waits for from now on, and wakes it where there was a notice since `generation`.
    func listen(for subjects: Set<String>, as id: UInt64, since generation: UInt64) {
        state.withLock { state in
            guard let before = state.waiting[id] else { return }
            for subject in before.subjects.subtracting(subjects) { state.forget(id, of: subject) }
            for subject in subjects.subtracting(before.subjects) { state.listeners[subject, default: []].insert(id) }
            state.waiting[id]?.subjects = subjects
            if state.generation != generation { before.wait.wake() }
        }
    }

    /// Wakes who waits for one of these ids.
    func announce(_ subjects: some Sequence<String>) {
        state.withLock { state in
            state.generation += 1
            var woken: Set<UInt64> = []
            for subject in subjects { woken.formUnion(state.listeners[subject] ?? []) }
            for id in woken { state.waiting[id]?.wait.wake() }
        }
    }
}

/// One request that waits for a change; whoever serves it can end the wait.
package final class ChangeWait: Sendable {
    /// Why a wait ended without a change.
    package enum End: Sendable {
        /// Its time is over.
        case timeout
        /// The one who asked is gone.
        case departed
        /// The server stops.
        case stopping
        /// The same instance waits in a newer request.
        case superseded
    }

    private let reason = Mutex<End?>(nil)
    private let notices: AsyncStream<Void>
    private let notify: AsyncStream<Void>.Continuation

    package init() {
        (notices, notify) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Ends the wait; the first reason stays.
    package func end(_ end: End) {
        reason.withLock { $0 = $0 ?? end }
        notify.finish()
    }

    var ended: End? { reason.withLock { $0 } }

    func wake() { notify.yield() }

    /// Returns at the next notice, or where the wait is over.
    func next() async {
        var iterator = notices.makeAsyncIterator()
        if await iterator.next() == nil, ended == nil { end(.departed) }
    }
}

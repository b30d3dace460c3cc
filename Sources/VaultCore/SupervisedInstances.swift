// SPDX-License-Identifier: Apache-2.0

internal import Storage
internal import Synchronization
internal import VaultModel

/// Which supervisors are connected to this process: what *live* rests on for a supervised instance.
///
/// Kept in memory on purpose. After a restart of the server nobody is connected until the supervisors come back, and
/// until then nothing is shown as good.
final class SupervisedInstances: Sendable {
    /// How long an instance counts as connected after an answer, until its supervisor asks again.
    static let grace = Duration.seconds(15)

    private struct State {
        var waiting: [InstanceID: ChangeWait] = [:]
        var answered: [InstanceID: Timestamp] = [:]
    }

    private let state = Mutex(State())

    /// Notes that a supervisor waits; an older wait of the same instance ends.
    func connect(_ id: InstanceID, _ wait: ChangeWait) {
        let older = state.withLock { state in
            state.answered[id] = nil
            return state.waiting.updateValue(wait, forKey: id)
        }
        older?.end(.superseded)
    }

    /// Notes that the wait is over: with an answer the supervisor is expected back, without one it is gone.
    func disconnect(_ id: InstanceID, _ wait: ChangeWait, isAnswered: Bool, at now: Timestamp) {
        state.withLock { state in
            guard state.waiting[id] === wait else { return }
            state.waiting[id] = nil
            state.answered = state.answered.filter { now < $0.value + Self.grace }
            if isAnswered { state.answered[id] = now }
        }
    }

    func liveness(of row: InstanceRow, at now: Timestamp) -> InstanceLiveness {
        if row.endedAt != nil { return .ended }
        guard row.isSupervised else { return row.container == nil ? .assumed : .running }
        guard row.runningAt != nil else { return .starting }
        return state.withLock { state in
            let isConnected =
                state.waiting[row.id] != nil || state.answered[row.id].map { now < $0 + Self.grace } ?? false
            return isConnected ? .connected : .lost
        }
    }
}

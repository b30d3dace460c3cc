// SPDX-License-Identifier: Apache-2.0

internal import Storage
internal import Synchronization
internal import VaultModel

/// Remembers what starts read, so that a hundred replicas of an agent read it once, and what was read for the first start
/// of a container before it came.
///
/// A snapshot is used only when the transaction that records the start finds the workspace's revision unchanged, and
/// the database untouched by any other program: what such a program changed is read, and refused, at the next start.
/// Opened values are never kept.
final class StartCache: Sendable {
    /// As many agents as are remembered at most.
    static let mostSnapshots = 256
    /// As many bytes as the remembered rows take at most.
    static let mostBytes = 8 << 20

    private let state = Mutex(State())

    private struct State {
        var remembered: [[UInt8]: Remembered] = [:]
        /// The digests of containers that have not started yet, by their ids.
        var prepared: [String: [UInt8]] = [:]
        var bytes = 0
        var uses: UInt64 = 0
        var foreignChanges: ForeignChanges?

        mutating func forget(_ digest: [UInt8]) {
            guard let old = remembered.removeValue(forKey: digest) else { return }
            bytes -= old.size
            guard let id = old.container?.container, prepared[id] == digest else { return }
            prepared[id] = nil
        }
    }

    private struct Remembered {
        let snapshot: StartSnapshot
        let size: Int
        var lastUse: UInt64
        /// What was prepared for it, as long as it has not started.
        var container: ContainerRow?
    }

    /// What other programs had done to the database when somebody last looked; nil before the first look.
    var foreignChanges: ForeignChanges? { state.withLock { $0.foreignChanges } }

    /// What opened for a start with the token of that digest, to be used under the conditions above, and what other programs
    /// had done when it was read.
    ///
    /// What was prepared has never been opened: it is left to ``takePrepared(for:where:)``.
    func snapshot(for digest: [UInt8]) -> (snapshot: StartSnapshot, readAt: ForeignChanges)? {
        state.withLock { state in
            state.uses += 1
            let now = state.uses
            // Nothing is remembered beyond the next change.
            guard let changes = state.foreignChanges, let found = state.remembered[digest], found.container == nil
            else { return nil }
            state.remembered[digest]?.lastUse = now
            return (found.snapshot, changes)
        }
    }

    /// Takes out what was prepared for one of the containers, where `isHome` says that it is the one; to be used under the
    /// conditions above.
    func takePrepared(
        for candidates: Set<String>,
        where isHome: (ContainerRow) -> Bool
    ) -> (snapshot: StartSnapshot, readAt: ForeignChanges)? {
        state.withLock { state in
            for candidate in candidates {
                guard let digest = state.prepared[candidate], let found = state.remembered[digest],
                    let container = found.container, isHome(container), let changes = state.foreignChanges
                else { continue }
                state.forget(digest)
                return (found.snapshot, changes)
            }
            return nil
        }
    }

    /// Keeps a snapshot that was read when other programs had done `changes`, unless they have done more by now; with the
    /// row of a container for the first start in that.
    func remember(
        _ snapshot: StartSnapshot,
        for digest: [UInt8],
        of container: ContainerRow? = nil,
        readAt changes: ForeignChanges?
    ) {
        let size = snapshot.size
        state.withLock { state in
            guard let changes, changes == state.foreignChanges, size <= Self.mostBytes / 4 else { return }
            state.forget(digest)
            state.uses += 1
            state.remembered[digest] = Remembered(
                snapshot: snapshot,
                size: size,
                lastUse: state.uses,
                container: container
            )
            if let container { state.prepared[container.container] = digest }
            state.bytes += size
            while state.remembered.count > Self.mostSnapshots || state.bytes > Self.mostBytes {
                guard let oldest = state.remembered.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return }
                state.forget(oldest.key)
            }
        }
    }

    func forget(_ digest: [UInt8]) {
        state.withLock { $0.forget(digest) }
    }

    /// Takes note of what other programs have done, as the engine says inside a transaction that writes.
    ///
    /// When that is news, or cannot be told, everything is forgotten.
    func note(_ changes: ForeignChanges?) {
        state.withLock { state in
            guard changes == nil || changes != state.foreignChanges else { return }
            state.foreignChanges = changes
            state.remembered = [:]
            state.prepared = [:]
            state.bytes = 0
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import VaultModel

/// Remembers the names of entries, so that a search reads only the rows that it shows.
///
/// What is remembered of a workspace belongs to one of its revisions. Every transaction that changes entries raises the
/// revision and notes here, before it is committed, whose names may be others then: names of another revision are made
/// by reading those entries anew, and all of them where that is not known. Nothing is answered from here alone: what is
/// found is read, and held against the search, like every row. Names are remembered from the first search on, at most
/// 64 MiB of them, those of a workspace with more than 32 MiB never.
final class EntryNameIndex: Sendable {
    /// As many bytes as are remembered at most, of all workspaces and of one.
    static let mostBytes = (all: 64 << 20, ofOne: 32 << 20)
    /// As many workspaces as are remembered at most.
    static let mostWorkspaces = 1_024

    private let state = Mutex(State())

    /// What is known of a workspace's names at a revision.
    enum Knowledge {
        case names(EntryNames)
        /// They are these but for the names of some entries.
        case nearly(EntryNames, changed: Set<EntryID>)
        case none
        /// There are more than are remembered.
        case tooMany
    }

    private struct State {
        var workspaces: [WorkspaceID: Remembered] = [:]
        var bytes = 0
        var uses: UInt64 = 0
        var foreignChanges: ForeignChanges?

        mutating func forget(_ workspace: WorkspaceID) {
            guard let old = workspaces.removeValue(forKey: workspace) else { return }
            bytes -= old.names?.size ?? 0
        }
    }

    private struct Remembered {
        /// Nil until they are known, or when there are too many.
        var names: EntryNames?
        var isTooLarge = false
        /// What `names` belong to.
        var revision: Int64 = 0
        var changes = EntryChanges()
        var lastUse: UInt64 = 0
    }

    /// Also begins to take notes of the workspace, so that what a search reads now serves the next one.
    func knowledge(of workspace: WorkspaceID, at revision: Int64) -> Knowledge {
        state.withLock { state in
            state.uses += 1
            state.workspaces[workspace, default: Remembered()].lastUse = state.uses
            if state.workspaces.count > Self.mostWorkspaces,
                let oldest = state.workspaces.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                state.forget(oldest.key)
            }
            guard let known = state.workspaces[workspace] else { return .none }
            if known.isTooLarge { return .tooMany }
            guard let names = known.names else { return .none }
            if known.revision == revision { return .names(names) }
            // A snapshot may also be older than what a faster reader has left here.
            let between = min(known.revision, revision)..<max(known.revision, revision)
            guard let changed = known.changes.ids(after: between.lowerBound, through: between.upperBound) else {
                return .none
            }
            return .nearly(names, changed: changed)
        }
    }

    /// Remembers the names of a revision, unless those of a later one are there.
    ///
    /// Nil says that there are too many to be remembered.
    func remember(_ names: EntryNames?, of workspace: WorkspaceID, at revision: Int64) {
        state.withLock { state in
            guard var known = state.workspaces[workspace] else { return }
            guard let names, names.size <= Self.mostBytes.ofOne else {
                state.bytes -= known.names?.size ?? 0
                known.names = nil
                known.isTooLarge = true
                state.workspaces[workspace] = known
                return
            }
            guard known.names == nil || known.revision < revision else { return }
            state.bytes += names.size - (known.names?.size ?? 0)
            known.names = names
            known.revision = revision
            state.workspaces[workspace] = known
            while state.bytes > Self.mostBytes.all,
                let oldest = state.workspaces.filter({ $0.value.names != nil })
                    .min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                state.forget(oldest.key)
            }
        }
    }

    /// Takes note, in a transaction that has changed `entries` and is not yet committed, that they may have other names
    /// at that revision.
    func note(_ entries: [EntryID], of workspace: WorkspaceID, at revision: Int64) {
        state.withLock { $0.workspaces[workspace]?.changes.note(entries, at: revision) }
    }

    /// Takes note of what other programs have done, as the engine says inside a transaction that writes; when that is
    /// news, everything is forgotten.
    func note(_ changes: ForeignChanges?) {
        state.withLock { state in
            guard changes == nil || changes != state.foreignChanges else { return }
            state.foreignChanges = changes
            state.workspaces = [:]
            state.bytes = 0
        }
    }
}

/// Which entries of a workspace may have changed with each of its last revisions.
///
/// One that was undone may stand here: its revision is then that of another transaction too.
struct EntryChanges {
    /// As many ids and revisions as are noted at most; the older half makes room.
    static let most = (ids: 16_384, revisions: 4_096)

    private var first: Int64 = 0
    /// The entries of each revision from `first` on.
    private var entries: [[EntryID]] = []
    private var count = 0

    mutating func note(_ ids: [EntryID], at revision: Int64) {
        let index = revision - first
        switch index {
        case 0..<Int64(entries.count): entries[Int(index)] += ids
        case Int64(entries.count) where !entries.isEmpty: entries.append(ids)
        // The revisions between are not known.
        default: (first, entries, count) = (revision, [ids], 0)
        }
        count += ids.count
        while count > Self.most.ids || entries.count > Self.most.revisions {
            let half = max(entries.count / 2, 1)
            count -= entries.prefix(half).reduce(0) { $0 + $1.count }
            entries.removeFirst(half)
            first += Int64(half)
        }
    }

    /// Nil when a revision between was not noted.
    func ids(after low: Int64, through high: Int64) -> Set<EntryID>? {
        guard low + 1 >= first, high - first < Int64(entries.count) else { return nil }
        return Set(entries[Int(low + 1 - first)...Int(high - first)].joined())
    }
}

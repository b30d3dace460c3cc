// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import GRDB
internal import GRDBSQLite
internal import Glibc
internal import Metrics
internal import Synchronization
internal import VaultModel

/// The store on one SQLite file, written by this process alone.
///
/// Concurrent writes share a transaction and with it the one fdatasync(2) that makes them durable. Where one of them has
/// to be undone, all run again, each in a savepoint of its own. A failed COMMIT that leaves unknown what is on the disk
/// ends all writing: an fsync(2) that is tried again may succeed although the kernel has dropped the pages. A full disk
/// does not: writing goes on when there is room.
package final class SQLiteEngine: SQLEngine {
    private let folder: DataFolder
    private let pool: DatabasePool
    private let gauge: LogGauge
    private let names = EntryNameIndex()
    private let remembered = RememberedRows()
    private let digests = KnownDigests()
    private let state = Mutex(State())
    private let isClosed = Mutex(false)
    private let keptWrites = Atomic<UInt64>(0)
    private let keptTokenChanges = Atomic<UInt64>(0)
    /// How many of the next groups have savepoints from the beginning, because writes of late had to be undone.
    private let groupsWithSavepoints = Atomic<Int>(0)
    private static let cautiousGroups = 32
    /// What the connection that writes was told last.
    private let commitsWait = Atomic(true)

    private struct State {
        var queue = WriteQueue<PendingWrite>()
        /// Told when writing ends for good.
        var failureWatchers: [AsyncStream<Void>.Continuation] = []
        /// Reads and checkpoints under way.
        var activities = 0
        /// Wait until nothing is under way.
        var closers: [CheckedContinuation<Void, Never>] = []
        var commits = 0
        var writes = 0

        mutating func closersToTell() -> [CheckedContinuation<Void, Never>] {
            guard activities == 0, !queue.isRunning else { return [] }
            defer { closers = [] }
            return closers
        }
    }

    /// Opens the database of `folder`, brings its schema up to date and checks its settings; blocks its thread.
    ///
    /// Refuses a damaged file and a schema that is newer than this program before anything is written.
    package convenience init(opening folder: DataFolder) throws(StorageFailure) {
        try self.init(opening: folder, upTo: Schema.current)
    }

    /// Leaves the schema at an older `version`, as an older program would.
    init(opening folder: DataFolder, upTo version: Int64) throws(StorageFailure) {
        try folder.beginUse()
        self.folder = folder
        gauge = LogGauge()
        do {
            pool = try Self.openPool(of: folder, gauge: gauge, upTo: version)
        } catch {
            folder.endUse()
            throw error
        }
    }

    /// Does what ``init(opening:)`` does, on a thread that may block.
    package static func open(_ folder: DataFolder) async throws(StorageFailure) -> SQLiteEngine {
        try await blocking { Result { () throws(StorageFailure) in try SQLiteEngine(opening: folder) } }
    }

    /// Claims the folder at `path` and opens its database.
    package static func open(at path: String) async throws(StorageFailure) -> SQLiteEngine {
        try await blocking {
            Result { () throws(StorageFailure) in try SQLiteEngine(opening: DataFolder(claiming: path)) }
        }
    }

    /// The version of the SQLite library in use.
    package static var libraryVersion: String { String(cString: sqlite3_libversion()) }

    /// The version of the schema that this program writes.
    package static var schemaVersion: Int64 { Schema.current }

    /// How many transactions were committed, to see how writes are grouped.
    package var commitCount: Int { state.withLock { $0.commits } }

    /// How many writes were committed.
    package var writeCount: Int { state.withLock { $0.writes } }

    /// How many writes wait for a transaction to come.
    var waitingCount: Int { state.withLock { $0.queue.waitingCount } }

    /// Whether writing has ended for good; the server should end too, and be started again.
    package var hasFailed: Bool { state.withLock { $0.queue.phase == .failed } }

    /// Returns when writing has ended for good, or when the task is cancelled.
    package func waitForFailure() async {
        let (failures, continuation) = AsyncStream.makeStream(of: Void.self)
        let hasFailed = state.withLock { state in
            state.failureWatchers.append(continuation)
            return state.queue.phase == .failed
        }
        if hasFailed { return }
        for await _ in failures { return }
    }

    /// Ends all writing and returns the writes that waited, to be refused.
    private func failWriting() -> [PendingWrite] {
        let (writes, watchers) = state.withLock { ($0.queue.fail(), $0.failureWatchers) }
        for watcher in watchers { watcher.finish() }
        return writes
    }

    package func write<R: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> R
    ) async throws -> R {
        try await submit(body, isSynchronous: true)
    }

    package func append<R: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> R
    ) async throws -> R {
        try await submit(body, isSynchronous: false)
    }

    package var writes: UInt64 { keptWrites.load(ordering: .acquiring) }

    package var tokenChanges: UInt64 { keptTokenChanges.load(ordering: .acquiring) }

    package func synchronize() async throws {
        try beginActivity()
        defer { endActivity() }
        do {
            try await blocking { [folder] in Result { () throws(StorageFailure) in try folder.synchronizeLog() } }
        } catch {
            // The kernel may have dropped pages: see above.
            for write in failWriting() { write.refuse(error) }
            throw error
        }
    }

    private func submit<R: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> R,
        isSynchronous: Bool
    ) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            let write = PendingWrite(body, isSynchronous: isSynchronous, for: continuation)
            switch state.withLock({ $0.queue.add(write) }) {
            case .start: scheduleGroup()
            case .wait: break
            case .refuse(let failure): write.refuse(failure)
            }
        }
    }

    package func read<R: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> R
    ) async throws -> R {
        try beginActivity()
        return try await withCheckedThrowingContinuation { continuation in
            pool.asyncRead { [self] result in
                let outcome: Result<R, any Error>
                switch result {
                case .success(let database):
                    let changes = TransactionChanges(ofSnapshot: names)
                    let connection = SQLiteConnection(database, changing: changes)
                    outcome = Result { try connection.lend(to: body) }
                case .failure(let error): outcome = .failure(StorageFailure(error))
                }
                endActivity()
                continuation.resume(with: outcome)
            }
        }
    }

    package func checkpoint() async throws(StorageFailure) {
        try beginActivity()
        let result = await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { [self] database in
                let result = Result { () throws(StorageFailure) in try checkpoint(database, .truncate) }
                endActivity()
                continuation.resume(returning: result)
            }
        }
        try result.get()
    }

    package func structureProblems() async throws -> [String] {
        try await read { connection in
            // sqlite.org/pragma.html: `ok`, or up to 100 findings; and one row for each reference that leads nowhere.
            let pages = try connection.query("PRAGMA integrity_check", []).compactMap { try $0.optionalText(0) }
            let references = try connection.query("PRAGMA foreign_key_check", []).compactMap { row in
                try row.optionalText(0).map { "a row of \($0) refers to one that is not there" }
            }
            return (pages == ["ok"] ? [] : pages.map { "the database: \($0)" }) + references
        }
    }

    package func copy(
        to path: String,
        progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws(StorageFailure) {
        try beginActivity()
        defer { endActivity() }
        try await blocking { [pool] in Result { () throws(StorageFailure) in try Self.copy(pool, to: path, progress) } }
    }

    /// Copies page by page within one snapshot of a connection that reads (sqlite.org/backup.html).
    private static func copy(
        _ pool: DatabasePool,
        to path: String,
        _ progress: @escaping @Sendable (Int64, Int64) -> Void
    ) throws(StorageFailure) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StorageFailure(errno: errno) }
        Glibc.close(descriptor)
        do {
            let copy = try DatabaseQueue(path: path)
            try pool.backup(to: copy, pagesPerStep: 1_024) { step in
                progress(Int64(step.completedPageCount), Int64(step.totalPageCount))
            }
            try copy.close()
        } catch {
            throw StorageFailure(error)
        }
    }

    package func close() async throws(StorageFailure) {
        await withCheckedContinuation { continuation in
            let closers = state.withLock { state in
                state.queue.close()
                state.closers.append(continuation)
                return state.closersToTell()
            }
            for closer in closers { closer.resume() }
        }
        try await blocking { [self] in Result { () throws(StorageFailure) in try closeOnce() } }
    }

    /// Closes the file when nothing is under way any more.
    private func closeOnce() throws(StorageFailure) {
        try isClosed.withLock { isClosed throws(StorageFailure) in
            guard !isClosed else { return }
            // GRDB closes the connection that writes first, so that none is left that could empty the log.
            try? pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
            do { try pool.close() } catch { throw StorageFailure(error) }
            folder.endUse()
            isClosed = true
        }
    }

    private func beginActivity() throws(StorageFailure) {
        let isClosing = state.withLock { state in
            guard state.queue.phase != .closing else { return true }
            state.activities += 1
            return false
        }
        if isClosing { throw .unavailable }
    }

    private func endActivity() {
        let closers = state.withLock { state in
            state.activities -= 1
            return state.closersToTell()
        }
        for closer in closers { closer.resume() }
    }

    // MARK: - Group commit

    /// Has the next group run on the thread of the connection that writes, after what already waits for it.
    private func scheduleGroup() {
        pool.asyncWriteWithoutTransaction { [self] database in
            let (group, closers) = state.withLock { ($0.queue.nextGroup(), $0.closersToTell()) }
            for closer in closers { closer.resume() }
            guard !group.isEmpty else { return }
            run(group, on: database)
            checkpointIfDue(database)
            scheduleGroup()
        }
    }

    /// The writes of a group on their way through a transaction.
    private struct Course {
        var outcomes: [PendingWrite.Outcome] = []
        /// Those that have not run.
        var rest: ArraySlice<PendingWrite>
        var hasBegun = false
        var changesTokens = false
        var commitTime = Duration.zero

        init(_ group: [PendingWrite]) { rest = group[...] }
    }

    private func run(_ group: [PendingWrite], on database: Database) {
        var course = Course(group)
        let isSynchronous = group.contains { $0.isSynchronous }
        do {
            try setSynchronous(isSynchronous, on: database)
            let isAlone = group.count == 1
            if try !commit(&course, on: database, hasSavepoints: !isAlone && takesSavepoints()) {
                // No other write was in the transaction: its end is as good as a savepoint's.
                if isAlone { return course.outcomes.forEach { $0.tell() } }
                // The others have lost what they did, too.
                groupsWithSavepoints.store(Self.cautiousGroups, ordering: .relaxed)
                course = Course(group)
                _ = try commit(&course, on: database, hasSavepoints: true)
            }
            let outcomes = course.outcomes
            state.withLock { state in
                state.commits += 1
                state.writes += outcomes.count { $0.isKept }
            }
            let kept = zip(group, outcomes).count { $0.isSynchronous && $1.isKept }
            if kept > 0 { keptWrites.add(UInt64(kept), ordering: .releasing) }
            if course.changesTokens { keptTokenChanges.add(1, ordering: .releasing) }
            for outcome in outcomes { outcome.tell() }
            record(course.commitTime, of: outcomes.count)
        } catch {
            abandon(course, because: StorageFailure(error), on: database)
        }
    }

    /// Says whether the next COMMIT waits for the disk; told to SQLite where it is another one than the last.
    private func setSynchronous(_ isSynchronous: Bool, on database: Database) throws {
        guard isSynchronous != commitsWait.load(ordering: .relaxed) else { return }
        // Changes nothing inside a transaction (sqlite.org/pragma.html#pragma_synchronous).
        try database.execute(sql: "PRAGMA synchronous = \(isSynchronous ? "FULL" : "NORMAL")")
        commitsWait.store(isSynchronous, ordering: .relaxed)
    }

    /// Runs the writes in a transaction and commits it; false when one was undone and took the transaction along, which
    /// only happens without savepoints.
    private func commit(_ course: inout Course, on database: Database, hasSavepoints: Bool) throws -> Bool {
        let transaction = SQLiteConnection(database)
        try transaction.execute("BEGIN IMMEDIATE", [])
        course.hasBegun = true
        let shared = WriteGroup(
            names: names,
            remembered: remembered,
            digests: digests,
            foreignChanges: try transaction.foreignChanges()
        )
        while let write = course.rest.first {
            if hasSavepoints { try transaction.execute("SAVEPOINT one_write", []) }
            course.rest.removeFirst()
            let connection = SQLiteConnection(database, changing: TransactionChanges(in: shared))
            let outcome = write.run(connection)
            course.outcomes.append(outcome)
            guard database.isInsideTransaction else { throw connection.failure ?? .unavailable }
            if outcome.isKept {
                connection.changes.keep()
                if connection.changes.hasChangedTokens { course.changesTokens = true }
            } else {
                remembered.forget()
                try transaction.execute(hasSavepoints ? "ROLLBACK TO one_write" : "ROLLBACK", [])
                guard hasSavepoints else { return false }
            }
            if hasSavepoints { try transaction.execute("RELEASE one_write", []) }
        }
        try SQLiteConnection(database, changing: TransactionChanges(in: shared)).storeHeldHeads()
        course.commitTime = try ContinuousClock().measure { _ = try transaction.execute("COMMIT", []) }
        shared.hasCommitted()
        return true
    }

    /// Tells the callers of a transaction that failed; writes that had no part in that run in the next one.
    private func abandon(_ course: Course, because failure: StorageFailure, on database: Database) {
        try? database.rollback()
        remembered.forget()
        var refused: [PendingWrite] = []
        if course.hasBegun, failure != .full, failure != .busy {
            refused = course.rest + failWriting()
        } else if course.outcomes.isEmpty {
            refused = Array(course.rest)
        } else {
            // They have not run; the one that ended the transaction is not among them.
            state.withLock { $0.queue.putBack(course.rest) }
        }
        for outcome in course.outcomes { outcome.refuse(failure) }
        for write in refused { write.refuse(failure) }
    }

    /// A savepoint keeps a copy of every page that its write changes, which most groups never need.
    private func takesSavepoints() -> Bool {
        let left = groupsWithSavepoints.load(ordering: .relaxed)
        guard left > 0 else { return false }
        groupsWithSavepoints.store(left - 1, ordering: .relaxed)
        return true
    }

    /// Callers do not wait for what is measured; a COMMIT waits for fsync(2) and for little else.
    private func record(_ commitTime: Duration, of writes: Int) {
        let (seconds, attoseconds) = commitTime.components
        Timer(label: "attache_commit_seconds").recordNanoseconds(
            seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        )
        Recorder(label: "attache_commit_writes").record(writes)
    }

    // MARK: - The log

    private func checkpointIfDue(_ database: Database) {
        guard gauge.isDue else { return }
        // What fails here for want of room or because of a reader is tried again after the next group.
        try? checkpoint(database, gauge.isOverdue ? .truncate : .passive)
    }

    private func checkpoint(_ database: Database, _ mode: Database.CheckpointMode) throws(StorageFailure) {
        do {
            _ = try database.checkpoint(mode)
            gauge.reset()
        } catch {
            let failure = StorageFailure(error)
            if failure != .full, failure != .busy {
                for write in failWriting() { write.refuse(failure) }
            }
            throw failure
        }
    }
}

/// Runs `body` on a thread that may block.
private func blocking<R: Sendable>(
    _ body: @escaping @Sendable () -> Result<R, StorageFailure>
) async throws(StorageFailure) -> R {
    let result = await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(returning: body()) }
    }
    return try result.get()
}

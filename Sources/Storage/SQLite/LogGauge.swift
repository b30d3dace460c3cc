// SPDX-License-Identifier: Apache-2.0

internal import GRDB
internal import GRDBSQLite
internal import Synchronization

/// How many pages the write-ahead log holds, as told by SQLite at each COMMIT (sqlite.org/c3ref/wal_hook.html).
///
/// Takes the place of SQLite's automatic checkpoint, which ignores a failed fsync(2): the kernel may then have dropped
/// the pages, and the next checkpoint would succeed without them.
final class LogGauge: Sendable {
    /// Where a checkpoint is due: SQLite's own default, 4 MB.
    static let duePages = 1_000
    /// Where a checkpoint waits for readers, since those that do not wait have left too much, 64 MB.
    static let overduePages = 16_000

    private let count = Atomic(0)

    var isDue: Bool { count.load(ordering: .relaxed) >= Self.duePages }

    var isOverdue: Bool { count.load(ordering: .relaxed) >= Self.overduePages }

    func reset() { count.store(0, ordering: .relaxed) }

    /// Watches the connection for as long as it is open, which must not be longer than the gauge lives.
    func watch(_ database: Database) {
        sqlite3_wal_hook(
            database.sqliteConnection,
            { gauge, _, _, pages in
                guard let gauge else { return SQLITE_OK }
                Unmanaged<LogGauge>.fromOpaque(gauge).takeUnretainedValue()
                    .count.store(Int(pages), ordering: .relaxed)
                return SQLITE_OK
            },
            Unmanaged.passUnretained(self).toOpaque()
        )
    }
}

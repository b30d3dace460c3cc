// SPDX-License-Identifier: Apache-2.0

internal import GRDB

/// The pragmas that durability and erasure rest on.
enum SQLiteSettings {
    /// For every connection, before it is used.
    static var configuration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = 4
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { database in
            for pragma in [
                "secure_delete = ON", "trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0",
                // No file outside the data folder ever holds a value.
                "temp_store = MEMORY",
                // In KiB. What a reader lets go of, the kernel still has.
                "cache_size = \(database.configuration.readonly ? -512 : -2048)",
            ] {
                try database.execute(sql: "PRAGMA \(pragma)")
            }
        }
        return configuration
    }

    /// Sets what GRDB leaves weaker on the connection that writes, and reads everything back.
    ///
    /// GRDB sets `synchronous = NORMAL` when it turns on the write-ahead log, after its `prepareDatabase`: a power
    /// failure could then lose acknowledged writes.
    static func harden(_ database: Database) throws {
        for pragma in [
            "synchronous = FULL", "journal_size_limit = \(logSizeLimit)",
            // See LogGauge.
            "wal_autocheckpoint = 0",
        ] {
            try database.execute(sql: "PRAGMA \(pragma)")
        }
        guard try String.fetchOne(database, sql: "PRAGMA journal_mode") == "wal" else {
            throw StorageFailure.unsafeSetting("journal_mode")
        }
        let expected = [
            ("synchronous", 2), ("foreign_keys", 1), ("secure_delete", 1), ("mmap_size", 0), ("trusted_schema", 0),
            ("cell_size_check", 1), ("temp_store", 2), ("wal_autocheckpoint", 0), ("journal_size_limit", logSizeLimit),
        ]
        for (pragma, value) in expected {
            // A SQLite built without memory mapping answers `mmap_size` with nothing.
            guard try Int.fetchOne(database, sql: "PRAGMA \(pragma)") ?? 0 == value else {
                throw StorageFailure.unsafeSetting(pragma)
            }
        }
    }

    /// A log that has grown beyond this is cut when it starts again from its beginning.
    private static let logSizeLimit = 16 * 1024 * 1024
}

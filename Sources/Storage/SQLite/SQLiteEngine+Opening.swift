// SPDX-License-Identifier: Apache-2.0

internal import GRDB
internal import VaultModel

extension SQLiteEngine {
    /// Opens the database, which may be new, with settings that are read back and with the schema of `version`.
    static func openPool(
        of folder: DataFolder,
        gauge: LogGauge,
        upTo version: Int64
    ) throws(StorageFailure) -> DatabasePool {
        do {
            _ = try folder.inspectThoroughly()
            try folder.makeDatabaseFile()
            let pool = try DatabasePool(path: folder.databasePath, configuration: SQLiteSettings.configuration)
            do {
                try pool.writeWithoutTransaction { database in
                    try SQLiteSettings.harden(database)
                    gauge.watch(database)
                    while try advanceSchema(of: database, upTo: version) {}
                }
                try folder.synchronize()
            } catch {
                try? pool.close()
                throw error
            }
            return pool
        } catch {
            throw StorageFailure(error)
        }
    }

    private static func advanceSchema(of database: Database, upTo version: Int64) throws -> Bool {
        var advanced = false
        try database.inTransaction(.immediate) {
            advanced = try Schema.advance(
                on: SQLiteConnection(database),
                at: SystemWallClock().now,
                upTo: version
            )
            return .commit
        }
        return advanced
    }
}

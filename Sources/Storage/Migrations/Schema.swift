// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// The numbered steps that lead to the current schema, and the table that says which were taken.
///
/// A step is never changed once it has been released; a change of the schema is a new step.
enum Schema {
    /// The version that this program writes.
    static var current: Int64 { Int64(steps.count) }

    private static let steps = [
        Schema1.statements, Schema2.statements, Schema3.statements, Schema4.statements, Schema5.statements,
        Schema6.statements, Schema7.statements, Schema8.statements, Schema9.statements, Schema10.statements,
        Schema11.statements, Schema12.statements,
    ]

    /// The version of the database; 0 when it has the table of migrations but no step was taken.
    static func version(on connection: some SQLConnection) throws(StorageFailure) -> Int64 {
        let rows = try connection.query("SELECT coalesce(max(version), 0) FROM schema_migrations", [])
        guard let row = rows.first else { throw .corrupt }
        return try row.integer(0)
    }

    static func refuseNewer(_ version: Int64) throws(StorageFailure) {
        guard version <= current else { throw .newerSchema(found: version, known: current) }
    }

    /// Takes the next step and returns whether there was one; the caller runs each in a transaction of its own.
    static func advance(
        on connection: some SQLConnection,
        at time: Timestamp,
        upTo last: Int64 = current
    ) throws(StorageFailure) -> Bool {
        try connection.execute(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)
            """,
            []
        )
        let found = try version(on: connection)
        try refuseNewer(found)
        guard found < last else { return false }
        for statement in steps[Int(found)] {
            try connection.execute(statement.replacing("{blob}", with: connection.blobType), [])
        }
        try connection.execute(
            "INSERT INTO schema_migrations (version, applied_at) VALUES ($1, $2)",
            [.integer(found + 1), .integer(time.milliseconds)]
        )
        return true
    }
}

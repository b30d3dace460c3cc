// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import TestSupport
import Testing

@testable import Storage

/// The built server takes over what an older program has left, wherever it is killed on the way.
@Suite(.serialized)
struct UpgradeTests {
    /// Set by `make faults`, which has more time: every write of every step from the first schema, and some from every other.
    private static let isLong = ProcessInfo.processInfo.environment["ATTACHE_FAULTS"] != nil

    @Test(arguments: isLong ? Array(1..<Schema.current) : [1])
    func aVaultOfAnOlderSchemaIsWholeWhereverItsUpgradeIsKilled(version: Int64) async throws {
        let older = try await OlderVault(of: version)
        let library = try await FaultShim.library()
        let isThorough = Self.isLong && version == 1
        var seen = [version]
        var write = 1
        while true {
            let environment = [
                "LD_PRELOAD": library, "FAULT_FOLDER": older.directory.appending("data"),
                "FAULT_KILL_AT": String(write),
            ]
            // Ready after all where no more than that is written; what it would write later is not the upgrade's.
            if let server = try? await RunningServer.start(in: older.directory, environment: environment) {
                server.signal(SIGKILL)
                _ = await server.waitForExit()
                try await older.checkIsWhole(in: RunningServer.start(in: older.directory))
                break
            }
            let left = try older.copy()
            let found = try await OlderVault.schema(of: left)
            try await older.checkIsWhole(in: RunningServer.start(in: left))
            // In full, every write of a step, and then of the next one.
            write += isThorough ? 1 : write / 2 + 1
            if found != seen.last {
                seen.append(found)
                if isThorough { write = 1 }
            }
            try #require(write < 2_000)
        }
        // Killed between steps, and in full between all of them.
        if version == 1 { #expect(seen.count >= 3, "\(seen)") }
        if isThorough { #expect(seen == Array(1...Schema.current), "\(seen)") }
        #expect(try await OlderVault.schema(of: older.copy()) == Schema.current)
    }
}

/// A vault with entries, an agent and an instance, as a program with an older schema would have left it.
private struct OlderVault {
    let directory: TemporaryDirectory
    private let token: String
    private let names = (0..<20).map { "KEPT_\($0)" } + ["API_TOKEN", "LOG_LEVEL"]

    /// Rows of today's server in tables of that version: what it writes of entries and agents, it always has written so.
    init(of version: Int64) async throws {
        directory = try TemporaryDirectory()
        let server = try await RunningServer.start(in: directory)
        for name in names.prefix(20) { try #require(try await server.puts(name)) }
        token = try await server.agentWithToken()
        let made = try await server.attache("secrets", "create", "LOG_LEVEL", "--kind", "variable", "--value", "debug")
        try #require(made.status == 0, "\(made.errors)")
        try #require(try await server.exec(token: token, ["/bin/true"]).status == 0)
        server.signal(SIGTERM)
        #expect(await server.waitForExit() == 0)

        let path = directory.appending("data/attache.db")
        let newer = directory.appending("newer.db")
        try FileManager.default.moveItem(atPath: path, toPath: newer)
        let folder = try DataFolder(claiming: directory.appending("data"))
        let engine = try SQLiteEngine(opening: folder, upTo: version)
        try await engine.close()
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let database = try DatabaseQueue(path: path, configuration: configuration)
        try await database.writeWithoutTransaction { database in
            try database.execute(sql: "ATTACH ? AS newer", arguments: [newer])
            let tables = try String.fetchAll(
                database,
                sql: "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name <> 'schema_migrations'"
            )
            for table in tables {
                let columns = try String.fetchAll(
                    database,
                    sql: "SELECT name FROM pragma_table_info(?)",
                    arguments: [table]
                )
                let list = columns.joined(separator: ", ")
                try database.execute(sql: "INSERT INTO main.\(table) (\(list)) SELECT \(list) FROM newer.\(table)")
            }
        }
        try database.close()
        try FileManager.default.removeItem(atPath: newer)
    }

    /// What the process that was killed has left, in a folder of its own.
    func copy() throws -> TemporaryDirectory {
        let copy = try TemporaryDirectory()
        for folder in ["data", "key"] {
            try FileManager.default.copyItem(atPath: directory.appending(folder), toPath: copy.appending(folder))
        }
        return copy
    }

    static func schema(of directory: TemporaryDirectory) async throws -> Int64 {
        let database = try DatabaseQueue(path: directory.appending("data/attache.db"))
        defer { try? database.close() }
        return try await database.read { database in
            try Int64.fetchOne(database, sql: "SELECT max(version) FROM schema_migrations") ?? 0
        }
    }

    /// Nothing lost, the values delivered as before, and room for more.
    func checkIsWhole(in server: RunningServer) async throws {
        try await server.checkNothingIsLost(of: names)
        let run = try await server.exec(token: token, ["/bin/sh", "-c", "printf %s \"$API_TOKEN\""])
        #expect(run.output == "the value", "\(run.errors)")
        #expect(try await server.puts("ADDED"))
    }
}

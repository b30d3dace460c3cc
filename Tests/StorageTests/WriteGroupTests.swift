// SPDX-License-Identifier: Apache-2.0

import Dispatch
import GRDB
import StorageConformance
import Synchronization
import TestSupport
import Testing
import VaultModel

@testable import Storage

/// What the writes of one transaction share, nobody may tell from what they read.
struct WriteGroupTests {
    private let directory: TemporaryDirectory
    private let engine: SQLiteEngine
    private let vault: SampleVault

    init() async throws {
        directory = try TemporaryDirectory()
        engine = try await SQLiteEngine.open(at: directory.path)
        vault = try await SampleVault.make(in: engine)
    }

    private struct Undone: Error {}

    /// Runs `writes` in this order in one transaction; the answers say which of them were kept.
    private func together(_ writes: [@Sendable (any SQLConnection) throws -> Void]) async throws -> [Bool] {
        let asked = DispatchSemaphore(value: 0)
        let before = engine.commitCount
        let kept = await withTaskGroup(of: (Int, Bool).self) { group in
            await withCheckedContinuation { begun in
                // One of its own, behind which the others gather.
                group.addTask { [engine] in
                    let isKept = await wasKept(engine) { _ in
                        begun.resume()
                        #expect(asked.wait(timeout: .now() + 20) == .success)
                    }
                    return (-1, isKept)
                }
            }
            for (place, write) in writes.enumerated() {
                group.addTask { [engine] in (place, await wasKept(engine, write)) }
                let deadline = ContinuousClock.now + .seconds(20)
                while engine.waitingCount <= place, ContinuousClock.now < deadline { await Task.yield() }
            }
            asked.signal()
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect(kept[-1] == true)
        #expect(engine.commitCount == before + 2)
        return writes.indices.map { kept[$0] == true }
    }

    private func head(_ sequence: Int64) -> AuditHeadRow {
        AuditHeadRow(chain: "here", sequence: sequence, epoch: 1, code: [UInt8(sequence)], headCode: [1])
    }

    /// The row as a transaction that writes sees it.
    private func stored(_ token: TokenRow) async throws -> TokenRow? {
        try await engine.write { try $0.token(token.id, in: token.workspaceID) }
    }

    @Test func eachWriteSeesTheHeadThatTheOneBeforeItLeft() async throws {
        let kept = try await together(
            (0..<9).map { number in
                { connection in
                    let last = try connection.auditHead("here")?.sequence ?? 0
                    try connection.setAuditHead(head(last + 1))
                    #expect(try connection.auditHead("here")?.sequence == last + 1)
                    #expect(try connection.auditHeads().map(\.sequence) == [last + 1])
                    #expect(try connection.auditChains() == ["here"])
                    if number % 3 == 1 { throw Undone() }
                }
            }
        )
        #expect(kept == (0..<9).map { $0 % 3 != 1 })
        #expect(try await engine.read { try $0.auditHead("here") } == head(6))
        // What the table has, without what the engine knows of it.
        try await engine.close()
        let again = try await SQLiteEngine.open(at: directory.path)
        #expect(try await again.read { try $0.auditHeads() } == [head(6)])
        try await again.close()
    }

    @Test func whatIsKnownOfEntriesIsRememberedWhenTheirTransactionWasCommitted() async throws {
        struct Head: MovedAuditHead {
            let sequence: Int64
            var chain: String { "here" }
            var knownDigest: KnownDigest? { KnownDigest(sequence: sequence, code: [1], bytes: [UInt8(sequence)]) }

            func row() -> AuditHeadRow {
                AuditHeadRow(chain: chain, sequence: sequence, epoch: 1, code: [1], headCode: [1])
            }
        }
        let known: @Sendable () async throws -> Int64? = {
            try await engine.write { $0.knownDigest(of: "here")?.sequence }
        }
        #expect(try await known() == nil)
        #expect(try await together([{ try $0.setAuditHead(Head(sequence: 1)) }]) == [true])
        #expect(try await known() == 1)
        let undone: @Sendable (any SQLConnection) throws -> Void = { connection in
            try connection.setAuditHead(Head(sequence: 2))
            throw Undone()
        }
        #expect(try await together([{ try $0.setAuditHead(Head(sequence: 3)) }, undone]) == [true, false])
        #expect(try await known() == 3)
        #expect(try await together([{ try $0.setAuditHead(head(4)) }]) == [true])
        #expect(try await known() == nil)
    }

    @Test func writesRunAgainWhereOneIsUndoneAndForAWhileNoMore() async throws {
        let runs = Mutex(0)
        let writes: (Bool) -> [@Sendable (any SQLConnection) throws -> Void] = { fails in
            (0..<3).map { number in
                { connection in
                    runs.withLock { $0 += 1 }
                    try connection.setAuditHead(head((connection.auditHead("here")?.sequence ?? 0) + 1))
                    if fails, number == 1 { throw Undone() }
                }
            }
        }
        #expect(try await together(writes(false)) == [true, true, true])
        #expect(runs.withLock { $0 } == 3)
        // The second ends the first try, in which the third never ran.
        #expect(try await together(writes(true)) == [true, false, true])
        #expect(runs.withLock { $0 } == 8)
        #expect(try await together(writes(true)) == [true, false, true])
        #expect(runs.withLock { $0 } == 11)
        #expect(try await engine.read { try $0.auditHead("here")?.sequence } == 7)
    }

    @Test func theRevisionRisesOnceInATransaction() async throws {
        let kept = try await together([
            { connection in
                try connection.bumpRevision(of: vault.here.id)
                #expect(try connection.revision(of: vault.here.id) == 2)
                throw Undone()
            },
            { connection in
                #expect(try connection.revision(of: vault.here.id) == 1)
                try connection.bumpRevision(of: vault.here.id)
            },
            { connection in
                #expect(try connection.revision(of: vault.here.id) == 2)
                try connection.bumpRevision(of: vault.here.id)
                try connection.bumpRevision(of: vault.elsewhere.id)
                #expect(try connection.revision(of: vault.here.id) == 2)
            },
        ])
        #expect(kept == [false, true, true])
        for workspace in [vault.here.id, vault.elsewhere.id] {
            #expect(try await engine.read { try $0.revision(of: workspace) } == 2)
        }
    }

    @Test func aChangeOfWhatIsRememberedIsSeenByTheNextWriteAndOneThatWasUndoneIsNot() async throws {
        let membership = vault.here.membership
        let role: @Sendable (any SQLConnection) throws -> Role? = { connection in
            try connection.membership(of: membership.userID, in: membership.workspaceID)?.role
        }
        let sees: @Sendable (Role?) -> @Sendable (any SQLConnection) throws -> Void = { expected in
            { connection in
                let found = try role(connection)
                #expect(found == expected)
            }
        }
        let change: @Sendable (Role, any SQLConnection) throws -> Void = { role, connection in
            var row = membership
            row.role = role
            try connection.updateMembership(row)
        }
        let kept = try await together([
            sees(.owner),
            { connection in
                try change(.member, connection)
                #expect(try role(connection) == .member)
            },
            { connection in
                #expect(try role(connection) == .member)
                try change(.admin, connection)
                #expect(try role(connection) == .admin)
                throw Undone()
            },
            sees(.member),
            { try $0.deleteMembership(of: membership.userID, in: membership.workspaceID) },
            sees(nil),
        ])
        #expect(kept == [true, true, false, true, true, true])
        try await engine.write(sees(nil))
    }

    @Test func aTransactionThatFailsLeavesNothingRemembered() async throws {
        let token = vault.here.token
        await #expect(throws: Undone.self) {
            try await engine.write { connection in
                var row = token
                row.endedAt = .day(9)
                try connection.updateToken(row)
                #expect(try connection.token(token.id, in: vault.here.id)?.endedAt == .day(9))
                throw Undone()
            }
        }
        #expect(try await stored(token)?.endedAt == nil)
    }

    @Test func aRememberedRowIsCheckedOnceAndNeverTakenUnchecked() async throws {
        let token = vault.here.token
        // Remembered by somebody who did not check it.
        #expect(try await stored(token) == token)
        await #expect(throws: Undone.self) {
            try await engine.write { _ = try $0.token(token.id, in: token.workspaceID) { _ in throw Undone() } }
        }
        #expect(try await stored(token) == token)
        let checks = Mutex(0)
        for _ in 0..<3 {
            let found = try await engine.write { connection in
                try connection.token(token.id, in: token.workspaceID) { row in
                    #expect(row == token)
                    checks.withLock { $0 += 1 }
                }
            }
            #expect(found == token)
        }
        #expect(checks.withLock { $0 } == 1)
        // What changes the table makes it unchecked again.
        try await engine.write { try $0.updateToken(token) }
        await #expect(throws: Undone.self) {
            try await engine.write { _ = try $0.token(token.id, in: token.workspaceID) { _ in throw Undone() } }
        }
    }

    @Test func whatAnotherProgramWritesIsSeenByTheNextTransaction() async throws {
        let token = vault.here.token
        #expect(try await stored(token)?.name == token.name)
        let other = try DatabaseQueue(path: directory.appending("attache.db"))
        try await other.write { try $0.execute(sql: "UPDATE tokens SET name = 'another'") }
        #expect(try await stored(token)?.name == "another")
        try await other.write { try $0.execute(sql: "DELETE FROM tokens") }
        #expect(try await stored(token) == nil)
    }

    @Test(arguments: [
        ("SELECT * FROM tokens", false), ("INSERT INTO entries (id) VALUES ($1)", false),
        ("UPDATE entry_values SET sealed = NULL", false), ("UPDATE tokens SET name = $1", true),
        ("UPDATE tokens\nSET name = $1", true), ("INSERT INTO memberships (id) VALUES ($1)", true),
        ("UPDATE owner_salts SET salt = $1", true), ("DELETE FROM workspaces WHERE id = $1", true),
        ("WITH old AS (SELECT 1) DELETE FROM tokens", true), ("update tokens SET name = $1", true),
        ("UPDATE OR REPLACE tokens SET name = $1", true), ("ROLLBACK", true),
    ])
    func whatMayChangeARememberedRowIsKnown(sql: String, mayChange: Bool) {
        #expect(RememberedRows.mayChangeRows(sql) == mayChange)
    }

    @Test func noTableChangesARememberedOneBehindItsBack() async throws {
        let schema = try await engine.read { connection in
            try connection.query("SELECT type, coalesce(sql, '') FROM sqlite_master", []).map {
                (try $0.text(0), try $0.text(1).uppercased())
            }
        }
        #expect(schema.count > 20)
        #expect(!schema.contains { $0.0 == "trigger" })
        #expect(!schema.contains { $0.1.contains("ON DELETE") || $0.1.contains("ON UPDATE") })
    }
}

private func wasKept(
    _ engine: SQLiteEngine,
    _ write: @escaping @Sendable (any SQLConnection) throws -> Void
) async -> Bool {
    (try? await engine.write(write)) != nil
}

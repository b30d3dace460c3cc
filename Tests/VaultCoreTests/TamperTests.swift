// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import GRDB
import Storage
import TestSupport
import Testing
import VaultCore
import VaultModel

/// Somebody who can write to the database and does not hold the master key.
struct TamperTests {
    /// A column of a table, in which one bit of one row is flipped.
    struct Column: Sendable, CustomTestStringConvertible {
        let table: String
        let name: String

        var testDescription: String { "\(table).\(name)" }
    }

    /// What keys seal or vouch for.
    private static let columns = [
        ("users", ["id", "name", "created_at", "row_code"]),
        ("memberships", ["workspace_id", "user_id", "role", "created_at", "row_code"]),
        (
            "entries",
            [
                "id", "workspace_id", "owner_id", "name", "kind", "provider", "version", "created_at", "expires_at",
                "deleted_at", "row_code",
            ]
        ),
        ("entry_values", ["entry_id", "version", "workspace_id", "sealed", "readable"]),
        (
            "agents",
            ["id", "workspace_id", "name", "replicas", "allowed_names", "created_at", "deleted_at", "row_code"]
        ),
        (
            "attachments",
            [
                "id", "workspace_id", "agent_id", "entry_id", "provider", "delivery", "created_at", "created_by",
                "row_code",
            ]
        ),
        (
            "tokens",
            [
                "id", "workspace_id", "kind", "digest", "name", "role", "agent_id", "created_by", "created_at",
                "expires_at", "ended_at", "end_reason", "first_used_at", "networks", "row_code",
                "entry_id", "instance_id", "provider",
            ]
        ),
        (
            "credentials",
            [
                "entry_id", "workspace_id", "name", "folded_name", "scheme", "header", "prefix", "parameter", "hosts",
                "deleted_at", "row_code", "rotation_priority", "response",
            ]
        ),
        (
            "provider_attachments",
            ["id", "workspace_id", "agent_id", "provider", "created_at", "created_by", "row_code"]
        ),
        ("owner_salts", ["workspace_id", "user_id", "salt"]),
        ("audit_entries", ["chain", "sequence", "epoch", "at", "action", "subject", "entry", "code"]),
        ("audit_heads", ["chain", "sequence", "epoch", "code", "head_code"]),
        ("audit_checkpoints", ["chain", "sequence", "at", "checkpoint"]),
        ("audit_segments", ["chain", "first", "last", "checkpoint", "pruned_at", "epoch", "code"]),
        ("idempotency", ["workspace_id", "caller", "key", "reply"]),
        ("key_rings", ["wrapped"]),
        ("accounts", ["user_id", "email", "password_hash", "created_at", "changed_at", "row_code"]),
        ("sessions", ["id", "user_id", "digest", "address", "created_at", "expires_at", "ended_at", "row_code"]),
        (
            "invitations",
            [
                "id", "workspace_id", "email", "role", "digest", "invited_by", "created_at", "expires_at", "ended_at",
                "end_reason", "accepted_by", "row_code",
            ]
        ),
    ].flatMap { table, names in names.map { Column(table: table, name: $0) } }

    /// What only tells or shows something, and grants nothing.
    private static let others: Set<String> = [
        "entries.note", "entries.updated_at", "entry_values.created_at", "entry_values.created_by",
        "entry_values.destroyed_at", "entry_values.history", "agents.folded_name", "tokens.hint", "tokens.last_used_at",
        "idempotency.created_at", "idempotency.fingerprint", "key_rings.slot", "key_rings.master_key_id",
        "key_rings.created_at", "owner_salts.previous_salt", "sessions.last_used_at",
    ]

    /// Tables without a code: what a workspace is called, what ran, how far a rotation is, which schema it is, when
    /// something was last used and reminded of, how much was sent, who wrote values that are gone.
    ///
    /// Of a container every fact is in the digest of its token, whose row has a
    /// code (ContainerTests).
    private static let otherTables: Set<String> = [
        "workspaces", "instances", "key_rotations", "schema_migrations", "entry_uses", "use_marks", "entry_reminders",
        "containers", "request_counts", "entry_history",
    ]

    @Test func everyColumnIsVouchedForOrKnownToGrantNothing() async throws {
        let test = try await TestVault.make()
        let found = try await test.engine.read { connection in
            try connection.query(
                """
                SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'
                """,
                []
            ).map { Column(table: try $0.text(0), name: try $0.text(1)) }
        }
        let known = Self.others.union(Self.columns.map(\.testDescription))
        let unknown = found.filter { !known.contains($0.testDescription) && !Self.otherTables.contains($0.table) }
        #expect(unknown.map(\.testDescription) == [])
    }

    @Test(arguments: columns)
    func aFlippedBitIsFoundAndNoOtherEntryIsTouched(column: Column) async throws {
        let scene = try await Scene.make(secrets: 6)
        let test = scene.test
        try await test.populate()
        // Of a value that was destroyed only the fact is left.
        let there = column.table == "entry_values" ? " AND sealed IS NOT NULL" : ""
        let row = try await test.engine.read { connection in
            try connection.query(
                "SELECT rowid, typeof(\(column.name)) FROM \(column.table) WHERE \(column.name) IS NOT NULL\(there)"
                    + " AND length(\(column.name)) > 0 ORDER BY random() LIMIT 1",
                []
            ).first
        }
        // In a fresh vault some columns are empty everywhere, and then there is nothing to flip.
        guard let row else { return }
        let image = try await test.afterKill()
        let (id, type) = (try row.integer(0), try row.text(1))
        let stored = try await image.engine.read { connection in
            try connection.query(
                "SELECT CAST(\(column.name) AS BLOB), \(type == "integer" ? column.name : "0") FROM \(column.table)"
                    + " WHERE rowid = $1",
                [.integer(id)]
            )
        }
        let old = try #require(stored.first)
        let new: any DatabaseValueConvertible & Sendable
        switch type {
        case "integer": new = try old.integer(1) ^ (1 << Int64.random(in: 0..<32))
        case "text":
            var bytes = try old.blob(0)
            // Bit 0 of an ASCII character gives another one, so that the text stays one.
            bytes[Int.random(in: bytes.indices)] ^= 1
            new = String(decoding: bytes, as: UTF8.self)
        default:
            var bytes = try old.blob(0)
            bytes[Int.random(in: bytes.indices)] ^= 1 << UInt8.random(in: 0..<8)
            new = Data(bytes)
        }
        let sql = "UPDATE \(column.table) SET \(column.name) = ? WHERE rowid = ?"
        do {
            _ = try await image.tamper(sql, [new, id])
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            // Another row has this value, and the database itself refuses it.
            return
        }
        // Found at the next start, by the verification, or both.
        guard let later = try? await image.opening(image.directory) else { return }
        guard let found = try? await later.vault.verification() else { return }
        #expect(found.problems != [], "\(column.testDescription)")
        // Nothing is ever delivered that was not written.
        guard let strings = try? await Scene(test: later, agent: scene.agent).values() else { return }
        for (name, value) in strings where name.hasPrefix("SECRET_") {
            #expect(value == "value \(name.dropFirst("SECRET_".count))")
        }
    }

    @Test func aThousandDamagedRecordsAreAllFoundAndNoOtherOneIs() async throws {
        let test = try await TestVault.make()
        for number in 0..<1_000 { try await test.create("SECRET_\(number)", "value \(number)") }
        for number in 0..<50 { try await test.create("WHOLE_\(number)", "whole \(number)") }
        _ = try await test.engine.write { connection in
            for row in try connection.query(
                """
                SELECT v.rowid, v.sealed FROM entry_values v JOIN entries e ON e.id = v.entry_id
                WHERE e.name LIKE 'SECRET%'
                """,
                []
            ) {
                var sealed = try row.blob(1)
                sealed[Int.random(in: sealed.indices)] ^= 1 << UInt8.random(in: 0..<8)
                try connection.execute(
                    "UPDATE entry_values SET sealed = $1 WHERE rowid = $2",
                    [.blob(sealed), .integer(try row.integer(0))]
                )
            }
        }
        let found = try await test.vault.verifyEverything(by: test.localOperator)
        #expect(found.problems.count == 1_000)
        #expect(found.problems.allSatisfy { $0.contains("SECRET_") })
        let agent = try await test.createAgent("whole", with: (0..<50).map { "WHOLE_\($0)" })
        #expect(try await Set(test.start(agent)) == Set((0..<50).map { "WHOLE_\($0)=whole \($0)" }))
        var cursor: String?
        var intact: [Bool] = []
        repeat {
            let page = try await test.vault.secrets(PageRequest(limit: 500, cursor: cursor), by: test.localOperator)
            intact += page.secrets.filter { $0.name.hasPrefix("SECRET") }.map(\.intact)
            cursor = page.nextCursor
        } while cursor != nil
        #expect(intact.count == 1_000 && !intact.contains(true))
    }

    /// A change of a relation that would give somebody something, as SQL.
    private static let swaps: [(String, String)] = [
        (
            "an attachment is moved to another agent",
            "UPDATE attachments SET agent_id = (SELECT id FROM agents WHERE name = 'other')"
        ),
        (
            "an attachment is moved to another entry",
            "UPDATE attachments SET entry_id = (SELECT id FROM entries WHERE name = 'PRIZE')"
                + " WHERE entry_id = (SELECT id FROM entries WHERE name = 'SECRET_0')"
        ),
        ("a member becomes another role", "UPDATE memberships SET role = 'admin'"),
        (
            "a token is given to another agent",
            "UPDATE tokens SET agent_id = (SELECT id FROM agents WHERE name = 'other') WHERE kind = 'gateway'"
        ),
        ("a token gets a higher role", "UPDATE tokens SET role = 'admin' WHERE role IS NOT NULL"),
        ("a revoked token is made valid", "UPDATE tokens SET ended_at = NULL, end_reason = NULL"),
        ("a token lives longer", "UPDATE tokens SET expires_at = 4102444800000"),
        ("an agent may receive a dangerous name", "UPDATE agents SET allowed_names = 'LD_PRELOAD'"),
        (
            "the values of two entries are exchanged",
            "UPDATE entry_values SET sealed = (SELECT v.sealed FROM entry_values v JOIN entries e ON e.id = v.entry_id"
                + " WHERE e.name = 'PRIZE') WHERE entry_id = (SELECT id FROM entries WHERE name = 'SECRET_0')"
        ),
        ("a variable gets another value", "UPDATE entry_values SET readable = x'6576696c' WHERE readable IS NOT NULL"),
        ("an entry gets another owner's salt", "UPDATE owner_salts SET salt = randomblob(32)"),
        (
            "the workspace key of a token is replaced",
            "UPDATE tokens SET digest = randomblob(32) WHERE kind = 'workspace_key'"
        ),
        ("a key is accepted from everywhere", "UPDATE tokens SET networks = NULL WHERE networks IS NOT NULL"),
        ("a session that ended goes on", "UPDATE sessions SET ended_at = NULL WHERE ended_at IS NOT NULL"),
        ("a session becomes another person's", "UPDATE sessions SET user_id = (SELECT min(id) FROM users)"),
        (
            "an account gets another's password",
            "UPDATE accounts SET password_hash = (SELECT min(password_hash) FROM accounts)"
        ),
        (
            "a provider is given to another agent",
            "UPDATE provider_attachments SET agent_id = (SELECT id FROM agents WHERE name = 'other')"
        ),
        ("a token is for another provider", "UPDATE tokens SET provider = 'openai' WHERE provider IS NOT NULL"),
        ("a key is preferred to others", "UPDATE credentials SET rotation_priority = 0 WHERE rotation_priority > 0"),
        ("an agent sees whole answers", "UPDATE credentials SET response = NULL WHERE response IS NOT NULL"),
        ("an invitation makes an owner", "UPDATE invitations SET role = 'owner' WHERE ended_at IS NULL"),
        ("an invitation that was used counts again", "UPDATE invitations SET ended_at = NULL, end_reason = NULL"),
    ]

    @Test(arguments: swaps)
    func aRelationThatWasChangedFromOutsideIsRefused(what: String, sql: String) async throws {
        let scene = try await Scene.make()
        let test = scene.test
        try await test.populate()
        let before = try await test.vault.verification().problems
        #expect(before == [])
        let image = try await test.afterKill()
        let changed = try await image.tamper(sql)
        #expect(changed > 0, "\(what)")
        let later = try await image.opening(image.directory)
        #expect(try await later.vault.verification().problems != [], "\(what)")
    }

    @Test func aSecretThatWasMadeReadableIsNotTakenForOneByANewValue() async throws {
        let test = try await TestVault.make()
        _ = try await test.create("KEY", "first")
        let changed = try await test.engine.write { connection in
            try connection.execute("UPDATE entry_values SET readable = $1, sealed = NULL", [.blob([1])])
        }
        #expect(changed == 1)
        await #expect(throws: VaultError.integrity(entry: "KEY")) {
            _ = try await test.update("KEY", UpdateSecretBody(value: .text("second")))
        }
    }

    @Test func anAttachmentThatWasMovedDeliversNothing() async throws {
        let scene = try await Scene.make()
        let other = try await scene.test.createAgent("other")
        _ = try await scene.test.engine.write { connection in
            try connection.execute("UPDATE attachments SET agent_id = $1", [.text(other.id)])
        }
        await #expect(throws: VaultError.self) { _ = try await scene.test.start(other) }
    }
}

extension TestVault {
    /// Ends the vault and changes its database as another program would, references included; returns how many rows.
    fileprivate func tamper(_ sql: String, _ arguments: StatementArguments = []) async throws -> Int {
        try await engine.close()
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let database = try DatabaseQueue(path: directory.appending("attache.db"), configuration: configuration)
        let changed = try await database.write { database in
            try database.execute(sql: sql, arguments: arguments)
            return database.changesCount
        }
        try database.close()
        return changed
    }

    /// Adds rows in which every column holds something somewhere.
    fileprivate func populate() async throws {
        try await create("PRIZE", "what another agent would like to have", provider: "openai")
        _ = try await vault.createCredential(
            CreateCredentialBody(name: "Fal", value: .text("id:secret"), provider: "fal"),
            by: localOperator
        )
        _ = try await vault.createCredential(
            CreateCredentialBody(
                name: "Maps",
                type: .queryParameter,
                value: .text("AIza-canary"),
                parameter: "key",
                hosts: ["GET maps.example.com/v1"],
                rotationPriority: 3,
                response: .statusOnly
            ),
            by: localOperator
        )
        try await create("REGION_2", "eu", kind: .variable)
        let expiring = CreateSecretBody(
            name: "EXPIRES",
            kind: .secret,
            value: .text("v"),
            expiresAt: Timestamp(milliseconds: 4_000_000_000_000)
        )
        _ = try await vault.createSecret(expiring, by: localOperator)
        let once = Once(key: "populated", request: [1])
        let other = CreateAgentBody(name: "other", allowedNames: ["LD_LIBRARY_PATH"], secretIds: ["PRIZE"])
        _ = try await vault.createAgent(other, by: localOperator, once: once)
        let proxied = try await createAgent("proxied")
        _ = try await vault.attachCredential(
            AttachCredentialBody(credentialId: "Maps"),
            to: "proxied",
            by: localOperator
        )
        _ = try await vault.attachProvider(AttachProviderBody(provider: "groq"), to: "proxied", by: localOperator)
        _ = try await vault.start(
            StartRequest(
                token: Array((proxied.gatewayToken ?? "").utf8),
                replica: "one",
                startID: "start-0001",
                isSession: false,
                forwardingPort: 9_000
            )
        )
        let gone = try await createAgent("gone")
        _ = try await start(gone)
        try await vault.deleteAgent("gone", by: localOperator)
        for role in [Role.member, .admin] {
            let key = CreateAPIKeyBody(
                name: "\(role)",
                role: role,
                expiresAt: Timestamp(milliseconds: 4_000_000_000_000)
            )
            let made = try await vault.createAPIKey(key, by: localOperator)
            if role == .admin { try await vault.revokeAPIKey(made.id, by: localOperator) }
        }
        let ada = try await person("ada")
        let grace = try await person("grace")
        try await share("acme", by: ada)
        try await invite(grace, into: "acme", as: .admin, by: ada)
        // A salt under which nothing was sealed could be any other.
        for (person, workspace) in [(ada, nil), (ada, "acme"), (grace, nil)] {
            let secret = CreateSecretBody(name: "OWN", kind: .secret, value: .text("v"))
            _ = try await vault.createSecret(secret, by: caller(person, in: workspace))
        }
        let open = CreateInvitationBody(email: "open@example.org")
        _ = try await vault.createInvitation(open, by: caller(ada, in: "acme"))
        let bound = CreateAPIKeyBody(name: "bound", networks: ["10.0.0.0/8"])
        _ = try await vault.createAPIKey(bound, by: caller(ada, in: "acme"))
        let hers = CreateSecretBody(name: "HERS", kind: .secret, value: .text("v"))
        _ = try await vault.createSecret(hers, by: caller(grace, in: "acme"))
        try await vault.logOut(by: caller(grace))
        // A part of the trail that retention removed, and a checkpoint of the rest.
        var kept = vault
        kept.settings.auditRetention = .seconds(86_400)
        _ = try await kept.upkeep()
        clock.advance(by: .seconds(2 * 86_400))
        #expect(try await kept.upkeep().prunedEntries > 0)
        try await create("LATER", "written after the removal")
        clock.advance(by: .seconds(61))
        #expect(try await kept.upkeep().checkpoints != [])
    }
}

// SPDX-License-Identifier: Apache-2.0

import APITypes
import Sealing
import Storage
import Synchronization
import TestSupport
import Testing
import VaultCore
import VaultModel

struct RotationTests {
    @Test func aRotatedVaultDeliversTheSameValuesAndNeedsTheNewEpochOnly() async throws {
        let scene = try await Scene.make()
        let rotation = try await scene.rotate("epoch")
        #expect(rotation.phase == "done")
        #expect(rotation.epoch == 2)
        #expect(rotation.damaged == 0)
        #expect(rotation.done == rotation.total)
        let keys = try await scene.test.vault.keys(by: scene.test.localOperator)
        #expect(keys.epochs.map(\.state) == ["retired", "active"])
        #expect(try await scene.test.engine.read { try $0.outdatedCount(besides: 2) } == 0)
        try await scene.checkAll()
        let later = try await Scene(test: scene.test.afterKill(), agent: scene.agent)
        try await later.checkAll()
    }

    @Test func aRotationGoesOnWhereverTheServerWasKilled() async throws {
        let scene = try await Scene.make()
        _ = try await scene.begin("epoch")
        var phases: Set<String> = []
        var images = [try await scene.test.afterKill()]
        while let step = try await scene.test.vault.advanceRotation() {
            phases.insert(step.phase)
            images.append(try await scene.test.afterKill())
        }
        #expect(phases == ["activating", "resealing", "verifying", "retiring", "done"])
        for image in images {
            let later = Scene(test: image, agent: scene.agent)
            try await later.checkAll()
            while try await later.test.vault.advanceRotation() != nil {}
            let keys = try await image.vault.keys(by: image.localOperator)
            #expect(keys.epochs.map(\.state) == ["retired", "active"])
            #expect(keys.rotation?.phase == "done")
            try await later.checkAll()
        }
    }

    @Test func aStepThatWasTakenIsNotTakenTwice() async throws {
        let scene = try await Scene.make()
        _ = try await scene.begin("epoch")
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { while (try? await scene.test.vault.advanceRotation()) ?? nil != nil {} }
            }
        }
        let keys = try await scene.test.vault.keys(by: scene.test.localOperator)
        #expect(keys.epochs.map(\.number) == [1, 2])
        #expect(keys.rotation?.phase == "done")
        try await scene.checkAll()
    }

    @Test func noUpdateIsLostWhileKeysRotate() async throws {
        let scene = try await Scene.make(secrets: 40)
        let (test, agent) = (scene.test, scene.agent)
        let ledger = Ledger()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    var round = 0
                    while !ledger.isClosed || round < 10 {
                        round += 1
                        let name = "SECRET_\(worker + 4 * (round % 10))"
                        let value = "value \(worker) of round \(round)"
                        _ = try await test.update(name, UpdateSecretBody(value: .text(value)))
                        ledger.acknowledge(value, of: name)
                        _ = try await test.start(agent, replica: "worker-\(worker)")
                    }
                }
            }
            for _ in 0..<3 { #expect(try await scene.rotate("epoch").phase == "done") }
            ledger.close()
            try await group.waitForAll()
        }
        #expect(try await scene.rotate("epoch").phase == "done")
        let values = try await scene.values()
        let expected = ledger.values
        #expect(expected.count == 40)
        #expect(values.filter { expected[$0.key] != nil } == expected)
        try await scene.checkAll(values: false)
    }

    @Test func aDamagedRowKeepsTheOldEpochUntilItIsGone() async throws {
        let scene = try await Scene.make()
        let test = scene.test
        let damaged = try await test.create("DAMAGED", "will be damaged")
        try await test.engine.write { connection in
            _ = try connection.execute(
                "UPDATE entry_values SET sealed = zeroblob(length(sealed)) WHERE entry_id = $1",
                [.text(damaged.id)]
            )
        }
        let rotation = try await scene.rotate("epoch")
        #expect(rotation.phase == "incomplete")
        #expect(rotation.damaged == 1)
        let found = try await test.vault.verifyEverything(by: test.localOperator)
        #expect(!found.intact)
        #expect(found.problems.count == 1 && found.problems.allSatisfy { $0.contains("DAMAGED") })
        let before = try await test.vault.keys(by: test.localOperator)
        #expect(before.epochs.map(\.state) == ["readable", "active"])
        #expect(try await scene.values()["SECRET_0"] == "value 0")

        try await test.vault.deleteSecret("DAMAGED", by: test.localOperator)
        let again = try await scene.rotate("epoch")
        #expect(again.id == rotation.id)
        #expect(again.phase == "done")
        let after = try await test.vault.keys(by: test.localOperator)
        #expect(after.epochs.map(\.state) == ["retired", "active"])
    }

    @Test func aRowThatDoesNotVerifyIsNeverVouchedForAnew() async throws {
        let scene = try await Scene.make()
        let test = scene.test
        try await test.engine.write { connection in
            _ = try connection.execute("UPDATE memberships SET role = 'member' WHERE role = 'owner'", [])
        }
        await #expect(throws: VaultError.integrity(entry: nil)) { _ = try await scene.begin("epoch") }
        try await test.engine.write { connection in
            _ = try connection.execute("UPDATE memberships SET role = 'owner'", [])
        }
        _ = try await scene.begin("epoch")
        try await test.engine.write { connection in
            _ = try connection.execute(
                "UPDATE tokens SET role = 'owner', name = 'other' WHERE kind = 'workspace_key'",
                []
            )
        }
        while try await test.vault.advanceRotation() != nil {}
        let found = try await test.vault.verifyEverything(by: test.localOperator)
        #expect(found.problems.contains { $0.hasPrefix("token other") })
        await #expect(throws: VaultError.self) { _ = try await test.vault.authenticate(Array(test.workspaceKey.utf8)) }
    }

    @Test func aRequestThatWasAnsweredBeforeARotationIsAnsweredTheSameAfterIt() async throws {
        let scene = try await Scene.make()
        let test = scene.test
        let once = Once(key: "key-1", request: Array("POST /agents".utf8))
        let body = CreateAgentBody(name: "second")
        let first = try await test.vault.createAgent(body, by: test.localOperator, once: once)
        #expect(try await scene.rotate("epoch").phase == "done")
        #expect(try await test.vault.createAgent(body, by: test.localOperator, once: once) == first)
        await #expect(throws: VaultError.idempotencyKeyReused) {
            let other = Once(key: "key-1", request: Array("POST /others".utf8))
            _ = try await test.vault.createAgent(body, by: test.localOperator, once: other)
        }
    }

    @Test func onlyTheOperatorRotatesKeys() async throws {
        let scene = try await Scene.make()
        let owner = try await scene.test.caller(role: .owner)
        await #expect(throws: VaultError.denied(.keysRotate)) {
            _ = try await scene.test.vault.beginRotation(RotateKeysBody(kind: "epoch"), by: owner)
        }
    }

    @Test func oneRotationRunsAtATime() async throws {
        let scene = try await Scene.make()
        _ = try await scene.begin("epoch")
        await #expect(throws: VaultError.keys(.rotationUnderWay)) { _ = try await scene.begin("epoch") }
        await #expect(throws: VaultError.keys(.rotationUnderWay)) {
            _ = try await scene.test.add(MasterKey.generate())
        }
    }

    @Test func theTrailSaysWhoBeganARotationAndThatItEnded() async throws {
        let scene = try await Scene.make()
        _ = try await scene.rotate("epoch")
        let page = try await scene.test.vault.audit(PageRequest(limit: 2), by: scene.test.localOperator)
        #expect(page.entries.map(\.action) == ["keys.rotate", "keys.rotate"])
        #expect(page.entries.map(\.actor) == ["server", "operator:0"])
        #expect(page.entries.map { $0.details["step"] } == ["done", "began"])
    }
}

/// One user's keys.
struct UserKeyTests {
    @Test func aUsersNewSaltOpensWhatTheOldOneSealedAndTheOldOneIsGone() async throws {
        let scene = try await Scene.make()
        let salts = try await scene.salts()
        let rotation = try await scene.rotate("user", user: "operator")
        #expect(rotation.phase == "done")
        let after = try await scene.salts()
        #expect(after.map(\.salt) != salts.map(\.salt))
        #expect(after.allSatisfy { $0.previousSalt == nil })
        try await scene.checkAll()
    }

    @Test func aUsersRotationGoesOnWhereverTheServerWasKilled() async throws {
        let scene = try await Scene.make()
        _ = try await scene.begin("user", user: "operator")
        var images = [try await scene.test.afterKill()]
        while try await scene.test.vault.advanceRotation() != nil { images.append(try await scene.test.afterKill()) }
        for image in images {
            let later = Scene(test: image, agent: scene.agent)
            try await later.checkAll()
            while try await later.test.vault.advanceRotation() != nil {}
            #expect(try await later.salts().allSatisfy { $0.previousSalt == nil })
            try await later.checkAll()
        }
    }

    @Test func whatAShreddedUserOwnedDoesNotOpenEvenWhenItsRowsArePutBack() async throws {
        let scene = try await Scene.make()
        let test = scene.test
        let user = try await scene.addUser("leaver", secret: "LEAVERS_KEY")
        let (entry, value) = try await test.engine.read { connection in
            let entry = try #require(try connection.ownedEntries(of: user.id, in: user.workspace).first)
            let value = try connection.entryValue(of: entry.id, version: entry.version, in: user.workspace)
            return (entry, try #require(value))
        }
        let shredded = try await test.vault.shredUser(ShredUserBody(user: "leaver"), by: test.localOperator)
        #expect(shredded.entries == 1)
        let restored = try await test.afterKill()
        try await restored.engine.write { connection in
            try connection.updateEntry(entry)
            try connection.execute(
                "UPDATE entry_values SET sealed = $1, destroyed_at = NULL WHERE entry_id = $2",
                [.blob(value.sealed ?? []), .text(value.entryID.text)]
            )
        }
        let body = try await restored.vault.secret("LEAVERS_KEY", by: restored.localOperator)
        #expect(!body.intact)
        #expect(body.mask == nil)
        try await scene.checkAll()
    }

    @Test func theOperatorIsNotShredded() async throws {
        let scene = try await Scene.make()
        await #expect(throws: VaultError.keys(.isOperator)) {
            _ = try await scene.test.vault.shredUser(ShredUserBody(user: "operator"), by: scene.test.localOperator)
        }
        try await scene.checkAll()
    }
}

struct MasterKeyRotationTests {
    @Test func bothKeysOpenTheVaultUntilTheOldOneIsDropped() async throws {
        let scene = try await Scene.make()
        let new = MasterKey.generate()
        let keys = try await scene.test.add(new)
        #expect(keys.masterKeys.map(\.id) == [scene.test.master.id.text, new.id.text])
        for master in [scene.test.master, new] {
            let later = try await Scene(test: scene.test.afterKill(master: master), agent: scene.agent)
            try await later.checkAll()
        }
        try await scene.test.vault.dropMasterKey(scene.test.master.id.text, by: scene.test.localOperator)
        let later = try await Scene(test: scene.test.afterKill(master: new), agent: scene.agent)
        try await later.checkAll()
        await #expect(
            throws: VaultOpeningError.sealing(.wrongMasterKey(expected: new.id, given: scene.test.master.id))
        ) {
            _ = try await scene.test.afterKill()
        }
    }

    @Test func theEpochRotatesUnderTheNewMasterKey() async throws {
        let scene = try await Scene.make()
        let new = MasterKey.generate()
        _ = try await scene.test.add(new)
        await #expect(throws: VaultError.keys(.twoMasterKeys)) { _ = try await scene.begin("epoch") }
        try await scene.test.vault.dropMasterKey(scene.test.master.id.text, by: scene.test.localOperator)
        #expect(try await scene.rotate("epoch").phase == "done")
        let later = try await Scene(test: scene.test.afterKill(master: new), agent: scene.agent)
        try await later.checkAll()
    }

    @Test func theLastKeyIsNeverDropped() async throws {
        let scene = try await Scene.make()
        await #expect(throws: VaultError.keys(.nothingToDrop)) {
            try await scene.test.vault.dropMasterKey(scene.test.master.id.text, by: scene.test.localOperator)
        }
    }

    @Test func aServerThatWasStartedWithTheOldKeyDoesNotDropIt() async throws {
        let scene = try await Scene.make()
        let new = MasterKey.generate()
        _ = try await scene.test.add(new)
        let restarted = try await scene.test.afterKill()
        await #expect(throws: VaultError.keys(.keyNotHeld(new.id.text))) {
            try await restarted.vault.dropMasterKey(scene.test.master.id.text, by: restarted.localOperator)
        }
    }

    @Test func aKeyThatOpensTheVaultAlreadyIsRefused() async throws {
        let scene = try await Scene.make()
        await #expect(throws: VaultError.keys(.sameMasterKey)) { _ = try await scene.test.add(scene.test.master) }
        #expect(try await scene.test.vault.keys(by: scene.test.localOperator).masterKeys.count == 1)
    }
}

/// A vault with one of everything that keys seal or vouch for.
struct Scene: Sendable {
    let test: TestVault
    let agent: AgentBody

    static func make(secrets: Int = 3) async throws -> Scene {
        let test = try await TestVault.make()
        var names: [String] = []
        for number in 0..<secrets {
            names.append("SECRET_\(number)")
            try await test.create("SECRET_\(number)", "value \(number)")
        }
        try await test.create("REGION", "eu-west-3", kind: .variable)
        try await test.create("EMPTY", "")
        try await test.create("GONE", "destroyed")
        try await test.vault.deleteSecret("GONE", by: test.localOperator)
        let agent = try await test.createAgent("bot", with: names + ["REGION", "EMPTY"])
        let scene = Scene(test: test, agent: agent)
        _ = try await test.start(agent)
        return scene
    }

    func begin(_ kind: String, user: String? = nil) async throws -> RotationBody {
        try await test.vault.beginRotation(RotateKeysBody(kind: kind, user: user), by: test.localOperator)
    }

    /// Carries a rotation to its end and returns where it ended.
    func rotate(_ kind: String, user: String? = nil) async throws -> RotationBody {
        var last = try await begin(kind, user: user)
        while let next = try await test.vault.advanceRotation() { last = next }
        return last
    }

    func values() async throws -> [String: String] {
        let strings = try await test.start(agent)
        return Dictionary(
            strings.map { string in
                let parts = string.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), String(parts[1]))
            }
        ) { first, _ in first }
    }

    func salts() async throws -> [OwnerSaltRow] {
        try await test.engine.read { connection in
            try connection.allWorkspaces().flatMap { try connection.ownerSalts(in: $0.id) }
        }
    }

    /// Checks that nothing is lost: values, codes, records, chains.
    func checkAll(values checksValues: Bool = true) async throws {
        if checksValues {
            let values = try await values()
            #expect(values["SECRET_0"] == "value 0")
            #expect(values["SECRET_2"] == "value 2")
            #expect(values["REGION"] == "eu-west-3")
            #expect(values["EMPTY"] == "")
        }
        let found = try await test.vault.verifyEverything(by: test.localOperator)
        #expect(found.problems == [])
        #expect(found.intact && found.records > 0 && found.rows > 0 && found.auditEntries > 0)
    }

    /// Puts a second user with an entry into the operator's workspace, past the door.
    func addUser(_ name: String, secret: String) async throws -> (id: UserID, workspace: WorkspaceID) {
        try await test.vault.addUser(name, secret: secret)
    }
}

extension TestVault {
    fileprivate func add(_ master: MasterKey) async throws -> KeysBody {
        let text = master.withFileContents { SharedSecret(copying: $0) }
        return try await vault.addMasterKey(AddMasterKeyBody(key: SecretText(text)), by: localOperator)
    }
}

/// What was acknowledged while keys rotated.
private final class Ledger: Sendable {
    private let state = Mutex((values: [String: String](), isClosed: false))

    var values: [String: String] { state.withLock { $0.values } }
    var isClosed: Bool { state.withLock { $0.isClosed } }

    func acknowledge(_ value: String, of name: String) { state.withLock { $0.values[name] = value } }

    func close() { state.withLock { $0.isClosed = true } }
}

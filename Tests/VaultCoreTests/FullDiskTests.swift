// SPDX-License-Identifier: Apache-2.0

import APITypes
import BackupArchive
import Foundation
import Storage
import TestSupport
import Testing
import VaultCore
import VaultModel

@Suite(.enabled(if: SmallDisk.isAvailable, "needs the right to mount a file system"))
struct FullDiskTests {
    /// Whether every write position is tried, or only some.
    private static let step = isLong ? 4_096 : 36_864
    private static let isLong = ProcessInfo.processInfo.environment["ATTACHE_FAULTS"] != nil

    @Test func whereverTheDiskIsFullNothingAcknowledgedIsLostAndNoRestartIsNeeded() async throws {
        // All that the rounds get written stays: the room of every round adds up.
        let disk = try SmallDisk(kibibytes: Self.isLong ? 65_536 : 10_240)
        let test = try await TestVault.make(in: "\(disk.path)/data")
        var acknowledged: Set<String> = []
        for room in stride(from: 0, through: 262_144, by: Self.step) {
            try disk.fill(leaving: room)
            var number = 0
            var refusal: VaultError?
            while refusal == nil, number < 400 {
                let name = "AT_\(room)_\(number)"
                do {
                    try await test.create(name, String(repeating: "v", count: 500))
                    acknowledged.insert(name)
                } catch let error as VaultError {
                    refusal = error
                }
                number += 1
            }
            #expect(refusal == .storage(.full))
            // What is there can still be read.
            _ = try await test.vault.status(by: test.localOperator)
            disk.clear()
            try await test.create("AFTER_\(room)", "written without a restart")
            acknowledged.insert("AFTER_\(room)")
        }
        let found = try await test.vault.verifyEverything(by: test.localOperator)
        #expect(found.problems == [])
        #expect(try await test.names() == acknowledged)
    }

    @Test func aServerOnAFullDiskIsNotReadyUntilThereIsRoom() async throws {
        let disk = try SmallDisk(kibibytes: 10_240)
        let test = try await TestVault.make(in: "\(disk.path)/data")
        var vault = test.vault
        vault.settings.dataFolder = "\(disk.path)/data"
        try await vault.ready()
        try disk.fill()
        await #expect(throws: VaultError.storage(.full)) { try await vault.ready() }
        disk.clear()
        try await vault.ready()
    }

    @Test func aRotationThatRunsOutOfDiskGoesOnWhenThereIsRoom() async throws {
        let disk = try SmallDisk(kibibytes: 10_240)
        let test = try await TestVault.make(in: "\(disk.path)/data")
        for number in 0..<300 { try await test.create("SECRET_\(number)", String(repeating: "v", count: 400)) }
        _ = try await test.vault.beginRotation(RotateKeysBody(kind: "epoch"), by: test.localOperator)
        var refusals = 0
        for room in stride(from: 0, through: 131_072, by: Self.step / 2) {
            try await test.engine.checkpoint()
            try disk.fill(leaving: room)
            if try await !test.advancesToTheEnd() { refusals += 1 }
            disk.clear()
        }
        #expect(try await test.advancesToTheEnd())
        #expect(refusals > 0)
        let keys = try await test.vault.keys(by: test.localOperator)
        #expect(keys.epochs.map(\.state) == ["retired", "active"])
        #expect(try await test.vault.verifyEverything(by: test.localOperator).problems == [])
    }

    @Test func aBackupThatDoesNotFitLeavesNothingBehindAndTheNextOneIsMade() async throws {
        let scene = try await Scene.make()
        let disk = try SmallDisk(kibibytes: 2_048)
        let store = BackupStore(in: "\(disk.path)/backups", keep: nil, of: scene.test.vault)
        for room in stride(from: 0, through: 262_144, by: Self.step * 2) {
            try disk.fill(leaving: room)
            let begun = try await store.begin(by: scene.test.localOperator)
            let failure = await store.make(begun.id)
            #expect(failure != nil)
            #expect(try await store.list(by: scene.test.localOperator).lastFailure?.id == begun.id)
            disk.clear()
        }
        _ = try await scene.test.backUp(with: store)
        let names = try FileManager.default.contentsOfDirectory(atPath: store.folder)
        #expect(names.count == 1 && names.allSatisfy { $0.hasPrefix("attache-") })
        try await scene.checkAll()
    }
}

extension TestVault {
    /// Takes the steps of a rotation; false when the disk is full before the last of them.
    fileprivate func advancesToTheEnd() async throws -> Bool {
        while true {
            do {
                guard try await vault.advanceRotation() != nil else { return true }
            } catch {
                guard error == .storage(.full) else { throw error }
                return false
            }
        }
    }

    /// The names of all entries.
    func names() async throws -> Set<String> {
        var names: Set<String> = []
        var cursor: String?
        repeat {
            let page = try await vault.secrets(PageRequest(limit: 500, cursor: cursor), by: localOperator)
            names.formUnion(page.secrets.map(\.name))
            cursor = page.nextCursor
        } while cursor != nil
        return names
    }
}

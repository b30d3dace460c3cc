// SPDX-License-Identifier: Apache-2.0

import Foundation
import Storage
import StorageConformance
import TestSupport
import Testing
import VaultModel

struct ErasureTests {
    @Test func aDestroyedVariableIsNowhereOnTheDiskAfterACheckpoint() async throws {
        let directory = try TemporaryDirectory()
        let engine = try await SQLiteEngine.open(at: directory.path)
        let vault = try await SampleVault.make(in: engine)
        let entry = try vault.here.entry("REGION", kind: .variable)
        let canary = "canary-\(UUID())"
        var value = vault.here.value(of: entry, sealed: nil)
        value.readable = Array(canary.utf8)
        let readable = value
        try await engine.write { connection in
            try connection.insertEntry(entry)
            try connection.insertEntryValue(readable)
        }
        #expect(try files(in: directory, hold: canary))
        try await engine.checkpoint()
        #expect(try files(in: directory, hold: canary))

        try await engine.write { try $0.destroyEntryValue(of: entry.id, version: 1, at: .day(9), in: vault.here.id) }
        try await engine.checkpoint()
        #expect(try !files(in: directory, hold: canary))
        try await engine.close()
        #expect(try !files(in: directory, hold: canary))
    }

    private func files(in directory: TemporaryDirectory, hold text: String) throws -> Bool {
        try contents(of: directory.path).values.contains { $0.range(of: Data(text.utf8)) != nil }
    }
}

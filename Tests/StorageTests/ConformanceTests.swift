// SPDX-License-Identifier: Apache-2.0

import Storage
import StorageConformance
import TestSupport
import Testing

struct ConformanceTests {
    @Test(arguments: StoragePromise.all)
    func sqliteKeeps(promise: StoragePromise) async throws {
        let directory = try TemporaryDirectory()
        let engine = try await SQLiteEngine.open(at: directory.path)
        try await promise.check(on: engine)
        try await engine.close()
    }
}

// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Storage

struct LentConnectionTests {
    @Test func aConnectionIsOfNoUseAfterItsClosure() async throws {
        let directory = try TemporaryDirectory()
        let engine = try await SQLiteEngine.open(at: directory.path)
        try await engine.write { connection in
            let lent = try #require(connection as? SQLiteConnection)
            // Ends where a closure of its own ends: no other thread ever sees the connection.
            try lent.lend { try #expect($0.query("SELECT 1", []).count == 1) }
            #expect(throws: StorageFailure.unavailable) { try lent.query("SELECT 1", []) }
            #expect(throws: StorageFailure.unavailable) { try lent.execute("DELETE FROM users", []) }
        }
        try await engine.close()
    }
}

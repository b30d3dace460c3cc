// SPDX-License-Identifier: Apache-2.0

import APITypes
import Storage
import TestSupport
import Testing
import VaultCore
import VaultModel

/// What a checkpoint says of entries that the server has written, and of those that it has to read.
///
/// That its digest is the one of the entries is what the verification of a chain looks at: `checkpoints` counts those.
struct CheckpointTests {
    private struct Scene {
        let test: TestVault
        let chain: String

        init() async throws {
            let test = try await TestVault.make()
            self.init(test, chain: try await test.engine.read { try $0.allWorkspaces().first?.id.text } ?? "")
        }

        init(_ test: TestVault, chain: String) {
            (self.test, self.chain) = (test, chain)
        }

        /// Signs the chain, and returns the text of the checkpoint.
        @discardableResult
        func sign() async throws -> String { try await test.vault.makeCheckpoint(by: test.localOperator).text }

        func verified(_ anchors: String...) async throws -> AuditVerificationBody {
            try await test.vault.verifyAudit(anchors: anchors, by: test.localOperator)
        }

        func expectIntact(checkpoints: Int, at place: SourceLocation = #_sourceLocation) async throws {
            let result = try await verified()
            #expect(result.intact, "\(result.problem ?? "")", sourceLocation: place)
            #expect(result.checkpoints == checkpoints, sourceLocation: place)
        }

        func head() async throws -> AuditHeadRow {
            let head = try await test.engine.read { [chain] connection in try connection.auditHead(chain) }
            return try #require(head)
        }

        /// Has another program put the chain back to where `head` was its end.
        func putBack(to head: AuditHeadRow) async throws {
            try await test.engine.write { connection in
                try connection.execute(
                    "DELETE FROM audit_entries WHERE chain = $1 AND sequence > $2",
                    [.text(head.chain), .integer(head.sequence)]
                )
                try connection.execute(
                    "UPDATE audit_heads SET sequence = $1, code = $2, head_code = $3 WHERE chain = $4",
                    [.integer(head.sequence), .blob(head.code), .blob(head.headCode), .text(head.chain)]
                )
            }
        }
    }

    @Test func whatIsChangedBeforeItsCheckpointIsFound() async throws {
        let scene = try await Scene()
        try await scene.sign()
        try await scene.test.create("A", "1")
        let last = try await scene.head().sequence
        try await scene.test.changeFromOutside(
            "UPDATE audit_entries SET code = entry WHERE chain = '\(scene.chain)' AND sequence = \(last)"
        )
        // Signed is what was written, not what stands there now.
        let anchor = try await scene.sign()
        #expect(try await scene.verified(anchor).problem == "entry \(last) was changed")
    }

    @Test func aCheckpointCoversWhatOthersHaveWritten() async throws {
        let scene = try await Scene()
        try await scene.sign()
        let head = try await scene.head()
        try await scene.test.create("A", "1")
        try await scene.putBack(to: head)
        // As many entries as before, and others.
        try await scene.test.create("B", "1")
        try await scene.sign()
        try await scene.test.create("C", "1")
        try await scene.sign()
        try await scene.expectIntact(checkpoints: 3)
    }

    @Test func aChainThatWasPutBackBehindItsCheckpointIsNotSigned() async throws {
        let scene = try await Scene()
        let head = try await scene.head()
        try await scene.test.create("A", "1")
        try await scene.test.create("B", "1")
        try await scene.sign()
        try await scene.putBack(to: head)
        await #expect(throws: VaultError.self) { try await scene.sign() }
    }

    @Test func aWriteThatIsUndoneIsNotInACheckpoint() async throws {
        let scene = try await Scene()
        try await scene.sign()
        for number in 0..<3 {
            await withTaskGroup { group in
                for name in ["A\(number)", "A\(number)", "B\(number)"] {
                    group.addTask { _ = try? await scene.test.create(name, "1") }
                }
            }
            try await scene.sign()
        }
        try await scene.expectIntact(checkpoints: 4)
    }

    @Test func aCheckpointCoversWhatWasWrittenBeforeTheServerWasKilled() async throws {
        let scene = try await Scene()
        try await scene.test.create("A", "1")
        let later = Scene(try await scene.test.afterKill(), chain: scene.chain)
        try await later.test.create("B", "1")
        try await later.sign()
        try await later.test.create("C", "1")
        try await later.sign()
        try await later.expectIntact(checkpoints: 2)
    }

    @Test func aCheckpointCoversEntriesOfTwoEpochs() async throws {
        let scene = try await Scene()
        try await scene.sign()
        try await scene.test.create("A", "1")
        _ = try await scene.test.vault.beginRotation(RotateKeysBody(kind: "epoch"), by: scene.test.localOperator)
        while try await scene.test.vault.advanceRotation() != nil {}
        try await scene.test.create("B", "1")
        try await scene.sign()
        try await scene.expectIntact(checkpoints: 2)
    }
}

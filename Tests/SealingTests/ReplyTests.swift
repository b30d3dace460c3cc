// SPDX-License-Identifier: Apache-2.0

internal import Sealing
internal import Testing
internal import VaultModel

struct ReplyTests {
    private let ring = KeyRing.generate()
    private let workspace = WorkspaceID(at: .testTime)
    private let bytes = Array(#"{"token":"shown once"}"#.utf8)

    @Test(arguments: [0, 1, 4_096])
    func aReplyOpensForItsLabel(count: Int) throws {
        let bytes = [UInt8](repeating: 0x61, count: count)
        let reply = try ring.sealReply(bytes, workspace: workspace, label: "key")
        #expect(try ring.openReply(reply, workspace: workspace, label: "key") == bytes)
    }

    @Test func aReplyForAnotherLabelOrWorkspaceIsRefused() throws {
        let reply = try ring.sealReply(bytes, workspace: workspace, label: "key")
        #expect(throws: SealingError.damagedRecord) {
            try ring.openReply(reply, workspace: workspace, label: "other")
        }
        #expect(throws: SealingError.damagedRecord) {
            try ring.openReply(reply, workspace: WorkspaceID(at: .testTime), label: "key")
        }
    }

    @Test func aReplyIsNoRecordOfAnEntry() throws {
        let scope = OwnerScope(workspace: workspace, user: UserID(at: .testTime), salt: OwnerScope.makeSalt())
        let context = RecordContext.random(scope: scope)
        let reply = try ring.sealReply(bytes, workspace: workspace, label: "key")
        #expect(throws: SealingError.wrongKey) { try ring.exposed(reply, as: context) }
        let record = try ring.seal(SecretBytes("value"), as: context)
        #expect(throws: SealingError.wrongKey) {
            try ring.openReply(record.bytes, workspace: workspace, label: "key")
        }
    }

    @Test func bytesThatAreNoReplyAreRefused() {
        #expect(throws: SealingError.malformedRecord) {
            try ring.openReply(bytes, workspace: workspace, label: "key")
        }
    }
}

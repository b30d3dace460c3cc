// SPDX-License-Identifier: Apache-2.0

internal import Sealing
internal import Testing
internal import VaultModel

struct RequestFingerprintTests {
    private let ring = KeyRing.generate()
    private let workspace = WorkspaceID(at: .testTime)
    private let request = Array("POST /api/v1/secrets {}".utf8)

    @Test func theSameRequestHasTheSameFingerprint() {
        let fingerprint = ring.requestFingerprint(request, workspace: workspace)
        #expect(fingerprint == ring.requestFingerprint(request, workspace: workspace))
        #expect(ring.isFingerprint(fingerprint, of: request, workspace: workspace))
    }

    @Test func anotherRequestWorkspaceOrRingHasAnother() {
        let fingerprint = ring.requestFingerprint(request, workspace: workspace)
        #expect(!ring.isFingerprint(fingerprint, of: request + [0], workspace: workspace))
        #expect(!ring.isFingerprint(fingerprint, of: request, workspace: WorkspaceID(at: .testTime)))
        #expect(!KeyRing.generate().isFingerprint(fingerprint, of: request, workspace: workspace))
        #expect(!ring.isFingerprint([], of: request, workspace: workspace))
    }

    @Test func aRequestIsKnownAgainInTheNextEpoch() throws {
        let fingerprint = ring.requestFingerprint(request, workspace: workspace)
        let next = try ring.addingEpoch().activating(2)
        #expect(next.isFingerprint(fingerprint, of: request, workspace: workspace))
    }
}

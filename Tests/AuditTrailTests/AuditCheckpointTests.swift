// SPDX-License-Identifier: Apache-2.0

import AuditTrail
import Sealing
import Testing
import VaultModel

struct AuditCheckpointTests {
    static let ring = KeyRing.generate()

    private func chain(_ count: Int) throws -> (StoredChain, ChainVerifier) {
        var chain = StoredChain()
        try chain.append(count, ring: Self.ring)
        var verifier = ChainVerifier(chain: "c", ring: Self.ring)
        for link in chain.links { try verifier.check(link) }
        return (chain, verifier)
    }

    private func checkpoint(of verifier: ChainVerifier, ring: KeyRing = Self.ring) throws -> AuditCheckpoint {
        try AuditCheckpoint.sign(
            chain: "c",
            sequence: verifier.lastSequence,
            at: .testTime,
            code: verifier.lastCode,
            digest: verifier.digest,
            ring: ring
        )
    }

    @Test func theTextLeadsBackToTheCheckpoint() throws {
        let made = try checkpoint(of: chain(3).1)
        #expect(AuditCheckpoint(text: made.text) == made)
        #expect(made.text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) })
        try made.verify(with: Self.ring)
    }

    @Test func everyFlippedBitIsFound() throws {
        let made = try checkpoint(of: chain(2).1)
        let bytes = made.encoded()
        for bit in 0..<(bytes.count * 8) {
            guard let changed = AuditCheckpoint(decoding: bytes.flippingBit(bit)) else { continue }
            #expect(throws: AuditError.self) { try changed.verify(with: Self.ring) }
        }
    }

    @Test(arguments: ["", "atc1.", "atc1.A", "atc1.!!!!", "xtc1.AAAA", "atc1.AAAA="])
    func aTextThatNobodyWroteIsNoCheckpoint(text: String) {
        #expect(AuditCheckpoint(text: text) == nil)
    }

    @Test func anotherVaultsCheckpointIsRefused() throws {
        let made = try checkpoint(of: chain(2).1, ring: KeyRing.generate())
        #expect(throws: AuditError.checkpointDamaged(sequence: 2)) { try made.verify(with: Self.ring) }
    }

    @Test func aCheckpointOfAForkIsTold() throws {
        let made = try checkpoint(of: chain(2).1)
        let fork = try chain(2)
        var other = StoredChain()
        try other.append(1, ring: Self.ring)
        let (link, _) = try AuditChain.append(.sample(requestID: "x"), to: other.head, chain: "c", ring: Self.ring)
        var verifier = ChainVerifier(chain: "c", ring: Self.ring)
        try verifier.check(fork.0.links[0])
        try verifier.check(link)
        #expect(throws: AuditError.forked(sequence: 2)) { try verifier.check(made) }
    }

    @Test func theRestOfAChainVerifiesAfterASegmentWasRemoved() throws {
        let (stored, _) = try chain(5)
        var upToThree = ChainVerifier(chain: "c", ring: Self.ring)
        for link in stored.links.prefix(3) { try upToThree.check(link) }
        let segment = try PrunedSegment.make(
            first: 1,
            end: checkpoint(of: upToThree),
            at: .testTime,
            ring: Self.ring
        )
        try segment.verify(for: "c", from: 1, with: Self.ring)
        var verifier = ChainVerifier(chain: "c", ring: Self.ring, after: segment)
        for link in stored.links.dropFirst(3) { try verifier.check(link) }
        try verifier.finish(head: stored.head)
        #expect(try verifier.digest == chain(5).1.digest)
    }

    @Test func aSegmentThatSomebodyElseMadeIsRefused() throws {
        let end = try checkpoint(of: chain(3).1)
        let made = try PrunedSegment.make(first: 1, end: end, at: .testTime, ring: Self.ring)
        let forged = PrunedSegment(first: 1, end: end, prunedAt: .testTime, epoch: 1, code: made.code.flippingBit(0))
        #expect(throws: AuditError.segmentDamaged(first: 1)) {
            try forged.verify(for: "c", from: 1, with: Self.ring)
        }
        #expect(throws: AuditError.gap(expected: 2, found: 1)) {
            try made.verify(for: "c", from: 2, with: Self.ring)
        }
        #expect(throws: AuditError.otherChain(sequence: 3)) {
            try made.verify(for: "d", from: 1, with: Self.ring)
        }
    }
}

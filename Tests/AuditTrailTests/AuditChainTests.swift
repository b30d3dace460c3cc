// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
internal import Sealing
internal import Testing

struct AuditChainTests {
    private let ring = KeyRing.generate()

    @Test func theFirstLinkHasTheNumberOneAndEachHasTheNext() throws {
        var stored = StoredChain()
        try stored.append(3, ring: ring)
        #expect(stored.links.map(\.sequence) == [1, 2, 3])
        #expect(stored.head?.sequence == 3)
        #expect(stored.head?.code == stored.links.last?.code)
        #expect(Set(stored.links.map(\.code)).count == 3)
    }

    @Test func aLinkHoldsTheRecord() throws {
        let record = AuditRecord.sample()
        let (link, _) = try AuditChain.append(record, to: nil, chain: "c", ring: ring)
        #expect(try AuditRecord(decoding: link.entry) == record)
        #expect(link.chain == "c")
        #expect(link.epoch == ring.activeEpoch)
    }

    @Test func theSameRecordHasAnotherCodeInAnotherChain() throws {
        let (first, _) = try AuditChain.append(.sample(), to: nil, chain: "c", ring: ring)
        let (second, _) = try AuditChain.append(.sample(), to: nil, chain: "d", ring: ring)
        #expect(first.entry == second.entry)
        #expect(first.code != second.code)
    }

    @Test func theDigestOfTheEntriesGrowsWithTheChain() throws {
        var end = try ChainEnd(of: "c", after: nil, ring: ring)
        var digest = EntryDigest()
        for sequence: Int64 in 1...3 {
            digest.add(try end.append(.sample(), ring: ring).entry, sequence: sequence)
            #expect(end.digest == digest)
        }
        var later = try ChainEnd(of: "c", after: end.head(), ring: ring)
        #expect(later.digest == nil)
        later.learn(digest, upTo: end.sequence, code: end.code)
        #expect(later.digest == digest)
    }

    @Test func theDigestOfOtherEntriesIsNotTaken() throws {
        var end = try ChainEnd(of: "c", after: nil, ring: ring)
        _ = try end.append(.sample(), ring: ring)
        let first = end
        var other = first
        _ = try end.append(.sample(), ring: ring)
        _ = try other.append(.sample(requestID: "another"), ring: ring)
        for known in [first, other] {
            var later = try ChainEnd(of: "c", after: end.head(), ring: ring)
            later.learn(try #require(known.digest), upTo: known.sequence, code: known.code)
            #expect(later.digest == nil)
        }
    }

    static let damages: [@Sendable (ChainHead) -> ChainHead] = [
        { $0.with(sequence: $0.sequence - 1) },
        { $0.with(sequence: $0.sequence + 1) },
        { $0.with(sequence: .max) },
        { $0.with(sequence: 0) },
        { $0.with(code: $0.code.flippingBit(0)) },
        { $0.with(code: []) },
        { $0.with(headCode: $0.headCode.flippingBit(255)) },
        { $0.with(headCode: []) },
        { $0.with(headCode: $0.code) },
    ]

    @Test(arguments: damages.indices)
    func nothingIsAppendedToAHeadThatWasChanged(damage: Int) throws {
        var stored = StoredChain()
        try stored.append(3, ring: ring)
        let head = Self.damages[damage](try #require(stored.head))
        #expect(throws: AuditError.headDamaged) {
            try AuditChain.append(.sample(), to: head, chain: "c", ring: ring)
        }
    }

    @Test func nothingIsAppendedToTheHeadOfAnotherChainOrRing() throws {
        var stored = StoredChain()
        try stored.append(2, ring: ring)
        #expect(throws: AuditError.otherChain(sequence: 2)) {
            try AuditChain.append(.sample(), to: stored.head, chain: "d", ring: ring)
        }
        #expect(throws: AuditError.headDamaged) {
            try AuditChain.append(.sample(), to: stored.head?.with(chain: "d"), chain: "d", ring: ring)
        }
        #expect(throws: AuditError.headDamaged) {
            try AuditChain.append(.sample(), to: stored.head, chain: "c", ring: KeyRing.generate())
        }
    }

    @Test func aHeadOfAnUnknownEpochIsRefused() throws {
        var stored = StoredChain()
        try stored.append(1, ring: ring)
        #expect(throws: AuditError.unknownEpoch(2, sequence: 1)) {
            try AuditChain.append(.sample(), to: stored.head?.with(epoch: 2), chain: "c", ring: ring)
        }
    }

    @Test func aChainGoesOnInTheNextEpochAndVerifiesAsAWhole() throws {
        var stored = StoredChain()
        try stored.append(2, ring: ring)
        let next = try ring.addingEpoch().activating(2)
        try stored.append(2, ring: next)
        #expect(stored.links.map(\.epoch) == [1, 1, 2, 2])
        try stored.verify(ring: next)
        try stored.verify(ring: next.retiring(1))
    }
}

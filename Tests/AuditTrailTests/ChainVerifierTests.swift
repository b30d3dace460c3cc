// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
internal import Sealing
internal import Testing

struct ChainVerifierTests {
    private static let ring = KeyRing.generate()

    private static func chain(_ count: Int, named chain: String = "c") throws -> StoredChain {
        var stored = StoredChain()
        try stored.append(count, chain: chain, ring: ring)
        return stored
    }

    @Test(arguments: [0, 1, 2, 100])
    func aChainThatNobodyTouchedVerifies(count: Int) throws {
        try Self.chain(count).verify(ring: Self.ring)
    }

    @Test(arguments: 0..<5, [0, 77, 400])
    func aChangedEntryIsFoundWhereItIs(index: Int, bit: Int) throws {
        var stored = try Self.chain(5)
        let link = stored.links[index]
        stored.links[index] = link.with(entry: link.entry.flippingBit(bit))
        #expect(throws: AuditError.changed(sequence: Int64(index + 1))) { try stored.verify(ring: Self.ring) }
    }

    @Test(arguments: 0..<5, [0, 255])
    func aChangedCodeIsFoundWhereItIs(index: Int, bit: Int) throws {
        var stored = try Self.chain(5)
        let link = stored.links[index]
        stored.links[index] = link.with(code: link.code.flippingBit(bit))
        #expect(throws: AuditError.changed(sequence: Int64(index + 1))) { try stored.verify(ring: Self.ring) }
    }

    @Test(arguments: 0..<4)
    func aMissingEntryIsFound(index: Int) throws {
        var stored = try Self.chain(5)
        stored.links.remove(at: index)
        let found = Int64(index + 2)
        #expect(throws: AuditError.gap(expected: found - 1, found: found)) { try stored.verify(ring: Self.ring) }
    }

    @Test(arguments: 0..<4)
    func aMissingEntryIsFoundWhenTheOthersAreRenumbered(index: Int) throws {
        var stored = try Self.chain(5)
        stored.links.remove(at: index)
        stored.links = stored.links.enumerated().map { $1.with(sequence: Int64($0 + 1)) }
        #expect(throws: AuditError.changed(sequence: Int64(index + 1))) { try stored.verify(ring: Self.ring) }
    }

    @Test func anInsertedEntryIsFound() throws {
        var stored = try Self.chain(5)
        stored.links.insert(stored.links[2].with(sequence: 3), at: 2)
        #expect(throws: AuditError.gap(expected: 4, found: 3)) { try stored.verify(ring: Self.ring) }
        stored.links = stored.links.enumerated().map { $1.with(sequence: Int64($0 + 1)) }
        #expect(throws: AuditError.changed(sequence: 4)) { try stored.verify(ring: Self.ring) }
    }

    @Test(arguments: 0..<4)
    func twoEntriesThatChangedPlacesAreFound(index: Int) throws {
        var stored = try Self.chain(5)
        stored.links.swapAt(index, index + 1)
        let expected = Int64(index + 1)
        #expect(throws: AuditError.gap(expected: expected, found: expected + 1)) {
            try stored.verify(ring: Self.ring)
        }
        stored.links = stored.links.enumerated().map { $1.with(sequence: Int64($0 + 1)) }
        #expect(throws: AuditError.changed(sequence: expected)) { try stored.verify(ring: Self.ring) }
    }

    @Test(arguments: 0..<5)
    func aTailThatWasCutOffIsFound(count: Int) throws {
        var stored = try Self.chain(5)
        stored.links = Array(stored.links.prefix(count))
        #expect(throws: AuditError.truncated(headSequence: 5, lastSequence: Int64(count))) {
            try stored.verify(ring: Self.ring)
        }
    }

    @Test func aTailThatWasCutOffIsFoundWhenTheHeadIsMadeToFit() throws {
        var stored = try Self.chain(5)
        stored.links.removeLast()
        let last = try #require(stored.links.last)
        stored.head = stored.head?.with(sequence: last.sequence, code: last.code)
        #expect(throws: AuditError.headDamaged) { try stored.verify(ring: Self.ring) }
    }

    @Test func aHeadThatWasPutBackIsFound() throws {
        let ring = Self.ring
        var stored = try Self.chain(3)
        let earlier = stored.head
        try stored.append(2, ring: ring)
        stored.head = earlier
        #expect(throws: AuditError.headBehind(headSequence: 3, lastSequence: 5)) { try stored.verify(ring: ring) }
    }

    @Test func aHeadThatIsMissingIsFound() throws {
        var stored = try Self.chain(3)
        stored.head = nil
        #expect(throws: AuditError.headMissing(lastSequence: 3)) { try stored.verify(ring: Self.ring) }
    }

    @Test func aHeadOfAForkIsFound() throws {
        let base = try Self.chain(3)
        var first = base
        var second = base
        try first.append(1, ring: Self.ring)
        let (_, head) = try AuditChain.append(.sample(requestID: "fork"), to: base.head, chain: "c", ring: Self.ring)
        second.head = head
        first.head = second.head
        #expect(throws: AuditError.headDamaged) { try first.verify(ring: Self.ring) }
    }

    @Test func anEntryOfAnotherChainIsFound() throws {
        var stored = try Self.chain(3)
        let other = try Self.chain(3, named: "d")
        stored.links[1] = other.links[1]
        #expect(throws: AuditError.otherChain(sequence: 2)) { try stored.verify(ring: Self.ring) }
        stored.links[1] = other.links[1].with(chain: "c")
        #expect(throws: AuditError.changed(sequence: 2)) { try stored.verify(ring: Self.ring) }
    }

    @Test func aWholeChainUnderAnotherNameIsFound() throws {
        var stored = try Self.chain(3)
        stored.links = stored.links.map { $0.with(chain: "d") }
        stored.head = stored.head?.with(chain: "d")
        #expect(throws: AuditError.changed(sequence: 1)) { try stored.verify(chain: "d", ring: Self.ring) }
    }

    @Test func anUnknownEpochIsFoundWhereItIs() throws {
        var stored = try Self.chain(3)
        stored.links[1] = stored.links[1].with(epoch: 9)
        #expect(throws: AuditError.unknownEpoch(9, sequence: 2)) { try stored.verify(ring: Self.ring) }
    }

    @Test func anotherEpochThatIsThereIsAChange() throws {
        var stored = try Self.chain(3)
        stored.links[1] = stored.links[1].with(epoch: 2)
        #expect(throws: AuditError.changed(sequence: 2)) { try stored.verify(ring: Self.ring.addingEpoch()) }
    }

    @Test(arguments: [0, -1, 2, Int64.max, Int64.min])
    func aFirstEntryWithAnotherNumberIsFound(sequence: Int64) throws {
        var stored = try Self.chain(1)
        stored.links[0] = stored.links[0].with(sequence: sequence)
        #expect(throws: AuditError.gap(expected: 1, found: sequence)) { try stored.verify(ring: Self.ring) }
    }

    @Test func verificationContinuesAfterAHeadThatWasKept() throws {
        let ring = Self.ring
        var stored = try Self.chain(3)
        let kept = try #require(stored.head)
        try stored.append(2, ring: ring)
        var verifier = try ChainVerifier(chain: "c", ring: ring, after: kept)
        try verifier.check(stored.links[3])
        try verifier.check(stored.links[4])
        try verifier.finish(head: stored.head)
    }

    @Test func aHeadThatWasKeptShowsThatTheWholeChainWasPutBack() throws {
        let ring = Self.ring
        var stored = try Self.chain(3)
        let earlier = stored
        try stored.append(2, ring: ring)
        let kept = try #require(stored.head)
        try earlier.verify(ring: ring)
        let verifier = try ChainVerifier(chain: "c", ring: ring, after: kept)
        #expect(throws: AuditError.headBehind(headSequence: 3, lastSequence: 5)) {
            try verifier.finish(head: earlier.head)
        }
    }

    @Test func aKeptHeadThatWasChangedIsRefused() throws {
        let head = try #require(try Self.chain(3).head)
        #expect(throws: AuditError.headDamaged) {
            try ChainVerifier(chain: "c", ring: Self.ring, after: head.with(sequence: 2))
        }
    }

    @Test func anErrorLeavesTheVerifierWhereItWas() throws {
        let stored = try Self.chain(2)
        var verifier = ChainVerifier(chain: "c", ring: Self.ring)
        #expect(throws: AuditError.gap(expected: 1, found: 2)) { try verifier.check(stored.links[1]) }
        try verifier.check(stored.links[0])
        try verifier.check(stored.links[1])
        try verifier.finish(head: stored.head)
    }

    static let findings: [(AuditError, String)] = [
        (.changed(sequence: 4), "entry 4 was changed"),
        (.gap(expected: 4, found: 6), "entry 6 stands where entry 4 belongs"),
        (.truncated(headSequence: 9, lastSequence: 6), "entries 7 to 9 are missing at the end"),
        (.unknownEpoch(3, sequence: 4), "entry 4 names epoch 3, which has no key"),
    ]

    @Test(arguments: findings)
    func aFindingSaysWhereToLook(error: AuditError, text: String) {
        #expect(error.finding == text)
    }
}

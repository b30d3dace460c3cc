// SPDX-License-Identifier: Apache-2.0

internal import Sealing
internal import Testing
internal import VaultModel

struct KeyRingTests {
    private static let master = MasterKey.generate()
    private static let wrapped = KeyRing.generate().wrapped(under: master)

    @Test func aNewRingHasOneActiveEpoch() {
        let ring = KeyRing.generate()
        #expect(ring.activeEpoch == 1)
        #expect(ring.epochs.map(\.state) == [.active])
    }

    @Test func aWrappedRingOpensWhatTheRingSealed() throws {
        let ring = try KeyRing.generate().addingEpoch().activating(2)
        let context = RecordContext.random()
        let record = try ring.seal(SecretBytes("value"), as: context)
        let read = try KeyRing(unwrapping: ring.wrapped(under: Self.master), under: Self.master)
        #expect(try read.exposed(record.bytes, as: context) == Array("value".utf8))
        #expect(read.activeEpoch == 2)
    }

    @Test func twoWrapsOfOneRingDiffer() {
        let ring = KeyRing.generate()
        #expect(ring.wrapped(under: Self.master) != ring.wrapped(under: Self.master))
    }

    @Test func aRingCanBeWrappedUnderASecondMasterKey() throws {
        let ring = KeyRing.generate()
        let second = MasterKey.generate()
        let context = RecordContext.random()
        let record = try ring.seal(SecretBytes("value"), as: context)
        let read = try KeyRing(unwrapping: ring.wrapped(under: second), under: second)
        #expect(try read.exposed(record.bytes, as: context) == Array("value".utf8))
    }

    @Test func aWrappedRingSaysWhichKeyOpensIt() {
        #expect(KeyRing.masterKeyID(ofWrapped: Self.wrapped) == Self.master.id)
        #expect(KeyRing.masterKeyID(ofWrapped: []) == nil)
        #expect(KeyRing.masterKeyID(ofWrapped: [2] + Self.wrapped.dropFirst()) == nil)
    }

    @Test func anotherMasterKeyIsToldApartFromADamagedRing() {
        let other = MasterKey.generate()
        #expect(throws: SealingError.wrongMasterKey(expected: Self.master.id, given: other.id)) {
            try KeyRing(unwrapping: Self.wrapped, under: other)
        }
    }

    @Test(arguments: wrapped.indices.flatMap { byte in (0..<8).map { 8 * byte + $0 } })
    func aWrappedRingWithOneOtherBitIsRefused(bit: Int) {
        let changed = Self.wrapped.flippingBit(bit)
        let expected: SealingError
        if (2..<10).contains(bit / 8), let id = KeyRing.masterKeyID(ofWrapped: changed) {
            expected = .wrongMasterKey(expected: id, given: Self.master.id)
        } else {
            expected = .keyRingDamaged
        }
        #expect(throws: expected) { try KeyRing(unwrapping: changed, under: Self.master) }
    }

    @Test(arguments: wrapped.indices)
    func aWrappedRingThatIsCutOffIsRefused(count: Int) {
        #expect(throws: SealingError.keyRingDamaged) {
            try KeyRing(unwrapping: Array(Self.wrapped[..<count]), under: Self.master)
        }
    }

    @Test func aWrappedRingThatWasExtendedIsRefused() {
        #expect(throws: SealingError.keyRingDamaged) {
            try KeyRing(unwrapping: Self.wrapped + [0], under: Self.master)
        }
    }

    @Test func anAddedEpochOpensAndDoesNotSeal() throws {
        let ring = KeyRing.generate().addingEpoch()
        #expect(ring.activeEpoch == 1)
        #expect(ring.epochs.map(\.state) == [.active, .readable])
        // Another server may be the first to seal under it.
        let context = RecordContext.random()
        let record = try ring.activating(2).seal(SecretBytes("value"), as: context)
        #expect(record.epoch == 2)
        #expect(try ring.exposed(record.bytes, as: context) == Array("value".utf8))
    }

    @Test func afterActivationOldRecordsOpenAndNewOnesAreOfTheNewEpoch() throws {
        let old = KeyRing.generate()
        let context = RecordContext.random()
        let record = try old.seal(SecretBytes("value"), as: context)
        let new = try old.addingEpoch().activating(2)
        #expect(try new.exposed(record.bytes, as: context) == Array("value".utf8))
        #expect(try new.seal(SecretBytes("value"), as: context).epoch == 2)
        #expect(new.epochs.map(\.state) == [.readable, .active])
    }

    @Test func aRetiredEpochOpensNothingAndStillVerifiesTheAuditTrail() throws {
        let old = KeyRing.generate()
        let context = RecordContext.random()
        let record = try old.seal(SecretBytes("value"), as: context)
        let code = try old.chainCode(chain: "c", sequence: 1, previous: [], entry: [1], epoch: 1)
        let new = try old.addingEpoch().activating(2).retiring(1)
        #expect(throws: SealingError.unknownEpoch(1)) { try new.exposed(record.bytes, as: context) }
        #expect(try new.chainCode(chain: "c", sequence: 1, previous: [], entry: [1], epoch: 1) == code)
    }

    @Test func theActiveEpochCannotBeRetired() {
        #expect(throws: SealingError.unknownEpoch(1)) { try KeyRing.generate().retiring(1) }
    }

    @Test(arguments: [0, 2, UInt32.max])
    func anEpochThatIsNotThereCannotBeActivated(epoch: UInt32) {
        #expect(throws: SealingError.unknownEpoch(epoch)) { try KeyRing.generate().activating(epoch) }
    }

    @Test func aRetiredEpochDoesNotComeBack() throws {
        let ring = try KeyRing.generate().addingEpoch().activating(2).retiring(1)
        #expect(throws: SealingError.unknownEpoch(1)) { try ring.activating(1) }
    }

    @Test func manyThreadsMayUseOneRing() async throws {
        let ring = KeyRing.generate()
        let contexts = (0..<16).map { _ in RecordContext.random() }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for turn in 0..<128 {
                group.addTask {
                    let context = contexts[turn % contexts.count]
                    let record = try ring.seal(SecretBytes("\(turn)"), as: context)
                    return try ring.exposed(record.bytes, as: context) == Array("\(turn)".utf8)
                }
            }
            for try await isSame in group { #expect(isSame) }
        }
    }
}

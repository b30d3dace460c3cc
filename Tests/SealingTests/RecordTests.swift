// SPDX-License-Identifier: Apache-2.0

internal import Sealing
internal import Testing
internal import VaultModel

struct RecordTests {
    private static let ring = KeyRing.generate()
    private static let context = RecordContext.random()
    private static let plaintext = "correct horse battery staple"
    private static let sealed: [UInt8] = {
        // A failure shows as an index that is out of range in every test below.
        (try? ring.seal(SecretBytes(plaintext), as: context).bytes) ?? []
    }()

    @Test(arguments: [0, 1, 31, 32, 33, 256, 65_536, 1_048_576])
    func whatWasSealedOpens(count: Int) throws {
        let value = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let record = try Self.ring.seal(SecretBytes(copying: value), as: Self.context)
        #expect(try Self.ring.exposed(record.bytes, as: Self.context) == value)
    }

    @Test func anEmptyValueIsSealedToo() throws {
        let record = try Self.ring.seal(SecretBytes(""), as: Self.context)
        // 98 bytes of the format, two lengths and `***`.
        #expect(record.bytes.count == 98 + 8 + 3)
        let opened = try Self.ring.open(record.bytes, as: Self.context)
        #expect(opened.mask.text == "***")
        #expect(opened.takeValue().exposed().isEmpty)
    }

    @Test func theMaskIsSealedWithTheValue() throws {
        let opened = try Self.ring.open(Self.sealed, as: Self.context)
        #expect(opened.mask.text == "correct ***")
        #expect(opened.mask == Mask(of: opened.value))
    }

    @Test func thePlaintextIsNotInTheRecord() {
        let plaintext = Array(Self.plaintext.utf8)
        let windows = Self.sealed.indices.dropLast(3).map { Array(Self.sealed[$0..<$0 + 4]) }
        #expect(!windows.contains(Array(plaintext[..<4])))
    }

    @Test(arguments: sealed.indices.flatMap { byte in (0..<8).map { 8 * byte + $0 } })
    func aRecordWithOneOtherBitIsRefused(bit: Int) {
        let changed = Self.sealed.flippingBit(bit)
        let expected: SealingError =
            switch bit / 8 {
            case 0..<2: .malformedRecord
            case 2..<6: .unknownEpoch(SealedRecord(bytes: changed).epoch ?? 0)
            case 6..<38, 50..<82: .wrongKey
            default: .damagedRecord
            }
        #expect(throws: expected) { try Self.ring.exposed(changed, as: Self.context) }
    }

    @Test(arguments: sealed.indices)
    func aRecordThatIsCutOffIsRefused(count: Int) {
        let expected: SealingError = count < 98 ? .malformedRecord : .damagedRecord
        #expect(throws: expected) { try Self.ring.exposed(Array(Self.sealed[..<count]), as: Self.context) }
    }

    @Test(arguments: [1, 16, 98])
    func aRecordThatWasExtendedIsRefused(count: Int) {
        let extended = Self.sealed + [UInt8](repeating: 0, count: count)
        #expect(throws: SealingError.damagedRecord) { try Self.ring.exposed(extended, as: Self.context) }
    }

    /// One way of being another record's place.
    enum Swap: CaseIterable, Sendable {
        case workspace, user, salt, entry, version, kind, field

        var context: RecordContext {
            let right = RecordTests.context
            let scope = OwnerScope(
                workspace: self == .workspace ? WorkspaceID(at: .testTime) : right.scope.workspace,
                user: self == .user ? UserID(at: .testTime) : right.scope.user,
                salt: self == .salt ? OwnerScope.makeSalt() : right.scope.salt
            )
            return RecordContext(
                scope: scope,
                entry: self == .entry ? EntryID(at: .testTime) : right.entry,
                version: self == .version ? right.version + 1 : right.version,
                kind: self == .kind ? .variable : right.kind,
                field: self == .field ? "note" : right.field
            )
        }

        /// Another owner has other keys; within one owner, the content's binding refuses.
        var refusal: SealingError {
            switch self {
            case .workspace, .user, .salt: .wrongKey
            case .entry, .version, .kind, .field: .damagedRecord
            }
        }
    }

    @Test(arguments: Swap.allCases)
    func aRecordInAnotherPlaceIsRefused(swap: Swap) {
        #expect(throws: swap.refusal) { try Self.ring.exposed(Self.sealed, as: swap.context) }
    }

    @Test func aRecordOfAnotherRingIsToldApartFromADamagedOne() {
        #expect(throws: SealingError.wrongKey) { try KeyRing.generate().exposed(Self.sealed, as: Self.context) }
    }

    @Test func twoSealsOfOneValueShareNoField() throws {
        let first = try Self.ring.seal(SecretBytes(Self.plaintext), as: Self.context).bytes
        let second = try Self.ring.seal(SecretBytes(Self.plaintext), as: Self.context).bytes
        #expect(first[..<6] == second[..<6])
        // r, nonce, C, ciphertext, tag.
        #expect(first[6..<38] != second[6..<38])
        #expect(first[38..<50] != second[38..<50])
        #expect(first[50..<82] != second[50..<82])
        #expect(first[82...].dropLast(16) != second[82...].dropLast(16))
        #expect(first.suffix(16) != second.suffix(16))
    }

    @Test(arguments: [0, 1, 31, 33, 64])
    func nothingIsSealedUnderASaltThatIsNotOne(count: Int) {
        let right = Self.context.scope
        let salt = [UInt8](repeating: 7, count: count)
        let scope = OwnerScope(workspace: right.workspace, user: right.user, salt: salt)
        let context = RecordContext.random(scope: scope)
        #expect(throws: SealingError.malformedSalt) { try Self.ring.seal(SecretBytes("x"), as: context) }
        #expect(throws: SealingError.malformedSalt) { try Self.ring.exposed(Self.sealed, as: context) }
    }

    @Test func aValueBeyondTheLimitIsRefused() {
        let value = SecretBytes(count: KeyRing.maximumValueBytes + 1) { _ in }
        let result = Result { () throws(SealingError) in try Self.ring.seal(value, as: Self.context) }
        #expect(result == .failure(.valueTooLong))
    }

    @Test func theDigestIsThatOfTheStoredBytes() {
        #expect(SealedRecord(bytes: Self.sealed).digest == sha256(Self.sealed))
    }

    @Test func saltsAreNeverTheSame() {
        let salts = (0..<100).map { _ in OwnerScope.makeSalt() }
        #expect(Set(salts).count == 100)
        #expect(salts.allSatisfy { $0.count == 32 })
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import Sealing
internal import Testing
internal import VaultModel

struct RowCodeTests {
    private static let ring = KeyRing.generate()
    private static let owner = OwnerScope.random()
    private static let row = content()
    private static let ownerCode = ring.rowCode(for: row, scope: .owner(owner))
    private static let systemCode = ring.rowCode(for: row, scope: .system)

    private static func content(
        table: String = "attachments",
        agent: String = "a1",
        version: Int64 = 3,
        digest: [UInt8] = [1, 2, 3],
        provider: String? = "anthropic",
        expiresAt: Int64? = nil
    ) -> RowContent {
        RowContent(table).adding(agent).adding(version).adding(digest).adding(optional: provider)
            .adding(optional: expiresAt)
    }

    @Test func aRowVerifiesWithItsCode() throws {
        try Self.ring.verify(Self.ownerCode, of: Self.row, scope: .owner(Self.owner))
        try Self.ring.verify(Self.systemCode, of: Self.row, scope: .system)
    }

    @Test func aCodeNamesItsEpochAndIsTheSameEachTime() {
        #expect(Self.systemCode.count == 36)
        #expect(Self.systemCode.starts(with: [0, 0, 0, 1]))
        #expect(Self.systemCode == Self.ring.rowCode(for: Self.row, scope: .system))
    }

    @Test(arguments: [
        content(table: "tokens"), content(agent: "a2"), content(agent: ""), content(version: 4),
        content(digest: [1, 2, 4]), content(digest: []), content(provider: nil), content(provider: ""),
        content(provider: "openai"), content(expiresAt: 0), content(expiresAt: 1), content().adding(""),
    ])
    func aRowWithAnotherFieldIsRefused(row: RowContent) {
        #expect(throws: SealingError.rowCodeMismatch) {
            try Self.ring.verify(Self.ownerCode, of: row, scope: .owner(Self.owner))
        }
        #expect(throws: SealingError.rowCodeMismatch) {
            try Self.ring.verify(Self.systemCode, of: row, scope: .system)
        }
    }

    @Test(arguments: 0..<8 * 36)
    func aCodeWithOneOtherBitIsRefused(bit: Int) {
        let changed = Self.systemCode.flippingBit(bit)
        #expect(throws: SealingError.self) { try Self.ring.verify(changed, of: Self.row, scope: .system) }
    }

    @Test(arguments: [0, 4, 35, 37, 72])
    func aCodeOfAnotherLengthIsRefused(count: Int) {
        let code = Array((Self.systemCode + Self.systemCode).prefix(count))
        #expect(throws: SealingError.rowCodeMismatch) {
            try Self.ring.verify(code, of: Self.row, scope: .system)
        }
    }

    static let otherOwners = [
        OwnerScope(workspace: WorkspaceID(at: .testTime), user: owner.user, salt: owner.salt),
        OwnerScope(workspace: owner.workspace, user: UserID(at: .testTime), salt: owner.salt),
        OwnerScope(workspace: owner.workspace, user: owner.user, salt: OwnerScope.makeSalt()),
    ]

    @Test(arguments: otherOwners)
    func aCodeOfAnotherOwnerIsRefused(other: OwnerScope) {
        #expect(throws: SealingError.rowCodeMismatch) {
            try Self.ring.verify(Self.ownerCode, of: Self.row, scope: .owner(other))
        }
    }

    @Test func theOwnersCodesAndTheSystemsAreNotInterchangeable() {
        #expect(throws: SealingError.rowCodeMismatch) {
            try Self.ring.verify(Self.ownerCode, of: Self.row, scope: .system)
        }
        #expect(throws: SealingError.rowCodeMismatch) {
            try Self.ring.verify(Self.systemCode, of: Self.row, scope: .owner(Self.owner))
        }
    }

    @Test func aDestroyedSaltVouchesForNothing() {
        let scope = OwnerScope(workspace: Self.owner.workspace, user: Self.owner.user, salt: [])
        let code = Self.ring.rowCode(for: Self.row, scope: .owner(scope))
        #expect(throws: SealingError.malformedSalt) {
            try Self.ring.verify(code, of: Self.row, scope: .owner(scope))
        }
    }

    @Test func aCodeOfAnotherRingIsRefused() {
        #expect(throws: SealingError.rowCodeMismatch) {
            try KeyRing.generate().verify(Self.systemCode, of: Self.row, scope: .system)
        }
    }

    @Test func aCodeOfAnEarlierEpochVerifies() throws {
        let ring = try Self.ring.addingEpoch().activating(2)
        try ring.verify(Self.systemCode, of: Self.row, scope: .system)
        #expect(ring.rowCode(for: Self.row, scope: .system).starts(with: [0, 0, 0, 2]))
    }
}

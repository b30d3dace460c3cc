// SPDX-License-Identifier: Apache-2.0

internal import Sealing
internal import Testing
internal import VaultModel

struct BearerTokenTests {
    private static func text(_ token: borrowing BearerToken) -> [UInt8] {
        token.withText { [UInt8]($0) }
    }

    private static let gateway = text(BearerToken.mint(.gateway))

    @Test(arguments: BearerTokenKind.allCases)
    func aNewTokenParsesToItself(kind: BearerTokenKind) throws {
        let minted = BearerToken.mint(kind)
        let text = Self.text(minted)
        #expect(text.count == kind.rawValue.utf8.count + 43 + 6)
        let parsed = try BearerToken(parsing: text)
        #expect(parsed.kind == kind)
        #expect(parsed.digest == minted.digest)
        #expect(parsed.digest == sha256(text))
        #expect(parsed.hint == minted.hint)
        #expect(Self.text(parsed) == text)
    }

    @Test(arguments: BearerTokenKind.allCases)
    func aTokenIsOneWordOfItsPrefixLettersAndDigits(kind: BearerTokenKind) {
        let text = String(decoding: Self.text(BearerToken.mint(kind)), as: UTF8.self)
        #expect(text.hasPrefix(kind.rawValue))
        #expect(text.dropFirst(kind.rawValue.count).allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) })
    }

    @Test func theHintIsTheEnd() {
        let token = BearerToken.mint(.gateway)
        #expect(token.hint == String(decoding: Self.text(token).suffix(4), as: UTF8.self))
    }

    @Test func tokensAreNeverTheSame() {
        let tokens = (0..<1_000).map { _ in Self.text(BearerToken.mint(.workspaceKey)) }
        #expect(Set(tokens).count == 1_000)
        // 32 random bytes use every digit, in every place but the first.
        #expect(Set(tokens.flatMap { $0[7..<49] }).count == 62)
    }

    @Test(arguments: gateway.indices.dropFirst(4))
    func aTokenWithOneOtherDigitIsRefused(index: Int) {
        var changed = Self.gateway
        changed[index] = changed[index] == UInt8(ascii: "a") ? UInt8(ascii: "b") : UInt8(ascii: "a")
        #expect(throws: SealingError.malformedToken(.checksum)) { try Self.parse(changed) }
    }

    @Test(arguments: gateway.indices.dropFirst(4).dropLast())
    func aTokenWithTwoDigitsSwappedIsRefused(index: Int) {
        var changed = Self.gateway
        changed.swapAt(index, index + 1)
        // Two digits that are the same: swapping them changes nothing.
        guard changed != Self.gateway else { return }
        #expect(throws: SealingError.malformedToken(.checksum)) { try Self.parse(changed) }
    }

    @Test(arguments: ["", "gwt", "GWT_", "gwt-", "ghp_", " gwt_", "ak_", "ak_ws", "Bearer gwt_"])
    func aTextWithAnotherPrefixIsRefused(prefix: String) {
        #expect(throws: SealingError.malformedToken(.prefix)) {
            try Self.parse(Array(prefix.utf8) + Self.gateway.dropFirst(4))
        }
    }

    @Test(arguments: BearerTokenKind.allCases.filter { $0 != .gateway })
    func aTokenUnderThePrefixOfAnotherKindIsRefused(kind: BearerTokenKind) {
        #expect(throws: SealingError.malformedToken(.checksum)) {
            try Self.parse(Array(kind.rawValue.utf8) + Self.gateway.dropFirst(4))
        }
    }

    @Test(arguments: [4, 5, 52])
    func aTokenThatIsCutOffIsRefused(count: Int) {
        #expect(throws: SealingError.malformedToken(.length)) { try Self.parse(Array(Self.gateway[..<count])) }
    }

    @Test(arguments: ["0", "\n", " ", String(repeating: "0", count: 100_000)])
    func aTokenThatWasExtendedIsRefused(end: String) {
        #expect(throws: SealingError.malformedToken(.length)) { try Self.parse(Self.gateway + end.utf8) }
    }

    @Test(arguments: [UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: " "), 0, 0x80, 0xFF])
    func aCharacterOutsideTheAlphabetIsRefused(byte: UInt8) {
        var changed = Self.gateway
        changed[20] = byte
        #expect(throws: SealingError.malformedToken(.alphabet)) { try Self.parse(changed) }
    }

    private static func parse(_ bytes: [UInt8]) throws(SealingError) -> [UInt8] {
        text(try BearerToken(parsing: bytes))
    }
}

// SPDX-License-Identifier: Apache-2.0

import APITypes
import Storage
import TestSupport
import Testing
import VaultModel

@testable import VaultCore

/// A workspace key that was shown before is not looked up again, and is refused as if it were.
struct KnownKeyTests {
    private static let near = IPAddress("10.1.2.3") ?? .loopback
    private static let far = IPAddress("192.0.2.1") ?? .loopback

    /// A key that the vault remembers, for the network 10.0.0.0/8.
    private struct Remembered {
        let test: TestVault
        let id: String
        let token: [UInt8]

        init(_ test: TestVault, expiresAt: Timestamp? = nil) async throws {
            self.test = test
            let body = CreateAPIKeyBody(name: "k", expiresAt: expiresAt, networks: ["10.0.0.0/8"])
            let key = try await test.vault.createAPIKey(body, by: test.localOperator)
            id = key.id
            token = Array(try #require(key.token).utf8)
            // The first use is written down, which changes the row.
            for _ in 0..<2 { _ = try await authenticate() }
            try #require(isKnown)
        }

        var isKnown: Bool {
            guard let digest = Vault.digest(of: token) else { return false }
            return test.vault.knownKeys.row(of: digest, at: test.vault.engine.tokenChanges) != nil
        }

        func authenticate(in workspace: String? = nil, from address: IPAddress = near) async throws -> Caller {
            try await test.vault.authenticate(token, in: workspace, from: address)
        }
    }

    @Test func aRevokedKeyIsRefusedAtOnceAndTheRefusalIsRecorded() async throws {
        let key = try await Remembered(TestVault.make())
        try await key.test.vault.revokeAPIKey(key.id, by: key.test.localOperator)
        await #expect(throws: VaultError.token(.revoked)) { _ = try await key.authenticate() }
        let trail = try await key.test.vault.audit(PageRequest(), by: key.test.localOperator).entries
        #expect(trail.first?.action == "token.use")
        #expect(trail.first?.allowed == false)
    }

    @Test func aRotatedKeyEndsWithItsGrace() async throws {
        let key = try await Remembered(TestVault.make())
        _ = try await key.test.vault.rotateAPIKey(
            key.id,
            RotateGatewayTokenBody(graceSeconds: 60),
            by: key.test.localOperator
        )
        for _ in 0..<2 { _ = try await key.authenticate() }
        try #require(key.isKnown)
        key.test.clock.advance(by: .seconds(60))
        await #expect(throws: VaultError.token(.revoked)) { _ = try await key.authenticate() }
    }

    @Test func anExpiredKeyIsRefused() async throws {
        let test = try await TestVault.make()
        let key = try await Remembered(test, expiresAt: test.clock.now + .seconds(60))
        test.clock.advance(by: .seconds(60))
        await #expect(throws: VaultError.token(.revoked)) { _ = try await key.authenticate() }
    }

    @Test func aKeyFromAnotherNetworkIsRefused() async throws {
        let key = try await Remembered(TestVault.make())
        await #expect(throws: VaultError.addressNotAllowed) { _ = try await key.authenticate(from: Self.far) }
    }

    @Test func aKeyIsForItsOwnWorkspaceOnly() async throws {
        let key = try await Remembered(TestVault.make())
        await #expect(throws: VaultError.notFound(.workspace)) { _ = try await key.authenticate(in: "acme") }
    }

    @Test func theLastUseOfARememberedKeyIsWrittenDown() async throws {
        let key = try await Remembered(TestVault.make())
        func lastUse() async throws -> Timestamp? {
            let keys = try await key.test.vault.apiKeys(by: key.test.localOperator).apiKeys
            return keys.first { $0.id == key.id }?.lastUsedAt
        }
        let before = try #require(try await lastUse())
        key.test.clock.advance(by: .seconds(3_600))
        _ = try await key.authenticate()
        #expect(try await lastUse() == before + .seconds(3_600))
    }

    @Test func noMoreKeysAreRememberedThanThereIsRoomFor() async throws {
        let key = try await Remembered(TestVault.make())
        let row = try #require(await key.test.vault.knownToken(key.token))
        let known = KnownKeys()
        for number in 0...KnownKeys.most {
            known.remember(row, of: [UInt8(number >> 8), UInt8(number & 255)], readAt: 1)
        }
        #expect(known.row(of: [0, 0], at: 1) == nil)
        #expect(known.row(of: [4, 0], at: 1)?.id == row.id)
    }

    @Test func whatWasReadBeforeAChangeIsNotKeptAfterIt() async throws {
        let key = try await Remembered(TestVault.make())
        let row = try #require(await key.test.vault.knownToken(key.token))
        let known = KnownKeys()
        known.remember(row, of: [1], readAt: 2)
        known.remember(row, of: [2], readAt: 1)
        #expect(known.row(of: [2], at: 2) == nil)
        #expect(known.row(of: [1], at: 3) == nil)
        #expect(known.row(of: [1], at: 2) != nil)
    }
}

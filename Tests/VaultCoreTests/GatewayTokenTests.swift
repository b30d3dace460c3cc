// SPDX-License-Identifier: Apache-2.0

import APITypes
import TestSupport
import Testing
import VaultCore
import VaultModel

struct GatewayTokenTests {
    private func rotate(_ test: TestVault, _ body: RotateGatewayTokenBody = .init()) async throws -> String {
        try await test.vault.rotateGatewayToken(of: "bot", body, by: test.localOperator).gatewayToken
    }

    @Test func theOldTokenWorksUntilTheNewOneIsUsed() async throws {
        let test = try await TestVault.make()
        let old = try #require(try await test.createAgent("bot").gatewayToken)
        let new = try await rotate(test)
        _ = try await test.start(token: old)
        _ = try await test.start(token: new)
        await #expect(throws: VaultError.token(.rotated)) { _ = try await test.start(token: old) }
        _ = try await test.start(token: new)
    }

    @Test func theOldTokenEndsWithTheGrace() async throws {
        let test = try await TestVault.make()
        let old = try #require(try await test.createAgent("bot").gatewayToken)
        _ = try await rotate(test, RotateGatewayTokenBody(graceSeconds: 60))
        test.clock.advance(by: .seconds(59))
        _ = try await test.start(token: old)
        test.clock.advance(by: .seconds(1))
        await #expect(throws: VaultError.token(.rotated)) { _ = try await test.start(token: old) }
    }

    @Test func aSecondRotationDoesNotLengthenTheFirstGrace() async throws {
        let test = try await TestVault.make()
        let old = try #require(try await test.createAgent("bot").gatewayToken)
        _ = try await rotate(test, RotateGatewayTokenBody(graceSeconds: 60))
        _ = try await rotate(test, RotateGatewayTokenBody(graceSeconds: 600))
        test.clock.advance(by: .seconds(61))
        await #expect(throws: VaultError.token(.rotated)) { _ = try await test.start(token: old) }
    }

    @Test func revokeEndsTheOldTokenNow() async throws {
        let test = try await TestVault.make()
        let old = try #require(try await test.createAgent("bot").gatewayToken)
        let new = try await rotate(test, RotateGatewayTokenBody(revoke: true))
        await #expect(throws: VaultError.token(.revoked)) { _ = try await test.start(token: old) }
        _ = try await test.start(token: new)
    }

    @Test func aTokenOfAnotherKindOrFormOpensNothing() async throws {
        let test = try await TestVault.make()
        _ = try await test.createAgent("bot")
        await #expect(throws: VaultError.token(.unknown)) { _ = try await test.start(token: test.workspaceKey) }
        await #expect(throws: VaultError.token(.unknown)) { _ = try await test.start(token: "gwt_guess") }
        await #expect(throws: VaultError.token(.missing)) {
            _ = try await test.vault.start(
                StartRequest(token: nil, replica: "r", startID: "start-0001", isSession: false)
            )
        }
        let gateway = try await rotate(test)
        await #expect(throws: VaultError.token(.unknown)) {
            _ = try await test.vault.authenticate(Array(gateway.utf8))
        }
    }

    @Test func theTokensOfADeletedAgentAreRevoked() async throws {
        let test = try await TestVault.make()
        let token = try #require(try await test.createAgent("bot").gatewayToken)
        try await test.vault.deleteAgent("bot", by: test.localOperator)
        await #expect(throws: VaultError.token(.revoked)) { _ = try await test.start(token: token) }
    }
}

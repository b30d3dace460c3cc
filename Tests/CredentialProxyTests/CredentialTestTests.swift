// SPDX-License-Identifier: Apache-2.0

import APITypes
import CredentialProxy
import ProxyRules
import TestSupport
import Testing
import VaultCore
import VaultModel

/// What a test of a key says.
struct CredentialTestTests {
    private static let key = "sk-c4n4ry-0123456789"

    @Test(arguments: [
        (200, "{}", CredentialTestBody.Result.ok), (204, "", .ok), (401, "{}", .wrongKey),
        (401, "{\"error\":\"this API key has expired\"}", .expired), (402, "", .noCredit), (403, "", .forbidden),
        (400, "{\"reason\":\"API_KEY_INVALID\"}", .wrongKey), (400, "{\"error\":\"no such model\"}", .failed),
        (401, "{\"status\":\"missing_permissions\"}", .forbidden), (422, "{\"code\":\"X_TOKEN_INVALID\"}", .wrongKey),
        (422, "{\"code\":\"VALIDATION\"}", .failed), (429, "", .rateLimited), (500, "", .failed), (302, "", .failed),
    ])
    func everyAnswerOfAProviderMeansOneThing(status: Int, body: String, result: CredentialTestBody.Result) {
        #expect(CredentialTestBody.Result(status: status, body: Array(body.utf8)) == result)
    }

    private func broker(_ test: TestVault, addresses: [String] = []) throws -> Broker {
        try Broker(vault: test.vault, resolver: FixedResolver(addresses.compactMap { IPAddress($0) }))
    }

    private func add(_ provider: String?, hosts: [String]? = nil, to test: TestVault) async throws {
        _ = try await test.vault.createCredential(
            CreateCredentialBody(
                name: "X",
                type: provider == nil ? .apiKey : nil,
                value: .text(Self.key),
                provider: provider,
                hosts: hosts
            ),
            by: test.localOperator
        )
    }

    @Test func aProviderThatCannotBeReachedIsTold() async throws {
        let test = try await TestVault.make()
        try await add("openai", to: test)
        let result = try await broker(test).test("X", by: test.localOperator)
        #expect(result == CredentialTestBody(.unreachable, reason: "target_unresolved"))
        let inside = try await broker(test, addresses: ["10.0.0.1"]).test("X", by: test.localOperator)
        #expect(inside == CredentialTestBody(.unreachable, reason: "target_address_not_allowed"))
    }

    @Test(arguments: [(nil, ["api.example.com"]), ("pika", ["api.example.com"]), ("openai", ["other.example.com"])])
    func whatTheCatalogueHasNoRequestForIsSkipped(provider: String?, hosts: [String]) async throws {
        let test = try await TestVault.make()
        try await add(provider, hosts: hosts, to: test)
        #expect(try await broker(test).test("X", by: test.localOperator).result == .skipped)
    }

    @Test func anExpiredCredentialIsNotSent() async throws {
        let test = try await TestVault.make()
        try await add("openai", to: test)
        _ = try await test.vault.updateCredential(
            "X",
            UpdateCredentialBody(expiresAt: test.clock.now + .seconds(60)),
            by: test.localOperator
        )
        test.clock.advance(by: .seconds(60))
        #expect(try await broker(test).test("X", by: test.localOperator) == CredentialTestBody(.expired))
    }

    @Test func nobodyTestsWhatIsNotThere() async throws {
        let test = try await TestVault.make()
        await #expect(throws: ProxyError.vault(.notFound(.credential))) {
            _ = try await broker(test).test("X", by: test.localOperator)
        }
    }
}

/// Gives the same addresses for every name.
private struct FixedResolver: Resolver {
    let answer: [IPAddress]

    init(_ answer: [IPAddress]) {
        self.answer = answer
    }

    func addresses(of name: String) async throws -> [IPAddress] { answer }
}

// SPDX-License-Identifier: Apache-2.0

import APITypes
import HTTPTypes
import TestSupport
import Testing
import VaultCore
import VaultModel

@testable import HTTPAPI

/// Rate limits, networks of keys, and whose word is taken for where a request comes from.
struct LimitTests {
    private func settings(_ change: (inout LimitSettings) -> Void) -> LimitSettings {
        var settings = LimitSettings()
        change(&settings)
        return settings
    }

    private func fields(forwarded: String?) -> HTTPFields {
        var fields = HTTPFields()
        if let forwarded { fields[.forwardedFor] = forwarded }
        return fields
    }

    @Test(arguments: [
        (nil, "10.0.0.1"), ("203.0.113.9", "203.0.113.9"), ("1.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, 10.0.0.2", "203.0.113.9"), ("nonsense", "10.0.0.1"), ("203.0.113.9, nonsense", "10.0.0.1"),
        ("2001:db8::1", "2001:db8::1"), ("::ffff:203.0.113.9", "203.0.113.9"), ("", "10.0.0.1"),
    ])
    func aTrustedProxySaysWhoItSpeaksFor(forwarded: String?, expected: String) throws {
        let proxies = try #require(NetworkRange("10.0.0.0/8"))
        let limits = RequestLimits(settings { $0.trustedProxies = [proxies] })
        let peer = try #require(IPAddress("10.0.0.1"))
        #expect(limits.source(of: fields(forwarded: forwarded), peer: peer) == IPAddress(expected))
    }

    @Test func nobodyElseDoes() throws {
        let limits = RequestLimits()
        let peer = try #require(IPAddress("10.0.0.1"))
        #expect(limits.source(of: fields(forwarded: "203.0.113.9"), peer: peer) == peer)
    }

    @Test func aSourceThatAsksTooMuchIsToldWhenToComeBack() throws {
        let now = ContinuousClock.now
        let limits = RequestLimits(settings { $0.perAddress = 60 }, clock: { now })
        let source = try #require(IPAddress("203.0.113.9"))
        for _ in 0..<60 { try limits.charge(source) }
        #expect(throws: VaultError.rateLimited(retryAfter: 1)) { try limits.charge(source) }
        try limits.charge(try #require(IPAddress("203.0.113.10")))
    }

    @Test func aNetworkOfIPv6IsOneSource() throws {
        let now = ContinuousClock.now
        let limits = RequestLimits(settings { $0.perAddress = 1 }, clock: { now })
        try limits.charge(try #require(IPAddress("2001:db8::1")))
        #expect(throws: VaultError.self) { try limits.charge(try #require(IPAddress("2001:db8::2"))) }
        try limits.charge(try #require(IPAddress("2001:db8:0:1::1")))
    }

    @Test func refusalsAreCountedApart() throws {
        let now = ContinuousClock.now
        let limits = RequestLimits(settings { $0.refusalsPerAddress = 2 }, clock: { now })
        let source = try #require(IPAddress("203.0.113.9"))
        limits.refused(source)
        try limits.charge(source)
        limits.refused(source)
        #expect(throws: VaultError.rateLimited(retryAfter: 30)) { try limits.charge(source) }
    }

    @Test func zeroIsWithoutALimit() throws {
        let limits = RequestLimits(settings { $0.perAddress = 0 })
        for _ in 0..<100_000 { try limits.charge(.loopback) }
    }

    @Test func guessedTokensAreSlowedDownOverTheNetwork() async throws {
        try await APISession.run(limits: settings { $0.refusalsPerAddress = 3 }) { api async throws in
            var last: APIAnswer?
            for _ in 0...3 { last = try await api.send(.get, "/api/v1/secrets", as: .token("nonsense")) }
            #expect(last?.code == .rateLimited)
            #expect(last?.header("Retry-After").flatMap { Int($0) } != nil)
        }
    }

    @Test(arguments: [("127.0.0.0/8", 200), ("127.0.0.1", 200), ("10.0.0.0/8", 403), ("::/0", 403), ("0.0.0.0/0", 200)])
    func aKeyIsAcceptedFromItsNetworksOnly(network: String, status: Int) async throws {
        try await APISession.run { api async throws in
            let body = CreateAPIKeyBody(name: "k", networks: [network])
            let key = try await api.test.vault.createAPIKey(body, by: api.test.localOperator)
            let answer = try await api.send(.get, "/api/v1/secrets", as: .token(key.token ?? ""))
            #expect(answer.status == status)
            if status == 403 { #expect(answer.code == .addressNotAllowed) }
        }
    }

    @Test(arguments: ["10.1.2.3/8", "300.0.0.1", "10.0.0.0/33", "example.org", "", "10.0.0.0/08", "::1/129"])
    func whatIsNoNetworkIsRefused(network: String) async throws {
        try await APISession.run { api async throws in
            let json = "{\"name\":\"k\",\"networks\":[\"\(network)\"]}"
            #expect(try await api.send(.post, "/api/v1/workspace/api-keys", json: json).code == .invalidField)
        }
    }

    @Test func aNetworkThatWasTakenOutFromOutsideIsFound() async throws {
        let test = try await TestVault.make()
        let body = CreateAPIKeyBody(name: "k", networks: ["10.0.0.0/8"])
        let key = try await test.vault.createAPIKey(body, by: test.localOperator)
        try await test.changeFromOutside("UPDATE tokens SET networks = NULL WHERE name = 'k'")
        await #expect(throws: VaultError.integrity(entry: nil)) {
            _ = try await test.vault.authenticate(Array((key.token ?? "").utf8))
        }
    }

    @Test func anAgentsTokenIsLimitedByItselfOverTheNetworkOnly() async throws {
        for listener in [Listener.tcp, .agentSocket] {
            try await APISession.run(listener, limits: settings { $0.perToken = 2 }) { api async throws in
                let tokens = [
                    try await api.test.createAgent("one").gatewayToken ?? "",
                    try await api.test.createAgent("two").gatewayToken ?? "",
                ]
                func start(_ token: String) async throws -> APIAnswer {
                    let headers = ["Attache-Instance": "one", "Attache-Start": "start-0001"]
                    return try await api.send(.post, "/api/v1/starts", headers: headers, as: .token(token))
                }
                for _ in 0..<2 { #expect(try await start(tokens[0]).status == 200) }
                let third = try await start(tokens[0])
                #expect(third.code == (listener == .tcp ? .rateLimited : nil))
                if listener == .tcp { #expect(third.header("Retry-After").flatMap { Int($0) } ?? 0 > 0) }
                // Another one behind the same address is not held up.
                #expect(try await start(tokens[1]).status == 200)
            }
        }
    }

    @Test func aRotatedKeyWorksUntilItsGraceEnds() async throws {
        try await APISession.run { api async throws in
            let answer = try await api.send(.post, "/api/v1/workspace/api-key/rotate", json: "{\"graceSeconds\":60}")
            let rotated = try answer.body(RotatedAPIKeyBody.self)
            let new = Bearer.token(rotated.apiKey.token ?? "")
            #expect(rotated.apiKey.role == .owner)
            #expect(try await api.send(.get, "/api/v1/secrets").status == 200)
            #expect(try await api.send(.get, "/api/v1/secrets", as: new).status == 200)
            api.test.clock.advance(by: .seconds(60))
            #expect(try await api.send(.get, "/api/v1/secrets").code == .tokenRevoked)
            #expect(try await api.send(.get, "/api/v1/secrets", as: new).status == 200)
        }
    }

    @Test func aRotationCanEndTheOldKeyAtOnce() async throws {
        try await APISession.run { api async throws in
            let answer = try await api.send(.post, "/api/v1/workspace/api-key/rotate", json: "{\"revoke\":true}")
            #expect(answer.status == 200)
            #expect(try await api.send(.get, "/api/v1/secrets").code == .tokenRotated)
        }
    }
}

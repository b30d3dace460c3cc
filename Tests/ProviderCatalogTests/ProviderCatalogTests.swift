// SPDX-License-Identifier: Apache-2.0

import EnvironmentFile
import ProviderCatalog
import ProxyRules
import Testing
import VaultModel

struct ProviderCatalogTests {
    @Test(arguments: [
        (ProviderCategory.llm, ["anthropic", "openai", "openrouter", "groq", "venice", "pinata", "custom"]),
        (.image, ["dalle", "stability", "fal", "replicate"]),
        (.video, ["runway", "luma", "pika", "fal-video"]),
        (.audio, ["elevenlabs", "openai-tts", "cartesia"]),
        (.research, ["perplexity", "tavily", "serper", "brave", "exa"]),
    ])
    func aCategoryHoldsTheProvidersThatUsersWerePromised(category: ProviderCategory, ids: [String]) {
        #expect(Provider.all.filter { $0.category == category }.map(\.id.text) == ids)
    }

    @Test func noIDIsGivenTwice() {
        #expect(Set(Provider.all.map(\.id)).count == Provider.all.count)
    }

    @Test(arguments: Provider.all.map(\.id.text))
    func everyHostRuleReadsBackAsItIsWritten(id: String) throws {
        let provider = try named(id)
        for text in provider.hosts { #expect(try HostRule(text).description == text) }
    }

    @Test(arguments: Provider.all.map(\.id.text))
    func testRequestAndBaseURLAreWithinTheHosts(id: String) throws {
        let provider = try named(id)
        let rules = try provider.hosts.map { try HostRule($0) }
        for text in [provider.test?.url, provider.baseURL].compactMap(\.self) {
            #expect(HostDecision(rules, target: try TargetURL(text), method: "GET") == .allowed)
        }
    }

    @Test(arguments: Provider.all.map(\.id.text))
    func everyVariableIsAnEnvironmentName(id: String) throws {
        let provider = try named(id)
        #expect(try EnvironmentName(provider.environmentName).isDangerous == false)
        #expect(try EnvironmentName(provider.baseURLName).isDangerous == false)
    }

    @Test(arguments: Provider.all.map(\.id.text))
    func everyPresentationIsOneThatTheProxyHas(id: String) throws {
        let provider = try named(id)
        _ = try Presentation(provider.scheme, header: provider.header, prefix: provider.keyIntroduction)
    }

    @Test(arguments: ["pika", "cartesia"])
    func providersWithoutACheapRequestHaveNone(id: String) throws {
        #expect(try named(id).test == nil)
    }

    @Test func onlyTheTwoThatOfferMoreTakeMoreThanAKey() {
        let more = Provider.all.filter { $0.connections.count > 1 }.map(\.id.text)
        #expect(more == ["anthropic", "openai"])
    }

    @Test(arguments: [
        ("sk-ant-api03-x", "anthropic"), ("sk-or-v1-x", "openrouter"), ("sk-proj-x", "openai"), ("gsk_x", "groq"),
    ])
    func theLongestMarkDecidesWhoseAKeyIs(key: String, id: String) {
        #expect(Array(key.utf8).withUnsafeBytes { Provider.ofKey($0)?.id.text } == id)
    }

    @Test(arguments: Provider.all.filter { !$0.keyPrefix.isEmpty }.map(\.id.text))
    func importsAndCatalogueKnowTheSameMarks(id: String) throws {
        let provider = try named(id)
        let known = KnownKeyFormat.all.first { $0.prefix == provider.keyPrefix }
        let suggested = try #require(known?.provider)
        #expect(Provider.named(suggested)?.keyPrefix == provider.keyPrefix)
    }

    private func named(_ id: String) throws -> Provider {
        let id = try #require(ProviderID(id))
        return try #require(Provider.named(id))
    }
}

// SPDX-License-Identifier: Apache-2.0

import EnvironmentFile
import ProviderCatalog
import ProxyRules
import Testing
import VaultModel

struct ProviderCatalogTests {
    @Test(arguments: [
        (
            ProviderCategory.llm,
            ["anthropic", "openai", "openrouter", "groq", "google", "venice", "pinata", "custom", "free"]
        ),
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

    /// The facts once more, so that folding the rows cannot change them unseen.
    private static let facts = [
        "anthropic ANTHROPIC_API_KEY ANTHROPIC_BASE_URL https://api.anthropic.com x-api-key",
        "openai OPENAI_API_KEY OPENAI_BASE_URL https://api.openai.com/v1 -",
        "openrouter OPENROUTER_API_KEY OPENROUTER_BASE_URL https://openrouter.ai/api/v1 -",
        "groq GROQ_API_KEY GROQ_BASE_URL https://api.groq.com -",
        "google GEMINI_API_KEY GOOGLE_GEMINI_BASE_URL https://generativelanguage.googleapis.com x-goog-api-key",
        "venice VENICE_API_KEY VENICE_BASE_URL https://api.venice.ai/api/v1 -",
        "stability STABILITY_API_KEY STABILITY_BASE_URL https://api.stability.ai -",
        "fal FAL_KEY FAL_BASE_URL https://fal.run authorization: Key ",
        "replicate REPLICATE_API_TOKEN REPLICATE_API_BASE_URL https://api.replicate.com -",
        "runway RUNWAYML_API_SECRET RUNWAYML_BASE_URL https://api.dev.runwayml.com -",
        "luma LUMAAI_API_KEY LUMAAI_BASE_URL https://api.lumalabs.ai/dream-machine/v1 -",
        "elevenlabs ELEVENLABS_API_KEY ELEVENLABS_BASE_URL https://api.elevenlabs.io xi-api-key",
        "cartesia CARTESIA_API_KEY CARTESIA_BASE_URL https://api.cartesia.ai -",
        "perplexity PERPLEXITY_API_KEY PERPLEXITY_BASE_URL https://api.perplexity.ai -",
        "tavily TAVILY_API_KEY TAVILY_BASE_URL https://api.tavily.com -",
        "serper SERPER_API_KEY SERPER_BASE_URL https://google.serper.dev x-api-key",
        "brave BRAVE_API_KEY BRAVE_BASE_URL https://api.search.brave.com/res/v1 x-subscription-token",
        "exa EXA_API_KEY EXA_BASE_URL https://api.exa.ai x-api-key",
    ]

    @Test(arguments: facts)
    func aProviderKeepsItsFacts(facts: String) throws {
        let provider = try named(String(facts.prefix { $0 != " " }))
        let header = provider.header.map { $0 + (provider.keyIntroduction.map { ": \($0)" } ?? "") } ?? "-"
        let words = [provider.id.text, provider.environmentName, provider.baseURLName, provider.baseURL ?? "-", header]
        #expect(words.joined(separator: " ") == facts)
    }

    @Test func theFreeTierTakesNothing() throws {
        #expect(try named("free").connections.isEmpty)
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

    @Test(arguments: [
        ("openai", "sk-proj-x", true), ("openai", "sk-x", true), ("dalle", "sk-x", true), ("openai", "sk-ant-x", false),
        ("openai", "sk-or-v1-x", false), ("openai", "gsk_x", false), ("openai", "key", false), ("openai", "sk-", false),
        ("anthropic", "sk-ant-x", true), ("anthropic", "sk-x", false), ("anthropic", " sk-ant-x", false),
        ("openrouter", "sk-or-x", true), ("openrouter", "sk-x", false), ("openrouter", "sk-ant-x", false),
        ("brave", "sk-ant-x", true), ("brave", "anything", true),
    ])
    func aProviderIssuesKeysOfItsFormAndNoneWithALongerMarkOfAnother(id: String, key: String, isIssued: Bool) throws {
        let provider = try named(id)
        #expect(Array(key.utf8).withUnsafeBytes { provider.issues($0) } == isIssued)
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

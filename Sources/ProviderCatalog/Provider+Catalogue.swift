// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

extension Provider {
    /// The catalogue, by category, in the order in which people see it.
    package static let all: [Provider] = entries.compactMap { entry in
        ProviderID(entry.id).map { id in
            Provider(
                id: id,
                name: entry.name,
                category: entry.category,
                connections: entry.connections,
                keyPrefix: entry.keyPrefix,
                environmentName: entry.environmentName,
                baseURLName: entry.baseURLName,
                baseURL: entry.baseURL,
                scheme: entry.header == nil ? .apiKey : .customHeader,
                header: entry.header,
                keyIntroduction: entry.introduction,
                hosts: entry.hosts,
                test: entry.test.map { TestRequest(url: $0, fields: entry.testFields) },
                refusals: entry.refusals.map { KeyRefusal(status: $0.status, mark: $0.mark) },
                keyPage: entry.keyPage
            )
        }
    }

    /// A row of the catalogue; what most of them share is left out.
    private struct Entry {
        var id: String
        var name: String
        var category: ProviderCategory
        var connections: [Connection] = [.apiKey]
        var keyPrefix = ""
        var environmentName: String
        var baseURLName: String
        var baseURL: String?
        var header: String?
        var introduction: String?
        var hosts: [String] = []
        var test: String?
        var testFields: [(name: String, value: String)] = []
        var refusals: [(status: Int, mark: String)] = []
        var keyPage: String?
    }

    private static let entries: [Entry] = [
        Entry(
            id: "anthropic",
            name: "Anthropic",
            category: .llm,
            connections: [.apiKey, .oauth, .setupToken],
            keyPrefix: "sk-ant-",
            environmentName: "ANTHROPIC_API_KEY",
            baseURLName: "ANTHROPIC_BASE_URL",
            baseURL: "https://api.anthropic.com",
            header: "x-api-key",
            hosts: ["api.anthropic.com"],
            test: "https://api.anthropic.com/v1/models",
            testFields: [("anthropic-version", "2023-06-01")],
            keyPage: "https://platform.claude.com/settings/keys"
        ),
        Entry(
            id: "openai",
            name: "OpenAI",
            category: .llm,
            connections: [.apiKey, .oauth],
            keyPrefix: "sk-",
            environmentName: "OPENAI_API_KEY",
            baseURLName: "OPENAI_BASE_URL",
            baseURL: "https://api.openai.com/v1",
            hosts: ["api.openai.com"],
            test: "https://api.openai.com/v1/models",
            keyPage: "https://platform.openai.com/api-keys"
        ),
        Entry(
            id: "openrouter",
            name: "OpenRouter",
            category: .llm,
            keyPrefix: "sk-or-",
            environmentName: "OPENROUTER_API_KEY",
            baseURLName: "OPENROUTER_BASE_URL",
            baseURL: "https://openrouter.ai/api/v1",
            hosts: ["openrouter.ai/api"],
            test: "https://openrouter.ai/api/v1/key",
            keyPage: "https://openrouter.ai/settings/keys"
        ),
        Entry(
            id: "groq",
            name: "Groq",
            category: .llm,
            keyPrefix: "gsk_",
            environmentName: "GROQ_API_KEY",
            baseURLName: "GROQ_BASE_URL",
            baseURL: "https://api.groq.com",
            hosts: ["api.groq.com"],
            test: "https://api.groq.com/openai/v1/models",
            keyPage: "https://console.groq.com/keys"
        ),
        Entry(
            id: "venice",
            name: "Venice",
            category: .llm,
            environmentName: "VENICE_API_KEY",
            baseURLName: "VENICE_BASE_URL",
            baseURL: "https://api.venice.ai/api/v1",
            hosts: ["api.venice.ai"],
            test: "https://api.venice.ai/api/v1/api_keys/rate_limits",
            keyPage: "https://venice.ai/settings/api"
        ),
        Entry(
            id: "pinata",
            name: "Pinata",
            category: .llm,
            connections: [.hosted],
            environmentName: "PINATA_API_KEY",
            baseURLName: "PINATA_BASE_URL"
        ),
        Entry(
            id: "custom",
            name: "Custom",
            category: .llm,
            connections: [.custom],
            environmentName: "CUSTOM_API_KEY",
            baseURLName: "CUSTOM_BASE_URL"
        ),
        Entry(
            id: "dalle",
            name: "DALL·E",
            category: .image,
            keyPrefix: "sk-",
            environmentName: "OPENAI_API_KEY",
            baseURLName: "OPENAI_BASE_URL",
            baseURL: "https://api.openai.com/v1",
            hosts: ["api.openai.com"],
            test: "https://api.openai.com/v1/models",
            keyPage: "https://platform.openai.com/api-keys"
        ),
        Entry(
            id: "stability",
            name: "Stability",
            category: .image,
            environmentName: "STABILITY_API_KEY",
            baseURLName: "STABILITY_BASE_URL",
            baseURL: "https://api.stability.ai",
            hosts: ["api.stability.ai"],
            test: "https://api.stability.ai/v1/user/balance",
            keyPage: "https://platform.stability.ai/account/keys"
        ),
        Entry(
            id: "fal",
            name: "Fal",
            category: .image,
            environmentName: "FAL_KEY",
            baseURLName: "FAL_BASE_URL",
            baseURL: "https://fal.run",
            header: "authorization",
            introduction: "Key ",
            hosts: ["fal.run", "queue.fal.run"],
            keyPage: "https://fal.ai/dashboard/keys"
        ),
        Entry(
            id: "replicate",
            name: "Replicate",
            category: .image,
            keyPrefix: "r8_",
            environmentName: "REPLICATE_API_TOKEN",
            baseURLName: "REPLICATE_API_BASE_URL",
            baseURL: "https://api.replicate.com",
            hosts: ["api.replicate.com"],
            test: "https://api.replicate.com/v1/account",
            keyPage: "https://replicate.com/account/api-tokens"
        ),
        Entry(
            id: "runway",
            name: "Runway",
            category: .video,
            environmentName: "RUNWAYML_API_SECRET",
            baseURLName: "RUNWAYML_BASE_URL",
            baseURL: "https://api.dev.runwayml.com",
            hosts: ["api.dev.runwayml.com"],
            test: "https://api.dev.runwayml.com/v1/organization",
            testFields: [("x-runway-version", "2024-11-06")],
            keyPage: "https://dev.runwayml.com"
        ),
        Entry(
            id: "luma",
            name: "Luma",
            category: .video,
            environmentName: "LUMAAI_API_KEY",
            baseURLName: "LUMAAI_BASE_URL",
            baseURL: "https://api.lumalabs.ai/dream-machine/v1",
            hosts: ["api.lumalabs.ai"],
            test: "https://api.lumalabs.ai/dream-machine/v1/credits",
            keyPage: "https://lumalabs.ai/dream-machine/api/keys"
        ),
        Entry(
            id: "pika",
            name: "Pika",
            category: .video,
            environmentName: "PIKA_API_KEY",
            baseURLName: "PIKA_BASE_URL"
        ),
        Entry(
            id: "fal-video",
            name: "Fal Video",
            category: .video,
            environmentName: "FAL_KEY",
            baseURLName: "FAL_BASE_URL",
            baseURL: "https://fal.run",
            header: "authorization",
            introduction: "Key ",
            hosts: ["fal.run", "queue.fal.run"],
            keyPage: "https://fal.ai/dashboard/keys"
        ),
        Entry(
            id: "elevenlabs",
            name: "ElevenLabs",
            category: .audio,
            environmentName: "ELEVENLABS_API_KEY",
            baseURLName: "ELEVENLABS_BASE_URL",
            baseURL: "https://api.elevenlabs.io",
            header: "xi-api-key",
            hosts: ["api.elevenlabs.io"],
            test: "https://api.elevenlabs.io/v1/user",
            keyPage: "https://elevenlabs.io/app/settings/api-keys"
        ),
        Entry(
            id: "openai-tts",
            name: "OpenAI TTS",
            category: .audio,
            keyPrefix: "sk-",
            environmentName: "OPENAI_API_KEY",
            baseURLName: "OPENAI_BASE_URL",
            baseURL: "https://api.openai.com/v1",
            hosts: ["api.openai.com"],
            test: "https://api.openai.com/v1/models",
            keyPage: "https://platform.openai.com/api-keys"
        ),
        Entry(
            id: "cartesia",
            name: "Cartesia",
            category: .audio,
            keyPrefix: "sk_car_",
            environmentName: "CARTESIA_API_KEY",
            baseURLName: "CARTESIA_BASE_URL",
            baseURL: "https://api.cartesia.ai",
            hosts: ["api.cartesia.ai"],
            keyPage: "https://play.cartesia.ai/keys"
        ),
        Entry(
            id: "perplexity",
            name: "Perplexity",
            category: .research,
            keyPrefix: "pplx-",
            environmentName: "PERPLEXITY_API_KEY",
            baseURLName: "PERPLEXITY_BASE_URL",
            baseURL: "https://api.perplexity.ai",
            hosts: ["api.perplexity.ai"],
            keyPage: "https://www.perplexity.ai/settings/api"
        ),
        Entry(
            id: "tavily",
            name: "Tavily",
            category: .research,
            keyPrefix: "tvly-",
            environmentName: "TAVILY_API_KEY",
            baseURLName: "TAVILY_BASE_URL",
            baseURL: "https://api.tavily.com",
            hosts: ["api.tavily.com"],
            test: "https://api.tavily.com/usage",
            keyPage: "https://app.tavily.com/home"
        ),
        Entry(
            id: "serper",
            name: "Serper",
            category: .research,
            environmentName: "SERPER_API_KEY",
            baseURLName: "SERPER_BASE_URL",
            baseURL: "https://google.serper.dev",
            header: "x-api-key",
            hosts: ["google.serper.dev"],
            test: "https://google.serper.dev/account",
            keyPage: "https://serper.dev/api-key"
        ),
        Entry(
            id: "brave",
            name: "Brave",
            category: .research,
            environmentName: "BRAVE_API_KEY",
            baseURLName: "BRAVE_BASE_URL",
            baseURL: "https://api.search.brave.com/res/v1",
            header: "x-subscription-token",
            hosts: ["api.search.brave.com"],
            refusals: [(422, "SUBSCRIPTION_TOKEN_INVALID")],
            keyPage: "https://api-dashboard.search.brave.com/app/keys"
        ),
        Entry(
            id: "exa",
            name: "Exa",
            category: .research,
            environmentName: "EXA_API_KEY",
            baseURLName: "EXA_BASE_URL",
            baseURL: "https://api.exa.ai",
            header: "x-api-key",
            hosts: ["api.exa.ai"],
            keyPage: "https://dashboard.exa.ai/api-keys"
        ),
    ]
}

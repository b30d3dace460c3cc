// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

extension Provider {
    /// The catalogue, by category, in the order in which people see it.
    package static let all: [Provider] = rows.compactMap { row in
        ProviderID(row.id).map { Provider($0, row) }
    }

    /// One provider as people choose it; several may be one service, which takes the same keys.
    private struct Row {
        let id: String
        let name: String
        let category: ProviderCategory
        let connections: [ProviderConnection]
        let service: Service

        init(
            _ id: String,
            _ name: String,
            _ category: ProviderCategory,
            _ service: Service,
            connections: [ProviderConnection] = [.apiKey]
        ) {
            self.id = id
            self.name = name
            self.category = category
            self.connections = connections
            self.service = service
        }
    }

    private init(_ id: ProviderID, _ row: Row) {
        let service = row.service
        self.init(
            id: id,
            name: row.name,
            category: row.category,
            connections: row.connections,
            keyPrefix: service.keyPrefix,
            environmentName: service.environmentName,
            baseURLName: service.baseURLName,
            baseURL: service.baseURL,
            scheme: service.header == nil ? .apiKey : .customHeader,
            header: service.header,
            keyIntroduction: service.introduction,
            hosts: service.hosts,
            test: service.test.map { TestRequest(url: $0, fields: service.testFields) },
            refusals: service.refusals,
            keyPage: service.keyPage
        )
    }

    private static let rows: [Row] = [
        Row("anthropic", "Anthropic", .llm, .anthropic, connections: [.apiKey, .oauth, .setupToken]),
        Row("openai", "OpenAI", .llm, .openAI, connections: [.apiKey, .oauth]),
        Row("openrouter", "OpenRouter", .llm, .openRouter),
        Row("groq", "Groq", .llm, .groq),
        Row("google", "Google Gemini", .llm, .gemini),
        Row("venice", "Venice", .llm, .venice),
        Row("pinata", "Pinata", .llm, Service("PINATA"), connections: [.hosted]),
        Row("custom", "Custom", .llm, Service("CUSTOM"), connections: [.custom]),
        Row("free", "Free tier", .llm, Service("FREE"), connections: []),
        Row("dalle", "DALL·E", .image, .openAI),
        Row("stability", "Stability", .image, .stability),
        Row("fal", "Fal", .image, .fal),
        Row("replicate", "Replicate", .image, .replicate),
        Row("runway", "Runway", .video, .runway),
        Row("luma", "Luma", .video, .luma),
        // Its models are called through Fal, with a key of Fal's.
        Row("pika", "Pika", .video, .fal),
        Row("fal-video", "Fal Video", .video, .fal),
        Row("elevenlabs", "ElevenLabs", .audio, .elevenLabs),
        Row("openai-tts", "OpenAI TTS", .audio, .openAI),
        Row("cartesia", "Cartesia", .audio, .cartesia),
        Row("perplexity", "Perplexity", .research, .perplexity),
        Row("tavily", "Tavily", .research, .tavily),
        Row("serper", "Serper", .research, .serper),
        Row("brave", "Brave", .research, .brave),
        Row("exa", "Exa", .research, .exa),
    ]
}
